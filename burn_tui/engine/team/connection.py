"""The way to the team's PostgreSQL server. The only file that imports psycopg, and only when it is first needed.

What the address says of TLS, timeouts and the like is libpq's business and passes through as it is written
(postgresql.org/docs/current/libpq-connect.html). A password is never part of a message.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from burn_tui.core.errors import TeamAwayError, TeamError

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

    Connection = psycopg.Connection[tuple[Any, ...]]
else:
    Connection = Any

T = TypeVar("T")

_DEFAULTS = {
    "connect_timeout": "5",
    "application_name": "burn-tui",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    # A server that answers nothing is away.
    "tcp_user_timeout": "20000",
    # Compiling a statement takes longer than any of ours runs.
    "options": "-c statement_timeout=30s -c lock_timeout=20s -c timezone=UTC -c jit=off",
}
"""Unless the address says something else."""

_PREAMBLE = re.compile(r"^connection failed: connection to server (?:at|on) .*? failed: (?:FATAL: )?", re.IGNORECASE)
"""Of libpq's messages; where the server is was said already."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Address(Struct, frozen=True):
    """Where the server is."""

    conninfo: str
    """As libpq takes it, password and all: never shown."""
    where: str
    """"burn at db.example.com", for the screen."""
    secrets: tuple[str, ...]
    """What no message may hold."""


def expanded(text: str, environ: Mapping[str, str], *, key: str) -> str:
    """With each ${VARIABLE} replaced; TeamError for one that is not set."""

    def value(found: re.Match[str]) -> str:
        if not (said := environ.get(found[1])):
            raise TeamError(f"{key} needs {found[1]}, which is not set.", mend=f"export {found[1]}=...")
        return said

    return _VARIABLE.sub(value, text)


def address_of(url: str) -> Address:
    """What a URL or a libpq connection string means; TeamError if it means nothing."""
    psycopg = _psycopg()
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        problem = "team.url is no PostgreSQL address."
        raise TeamError(problem, mend="Write postgresql://USER@HOST/DATABASE?sslmode=verify-full.") from error
    parts = {name: str(value) for name, value in {**_DEFAULTS, **given}.items()}
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    where = f"{parts.get('dbname') or parts.get('user') or 'the default database'} at {host}"
    password = parts.get("password")
    secrets = (url, *([password] if password else []))
    return Address(psycopg.conninfo.make_conninfo("", **parts), where, secrets)


class Line:
    """One connection, opened when it is first needed and again after it was lost. For one thread at a time."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._connection: Connection | None = None
        self._turn = threading.Lock()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction. On a connection that turns out to be dead it is done again on a new one, so it
        must do no harm when it is done twice.
        """
        with self._turn, _explained(self.address):
            psycopg = _psycopg()
            was_open = self._connection is not None
            try:
                return self._transacted(work)
            except psycopg.OperationalError:
                is_dead = self._connection is None or self._connection.broken
                self._hang_up()
                if not (was_open and is_dead):
                    raise
            try:
                return self._transacted(work)
            except psycopg.OperationalError:
                self._hang_up()
                raise

    def close(self) -> None:
        """Hang up."""
        with self._turn:
            self._hang_up()

    def _transacted(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            # Prepared statements would not survive a pooler between here and the server.
            self._connection = _psycopg().connect(self.address.conninfo, autocommit=True, prepare_threshold=None)
        with self._connection.transaction():
            return work(self._connection)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def beside(work: Callable[[], T]) -> T:
    """Do `work` in a thread of its own, for which nobody waits who wants to quit: who is away answers late."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[], None]) -> None:
        if not done.done():  # else nobody waits any more
            how()

    def run() -> None:
        try:
            how = partial(done.set_result, work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            how = partial(done.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, how)

    threading.Thread(target=run, name="burn-tui team", daemon=True).start()
    return await done


def named(statement: str, name: str) -> "Composed":
    """A statement with the name of a role or table in place of {}, quoted as it must be."""
    sql = _psycopg().sql
    composed: Composed = sql.SQL(statement).format(sql.Identifier(name))
    return composed


@contextmanager
def _explained(address: Address) -> Iterator[None]:
    """Whatever PostgreSQL has to say as a TeamError, without a password."""
    psycopg = _psycopg()
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction) as error:
        problem = f"{address.where} is not set up for a team."
        raise TeamError(problem, mend="Its owner runs: burn-tui team init.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        problem = f"{address.where}: {_scrubbed(error, address)}."
        raise TeamError(problem, mend="Its owner runs: burn-tui team grant ROLE.") from error
    except psycopg.OperationalError as error:
        problem = f"{address.where} cannot be asked: {_scrubbed(error, address)}."
        raise TeamAwayError(problem, mend="Nothing is lost: rows wait here and leave when it is back.") from error
    except psycopg.Error as error:
        problem = f"{address.where}: {_scrubbed(error, address)}."
        raise TeamError(problem, mend="Show this to the owner of the database.") from error


def _scrubbed(error: Exception, address: Address) -> str:
    text = _PREAMBLE.sub("", " ".join(str(error).split("\n", 1)[0].split())).rstrip(".")
    for secret in address.secrets:
        text = text.replace(secret, "…")
    # It may quote names that others have chosen.
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _psycopg() -> Any:
    try:
        import psycopg.conninfo  # noqa: PLC0415 - whoever is in no team need not have it
        import psycopg.sql  # noqa: PLC0415
    except ImportError as error:
        problem = "psycopg is not installed."
        raise TeamError(problem, mend="Install it: pip install 'psycopg[binary]'.") from error
    return psycopg
