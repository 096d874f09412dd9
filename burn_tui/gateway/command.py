"""`burn-tui gateway`: the endpoint as a service without a terminal, and the tokens for it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.errors import UnknownNameError, WrongCallError
from burn_tui.engine.notice_board import NoticeBoard
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings
from burn_tui.gateway.app import LOOPBACK_NAMES, Gateway
from burn_tui.gateway.server import LOOPBACK, Server, listening, port_of
from burn_tui.gateway.tokens import TokenBook


class Place(Struct, frozen=True, kw_only=True):
    """Where to listen, as the command line says."""

    host: str | None
    """None = loopback."""
    port: int | None
    """None = as the settings say."""
    certificate: str | None
    key: str | None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in {None, "127.0.0.1", "localhost", "::1"}

    def check(self, tokens: TokenBook) -> None:
        """WrongCallError where listening there would be careless."""
        has_tls = self.certificate is not None and self.key is not None
        if (self.certificate is None) != (self.key is None):
            raise WrongCallError("A certificate and its key go together.", mend="Give --tls-cert and --tls-key.")
        for file in filter(None, (self.certificate, self.key)):
            if not Path(file).is_file():
                raise WrongCallError(f"{file} is no file.", mend="Check --tls-cert and --tls-key.")
        if self.is_loopback:
            return
        if not has_tls:
            raise WrongCallError(
                f"Tokens must not travel in the clear, and {self.host} is reached over a network.",
                mend="Give --tls-cert and --tls-key, or leave --host away.",
            )
        if not tokens.all():
            raise WrongCallError(
                "Nobody could use it: there is no token.", mend="Make one first: burn-tui gateway token --label NAME."
            )


async def serve(boot: Callable[[], Awaitable[Runtime]], place: Place, *, data_dir: Path, narration: TextIO) -> int:
    """Serve until SIGTERM or ctrl+c, then to the end of what is under way. The exit code."""
    tokens, board = TokenBook(data_dir / "tokens"), NoticeBoard(data_dir)
    place.check(tokens)
    runtime = await boot()
    try:
        await runtime.discover()
        port = runtime.settings.gateway.port if place.port is None else place.port
        sock = listening(place.host or LOOPBACK, port)
        scheme = "http" if place.certificate is None else "https"
        url = f"{scheme}://{_written(place.host or LOOPBACK)}:{port_of(sock)}"
        app = Gateway(runtime, tokens, hosts=LOOPBACK_NAMES | {_written(place.host or LOOPBACK).lower()})
        for words in _greeting(runtime, url, tokens):
            print(f"burn-tui: {words}", file=narration, flush=True)
        if place.is_loopback and scheme == "http":
            board.put_up(url)
        try:
            await Server(app, sock, certificate=place.certificate, key=place.key).run_until_told()
        finally:
            board.take_down()
    finally:
        await runtime.close()
    return 0


def _greeting(runtime: Runtime, url: str, tokens: TokenBook) -> list[str]:
    words = [f"{runtime.label}: no real provider is asked"] if runtime.label else []
    words += runtime.notices
    if not runtime.router.catalog.providers:
        words.append("no provider is configured; export a key such as ANTHROPIC_API_KEY, or start Ollama")
    if runtime.label and not tokens.all():
        words.append(f"token: {tokens.make('demo', None, now=runtime.clock.now())[1]}")
    elif not tokens.all():
        words.append("there is no token yet: burn-tui gateway token --label NAME, or burn-tui run -- COMMAND")
    return [*words, f"gateway on {url} (OpenAI clients: {url}/v1)"]


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def make_token(
    settings: Settings,
    tokens: TokenBook,
    *,
    label: str,
    environment: str | None,
    has_agreed: bool,
    now: float,
    out: TextIO,
    narration: TextIO,
) -> int:
    """Print a new token, this once. BurnError for an environment that does not exist."""
    check_environment(settings, environment)
    token, secret = tokens.make(label, environment, now=now, has_agreed=has_agreed)
    where = token.environment or "any environment but production"
    print(f"burn-tui: token {token.id} ({token.label}) for {where}; it is not shown again", file=narration)
    print(secret, file=out)
    return 0


def check_environment(settings: Settings, environment: str | None) -> None:
    """UnknownNameError for an environment that is not configured."""
    known = list(settings.environments) or [DEVELOPMENT.name]
    if environment is not None and environment not in known:
        raise UnknownNameError("environment", environment, known)


def list_tokens(tokens: TokenBook, out: TextIO) -> int:
    """One line a token: id, environment, when it was made, label."""
    for token in tokens.all():
        made = datetime.fromtimestamp(token.made_at, UTC).strftime("%Y-%m-%d %H:%M")
        agreed = ", pays without asking" if token.has_agreed else ""
        print(f"{token.id}  {token.environment or '(not production)':<18}  {made}  {token.label}{agreed}", file=out)
    return 0


def revoke_token(tokens: TokenBook, name: str, out: TextIO) -> int:
    """End the token of that id, or all of that label. UnknownNameError if there is none."""
    ended = tokens.revoke(name)
    if not ended:
        raise UnknownNameError("token", name, [token.id for token in tokens.all()])
    for token in ended:
        print(f"{token.id}  {token.label}  revoked", file=out)
    return 0
