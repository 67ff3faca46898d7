"""Addresses as people paste them: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrinx.errors import ConfigurationError
from syrinx.storage.addresses import address_of

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////var/lib/syrinx/syrinx.db", Path("/var/lib/syrinx/syrinx.db")),
        (" sqlite:///syrinx.db\n", Path.cwd() / "syrinx.db"),
        ("sqlite+aiosqlite:///~/syrinx.db", Path.home() / "syrinx.db"),
        ("sqlite:////home/ada@example.org/syrinx.db", Path("/home/ada@example.org/syrinx.db")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
    ],
)
def test_a_file_of_sqlite(url: str, file: Path | None) -> None:
    address = address_of(url)
    assert (address.kind, address.file) == ("sqlite", file)
    assert address.in_memory == (file is None)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://ann:s3cr3t@db.example.org/house",
        "postgresql://ann:s3cr3t@db.example.org:5432/house?sslmode=require",
        "postgresql+asyncpg://ann:s3cr3t@db.example.org/house",
        "postgresql+psycopg2://ann:s3cr3t@db.example.org/house?connection_limit=1",
    ],
)
def test_postgresql_by_any_of_its_names_is_reached_by_our_driver(url: str) -> None:
    address = address_of(url)
    assert address.url.drivername == "postgresql+psycopg"
    assert address.shown == "PostgreSQL at db.example.org:5432/house"
    assert address.url.password == SECRET
    assert "prepare_threshold" not in address.connect_args
    assert address.connect_args.get("sslmode") == ("require" if "sslmode" in url else None)
    assert "connection_limit" not in address.connect_args


@pytest.mark.parametrize(
    "url",
    [
        "postgres://postgres.abc:s3cr3t@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
        "postgresql://postgres.abc:s3cr3t@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
        "postgresql://postgres:s3cr3t@db.abc.supabase.co:6543/postgres",
        "postgresql://ann:s3cr3t@ep-cool-pooler.eu.aws.neon.tech/house?sslmode=require&channel_binding=require",
        "postgresql://ann:s3cr3t@db.example.org/house?pgbouncer=true&sslmode=require",
    ],
)
def test_behind_a_pooler_nothing_is_prepared(url: str) -> None:
    address = address_of(url)
    assert address.connect_args["prepare_threshold"] is None
    assert "pgbouncer" not in address.connect_args


def test_an_own_word_for_the_driver_wins_over_ours() -> None:
    address = address_of("postgresql://ann@db.example.org/house?application_name=mine&connect_timeout=3")
    assert address.connect_args["application_name"] == "mine"
    assert address.connect_args["connect_timeout"] == "3"


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+asyncmy"])
def test_mariadb_and_mysql_by_any_of_their_names_are_reached_by_our_driver(scheme: str) -> None:
    address = address_of(f"{scheme}://ann:s3cr3t@db.example.org/house?charset=utf8mb4")
    assert address.url.drivername == "mysql+asyncmy"
    assert address.shown == "MariaDB at db.example.org:3306/house"
    assert address.connect_args["charset"] == "utf8mb4"
    assert "ssl" not in address.connect_args


@pytest.mark.parametrize(
    ("mode", "verified", "by_name"),
    [("REQUIRED", False, False), ("VERIFY_CA", True, False), ("verify-identity", True, True)],
)
def test_encryption_to_mariadb_is_as_asked_for(mode: str, verified: bool, by_name: bool) -> None:
    for word in ("ssl-mode", "ssl_mode", "sslmode"):
        context = address_of(f"mysql://ann@db.example.org/house?{word}={mode}").connect_args["ssl"]
        assert (context.verify_mode.name == "CERT_REQUIRED") == verified
        assert context.check_hostname == by_name


def test_a_socket_of_this_machine_needs_no_host() -> None:
    assert address_of("mysql://ann@/house?unix_socket=/run/mysqld.sock").connect_args["unix_socket"]
    assert address_of("postgresql://ann@/house?host=/run/postgresql").connect_args["host"] == "/run/postgresql"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("oracle://ann:s3cr3t@db/house", "sqlite:///syrinx.db"),
        ("", "sqlite:///syrinx.db"),
        ("syrinx.db", "sqlite:///syrinx.db"),
        ("postgresql://ann:s3cr3t@db:port/house", "postgresql://user:password@host/database"),
        ("postgresql://ann:s3cr3t@[db/house", "postgresql://user:password@host/database"),
        ("postgresql://ann:part@s3cr3t@db/house", "%40"),
        ("postgresql://ann:s3cr3t@db", "names no database"),
        ("postgresql:///house", "names no host"),
        ("postgresql://ann:s3cr3t@db/house?colour=red", "sslmode"),
        ("postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres", "put the password there"),
        ("mysql://ann:s3cr3t@db/house?charset=latin1", "utf8mb4"),
        ("mysql://ann:s3cr3t@db/house?ssl-mode=maybe", "VERIFY_IDENTITY"),
        ("mysql://ann:s3cr3t@db/house?ssl-ca=/nowhere/ca.pem", "cannot be read"),
        ("mysql://ann:s3cr3t@db/house?ssl=1", "ssl-mode"),
        ("sqlite://syrinx.db", "four slashes"),
        ("sqlite:///syrinx.db?mode=ro", "nothing after it"),
    ],
)
def test_an_address_that_means_nothing_is_refused_with_what_would_be_right_and_without_its_password(
    url: str, right: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        address_of(url)
    assert right in raised.value.message
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in str(error)
        error = error.__cause__


def test_what_is_shown_of_an_address_has_neither_name_nor_password() -> None:
    for url in ("postgres://ann:s3cr3t@db.example.org/house", "mysql://ann:s3cr3t@db.example.org/house"):
        address = address_of(url)
        assert "ann" not in address.shown
        assert SECRET not in address.shown
        assert SECRET not in repr(address)
