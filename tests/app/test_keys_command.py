"""`syrinx keys`: made, listed, replaced and ended without a server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from syrinx.accounts import PERSONAL_SCOPES
from syrinx.accounts.keys import Keys
from syrinx.app.keys_cli import app
from syrinx.errors import BadInput, ConfigurationError, SyrinxError
from syrinx.storage import open_database


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """With none of this machine's settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYRINX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("SYRINX_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with capture_logs():  # what `main` sends to standard error
        yield tmp_path / "home"


def keys(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def refusal(result: Result) -> SyrinxError:
    assert isinstance(result.exception, SyrinxError)
    return result.exception


async def recognised(home: Path, secret: str) -> bool:
    async with open_database(f"sqlite:///{home / 'syrinx.db'}") as database:
        return await Keys(database).recognise(secret) is not None


def test_a_key_is_made_listed_replaced_and_ended() -> None:
    made = keys("create", "kitchen", "--user", "ann", "--scope", "speak", "--scope", "listen", "--days", "30")
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert re.fullmatch(r"syx_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", secret)
    assert "listen, speak" in made.stderr
    assert secret not in made.stderr
    key_id = secret.split("_")[1]
    listed = keys("list")
    assert re.search(rf"{key_id} +ann +kitchen +listen speak +live", listed.stdout)
    rotated = json.loads(keys("rotate", key_id, "--overlap", "60", "--json").stdout)
    assert rotated["key"]["name"] == "kitchen"
    assert rotated["secret"].startswith(f"syx_{rotated['key']['key_id']}_")
    assert "replaced" in keys("list").stdout
    ended = keys("revoke", key_id)
    assert f"{key_id} (kitchen, ann) opens nothing any more." in ended.stdout
    states = {key["key_id"]: key["state"] for key in json.loads(keys("list", "--user", "ann", "--json").stdout)}
    assert states == {key_id: "revoked", rotated["key"]["key_id"]: "live"}


async def test_what_was_made_opens_a_server_over_the_same_database(home: Path) -> None:
    made = await asyncio.to_thread(keys, "create", "lamp")
    secret = made.stdout.strip()
    assert await recognised(home, secret)
    await asyncio.to_thread(keys, "revoke", secret.split("_")[1])
    assert not await recognised(home, secret)


def test_a_key_is_a_persons_with_the_servers_limits_unless_said_otherwise() -> None:
    plain = json.loads(keys("create", "lamp", "--json").stdout)["key"]
    assert set(plain["scopes"]) == PERSONAL_SCOPES
    assert (plain["user"], plain["expires_at"], plain["created_by"]) == ("local", None, "command line")
    assert set(plain["limits"].values()) == {None}
    limited = json.loads(
        keys(
            "create",
            "app",
            "--scope",
            "admin",
            "--requests-per-minute",
            "60",
            "--characters-per-day",
            "1000",
            "--audio-seconds-per-day",
            "90",
            "--json",
        ).stdout
    )["key"]
    assert limited["scopes"] == ["admin"]
    assert limited["limits"] == {"requests_per_minute": 60, "characters_per_day": 1000, "audio_seconds_per_day": 90}


def test_where_there_are_none_it_says_how_to_make_one() -> None:
    assert "syrinx keys create NAME" in keys("list").stdout
    assert json.loads(keys("list", "--json").stdout) == []


def test_what_cannot_be_is_refused_in_words() -> None:
    assert keys("create", "x", "--scope", "root").exit_code == 2
    assert keys("create", "x", "--days", "0").exit_code == 2
    assert "user's name" in refusal(keys("create", "x", "--user", "no one")).message
    assert "no key" in refusal(keys("revoke", "0" * 16)).message
    key_id = json.loads(keys("create", "lamp", "--json").stdout)["key"]["key_id"]
    assert "overlap_s" in refusal(keys("rotate", key_id, "--overlap", "1e9")).message
    keys("revoke", key_id)
    assert isinstance(refusal(keys("rotate", key_id)), BadInput)


def test_a_database_that_cannot_be_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_DATABASE_URL", "oracle://user:w0rd-of-ours@host/x")
    told = refusal(keys("list"))
    assert isinstance(told, ConfigurationError)
    assert "w0rd-of-ours" not in told.message
