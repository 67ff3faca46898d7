"""Addresses of databases as people have them, and what the drivers need to be told of them."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from syrinx.errors import ConfigurationError

DatabaseKind = Literal["sqlite", "postgresql", "mysql"]

MEMORY: Final = ":memory:"
_EXAMPLES: Final = (
    "sqlite:///syrinx.db (a file), postgresql://user:password@host/database (Supabase's too) "
    "or mysql://user:password@host/database"
)
_KINDS: Final[Mapping[str, DatabaseKind]] = {
    "sqlite": "sqlite",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_POSTGRESQL_WORDS: Final = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding", "gssencmode"}
    | {"connect_timeout", "application_name", "options", "target_session_attrs", "host", "port"}
)
_POOLER_WORDS: Final = frozenset({"pgbouncer", "connection_limit", "pool_timeout", "supa", "statement_cache_size"})
"""Of other programs' pools: they say that there is a pooler, or nothing to us."""
_MYSQL_WORDS: Final = frozenset({"charset", "unix_socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"})
_HOST: Final = re.compile(r"[\w.:%-]*")
_CONNECT_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One database, checked as far as can be without asking it."""

    kind: DatabaseKind
    url: URL
    """With the driver's name; its password is in it."""
    shown: str
    """For people and logs: without name and password."""
    file: Path | None = None
    """Of SQLite; None of one in memory."""
    connect_args: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def in_memory(self) -> bool:
        """Whether it is new each time that it is opened, and gone when it is closed."""
        return self.kind == "sqlite" and self.file is None


def address_of(url: str) -> Address:
    """What `url` means. Raises ConfigurationError, which says what would be right and never has the password."""
    unreadable = ConfigurationError(
        f"the database's address cannot be read: give {_EXAMPLES}; letters like @ : / # in a password are written as "
        "%40 %3A %2F %23"
    )
    try:
        given = make_url(url.strip())
    except (ArgumentError, ValueError):
        # Their messages may repeat the address, password and all: so they are not told, nor chained.
        raise unreadable from None
    kind = _KINDS.get(given.get_backend_name())
    if not _HOST.fullmatch(given.host or "") or ("@" in (given.database or "") and kind != "sqlite"):
        # Where the password has such letters as they are, the rest of it is taken for something that is shown. Files
        # have none, and lie in homes like /home/ada@example.org.
        raise unreadable
    if kind is None:
        raise ConfigurationError(
            f"there is no way to keep anything in {given.get_backend_name()[:40]!r} here: give {_EXAMPLES}"
        )
    words = {name: value if isinstance(value, str) else value[-1] for name, value in given.query.items()}
    return _READERS[kind](given, words)


def _sqlite(given: URL, words: dict[str, str]) -> Address:
    if words or given.host:
        raise ConfigurationError(
            "a file of SQLite is given as sqlite:///syrinx.db, with four slashes from the root of the disk on "
            "(sqlite:////var/lib/syrinx/syrinx.db), and with nothing after it"
        )
    if given.database in {None, "", MEMORY}:
        return Address(kind="sqlite", url=URL.create("sqlite+aiosqlite"), shown="SQLite in memory")
    file = Path(cast("str", given.database)).expanduser().absolute()
    url = URL.create("sqlite+aiosqlite", database=str(file))
    return Address(kind="sqlite", url=url, shown=f"SQLite in {file}", file=file)


