"""Who may use the gateway: tokens, bound to an environment each, of which only a digest is kept.

One file a token, for its owner only, in a directory of their own: making and revoking one are single steps of the file
system, so that any number of processes may do it while a gateway runs.
"""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

import msgspec
from msgspec import Struct

PREFIX = "sk-burn-"
"""What a token begins with: some clients want a key to begin so, and whoever hides keys in logs knows it for one."""

_SETTLED_NS = 1_000_000_000
"""A directory that changed longer ago cannot change again without showing it."""


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token."""

    id: str
    """Eight hex digits, for people."""
    label: str
    """Names it to people, and its session where the client names none."""
    environment: str | None
    """None = bound to none: it may be used from any that is not production."""
    made_at: float
    """Seconds since the epoch."""
    digest: str
    """SHA-256 of the token itself. It is 32 random bytes long, so that nobody can try them all."""
    session: str | None = None
    """Whatever sessions its client names, it is this one; None = the client's word counts."""
    has_agreed: bool = False
    """A person has agreed beforehand to paid calls from an environment that asks first."""


class TokenBook:
    """The tokens in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: tuple[int, list[Token]] | None = None

    def make(
        self, label: str, environment: str | None, *, now: float, session: str | None = None, has_agreed: bool = False
    ) -> tuple[Token, str]:
        """A new token, and the secret that is shown this once. OSError if it cannot be kept."""
        secret = PREFIX + secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(4),
            label=label,
            environment=environment,
            made_at=now,
            digest=_digest(secret),
            session=session,
            has_agreed=has_agreed,
        )
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written under a name that is not looked at, so that no reader meets half a file.
        unfinished = self._directory / f".{token.id}"
        unfinished.touch(mode=0o600, exist_ok=False)
        unfinished.write_bytes(msgspec.json.encode(token))
        unfinished.rename(self._path(token))
        return token, secret

    def all(self) -> list[Token]:
        """Every token, the oldest first."""
        try:
            changed_ns = self._directory.stat().st_mtime_ns
        except OSError:
            return []
        if self._read is not None and self._read[0] == changed_ns:
            return self._read[1]
        tokens = sorted((token for path in self._directory.glob("*.json") if (token := _kept(path))), key=_age)
        if time.time_ns() - changed_ns > _SETTLED_NS:
            self._read = changed_ns, tokens
        return tokens

    def owner(self, secret: str) -> Token | None:
        """The token that `secret` is; None if it is none. Takes as long for a near miss as for any other."""
        digest, found = _digest(secret), None
        for token in self.all():
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def revoke(self, name: str) -> list[Token]:
        """End the token of that id, or all of that label; those that were ended."""
        ended = [token for token in self.all() if name in {token.id, token.label}]
        for token in ended:
            self._path(token).unlink(missing_ok=True)
        return ended

    def _path(self, token: Token) -> Path:
        return self._directory / f"{token.id}.json"


def _age(token: Token) -> tuple[float, str]:
    return token.made_at, token.id


def _kept(path: Path) -> Token | None:
    """None for a file that is being revoked, or is no token."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Token)
    except (OSError, msgspec.DecodeError):
        return None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