def _postgresql(given: URL, words: dict[str, str]) -> Address:
    _only_known(words, _POSTGRESQL_WORDS | _POOLER_WORDS)
    _complete(given, words.get("host"))
    connect_args: dict[str, Any] = {
        "connect_timeout": _CONNECT_S,
        # A server that went without a word is found out after a minute, and not after two hours.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        "application_name": "syrinx",
    }
    host = given.host or ""
    if (
        words.get("pgbouncer", "").lower() in {"true", "1"}
        or given.port == 6543
        or host.endswith(".pooler.supabase.com")
        or "-pooler." in host
    ):
        # Behind a pooler the next statement may reach another server process, which has nothing prepared.
        connect_args["prepare_threshold"] = None
    connect_args |= {name: value for name, value in words.items() if name in _POSTGRESQL_WORDS}
    return Address(
        kind="postgresql",
        url=given.set(drivername="postgresql+psycopg", query={}),
        shown=f"PostgreSQL at {_place(given, 5432, words.get('host'))}",
        connect_args=connect_args,
    )


def _mysql(given: URL, words: dict[str, str]) -> Address:
    words = {name.replace("_", "-") if name.startswith("ssl") else name: value for name, value in words.items()}
    if "sslmode" in words:
        words["ssl-mode"] = words.pop("sslmode")
    _only_known(words, _MYSQL_WORDS)
    _complete(given, words.get("unix_socket"))
    if words.get("charset", "utf8mb4").lower() != "utf8mb4":
        raise ConfigurationError("text is kept in every language's letters: leave charset out, or give utf8mb4")
    connect_args: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_S,
        "init_command": "SET SESSION time_zone = '+00:00', sql_mode = 'TRADITIONAL'",
    }
    if encryption := _encryption(words):
        connect_args["ssl"] = encryption
    if socket := words.get("unix_socket"):
        connect_args["unix_socket"] = socket
    return Address(
        kind="mysql",
        url=given.set(drivername="mysql+asyncmy", query={}),
        shown=f"MariaDB at {_place(given, 3306, words.get('unix_socket'))}",
        connect_args=connect_args,
    )


def _encryption(words: Mapping[str, str]) -> ssl.SSLContext | None:
    """As `ssl-mode` has it; where nothing is said, encrypted if a certificate's authority is named."""
    mode = words.get("ssl-mode", "verify_identity" if "ssl-ca" in words else "disabled").lower().replace("-", "_")
    known = {"disabled", "disable", "required", "require", "verify_ca", "verify_identity", "verify_full"}
    if mode not in known:
        raise ConfigurationError(
            f"ssl-mode={mode[:20]} is not known here: DISABLED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY are"
        )
    if mode in {"disabled", "disable"}:
        return None
    try:
        context = ssl.create_default_context(cafile=words.get("ssl-ca"))
        if mode in {"required", "require"}:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        elif mode == "verify_ca":
            context.check_hostname = False
        if certificate := words.get("ssl-cert"):
            context.load_cert_chain(certificate, words.get("ssl-key"))
    except (OSError, ssl.SSLError) as unreadable:
        raise ConfigurationError(
            f"a file that the database's address names for encryption cannot be read: {unreadable}"
        ) from unreadable
    return context


def _only_known(words: Mapping[str, str], known: frozenset[str]) -> None:
    if unknown := sorted(set(words) - known):
        raise ConfigurationError(
            f"the database's address has {', '.join(word[:40] for word in unknown)} after the question mark, which "
            f"means nothing here: {', '.join(sorted(known))} do"
        )


def _complete(given: URL, elsewhere: str | None) -> None:
    if not given.database:
        raise ConfigurationError(f"the database's address names no database: give {_EXAMPLES}")
    if not given.host and not elsewhere:
        raise ConfigurationError(f"the database's address names no host: give {_EXAMPLES}")
    if given.password is not None and str(given.password).upper().strip("[]") == "YOUR-PASSWORD":
        raise ConfigurationError("the database's address still says [YOUR-PASSWORD]: put the password there")


def _place(given: URL, usual_port: int, elsewhere: str | None) -> str:
    return f"{given.host or elsewhere}:{given.port or usual_port}/{given.database}"


_READERS: Final[Mapping[DatabaseKind, Callable[[URL, dict[str, str]], Address]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
}


__all__ = ["MEMORY", "Address", "DatabaseKind", "address_of"]
