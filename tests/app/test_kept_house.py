"""What the settings about keeping come to: whose door it is, what is counted, where things lie, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.scripted_house import by, scripted_house, scripted_server, settings
from tests.transports.speech_house import recording

from syrinx.accounts import LOCAL_USER
from syrinx.accounts.api_key import utc_now
from syrinx.accounts.opening import open_accounts
from syrinx.app.kept_house import account_settings, open_kept
from syrinx.conversation import ConversationSettings
from syrinx.errors import ConfigurationError, SyrinxError, Unauthorized
from syrinx.storage import open_database

pytestmark = pytest.mark.usefixtures("clean_environment")

SECRET = "a secret of thirty-two bytes, and more"
SUPABASE = "https://abc.supabase.co"


async def make_key(home: Path, *, revoked: bool = False, over: bool = False) -> str:
    given = settings(home)
    async with open_database(given.database_address) as database:
        then = utc_now() - timedelta(days=2 if over else 0)
        async with open_accounts(database, account_settings(given), now=lambda: then) as accounts:
            key, secret = await accounts.keys.create(
                "ann", name="test", scopes=["talk"], created_by="test", expires_at=then + timedelta(days=1)
            )
            if revoked:
                await accounts.keys.revoke(key.key_id)
    return secret


# Who is let in.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "server.example"])
async def test_where_others_reach_it_and_nobody_has_a_key_it_does_not_start(host: str, tmp_path: Path) -> None:
    """ASVS 5.0 V13.2.2, V6.3.2: there is no way in by default."""
    with pytest.raises(ConfigurationError, match=r"syrinx keys create.*SYRINX_TOKEN.*127\.0\.0\.1"):
        async with open_kept(settings(tmp_path, host=host)):
            raise AssertionError("it opened")


@pytest.mark.parametrize("state", [{"revoked": True}, {"over": True}])
async def test_keys_that_open_nothing_any_more_do_not_count(state: Mapping[str, bool], tmp_path: Path) -> None:
    await make_key(tmp_path, **state)
    with pytest.raises(ConfigurationError, match="nobody has a key"):
        async with open_kept(settings(tmp_path, host="0.0.0.0")):
            raise AssertionError("it opened")


async def test_with_a_key_it_starts_and_lets_in_who_has_it(tmp_path: Path) -> None:
    secret = await make_key(tmp_path)
    async with open_kept(settings(tmp_path, host="0.0.0.0")) as kept:
        assert (await kept.accounts.door.who(secret)).user == "ann"
        for wrong in (None, f"{secret}x"):
            with pytest.raises(Unauthorized):
                await kept.accounts.door.who(wrong)


@pytest.mark.parametrize("given", [{"token": "s3cret"}, {"supabase_url": SUPABASE}], ids=["token", "jwt"])
async def test_with_another_way_in_it_starts_without_keys(given: Mapping[str, Any], tmp_path: Path) -> None:
    async with open_kept(settings(tmp_path, host="0.0.0.0", **given)) as kept:
        with pytest.raises(Unauthorized):
            await kept.accounts.door.who(None)
        if "token" in given:
            (await kept.accounts.door.who("s3cret")).need("admin")


async def test_the_whole_server_refuses_to_start_and_starts_with_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nobody has a key"):
        async with scripted_server(tmp_path, host="0.0.0.0"):
            raise AssertionError("it started")
    secret = await make_key(tmp_path)
    async with scripted_server(tmp_path, host="0.0.0.0") as address, httpx.AsyncClient(base_url=address) as web:
        assert (await web.get("/api/conversations")).status_code == 401
        answer = await web.get("/api/conversations", headers={"Authorization": f"Bearer {secret}"})
        assert answer.json()["conversations"] == []


async def test_this_machine_alone_is_let_in_unless_keys_are_demanded(tmp_path: Path) -> None:
    async with open_kept(settings(tmp_path)) as kept:
        assert (await kept.accounts.door.who(None)).user == LOCAL_USER
    async with open_kept(settings(tmp_path, access="keys")) as kept:
        with pytest.raises(Unauthorized):
            await kept.accounts.door.who(None)


# Whose tokens are taken.


def test_a_supabase_project_is_known_by_its_address_alone(tmp_path: Path) -> None:
    jwt = account_settings(settings(tmp_path, supabase_url=SUPABASE)).jwt
    assert jwt is not None
    assert (jwt.issuer, jwt.audience) == (f"{SUPABASE}/auth/v1", "authenticated")
    assert jwt.jwks_url == f"{SUPABASE}/auth/v1/.well-known/jwks.json"


def test_what_is_said_of_tokens_besides_counts(tmp_path: Path) -> None:
    older = account_settings(settings(tmp_path, supabase_url=SUPABASE, jwt_secret=SECRET, jwt_audience="syrinx")).jwt
    assert older is not None
    assert (older.shared_secret, older.jwks_url, older.audience) == (SECRET, "", "syrinx")
    others = {"jwt_issuer": "https://id.example", "jwt_jwks_url": "https://id.example/keys", "jwt_audience": "us"}
    own = account_settings(settings(tmp_path, **others)).jwt
    assert own is not None
    assert (own.issuer, own.jwks_url, own.audience) == ("https://id.example", "https://id.example/keys", "us")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"supabase_url": SUPABASE, "jwt_issuer": "https://id.example"}, "two identity providers"),
        ({"supabase_url": SUPABASE, "jwt_jwks_url": "https://id.example/keys"}, "SYRINX_JWT_JWKS_URL is for"),
        ({"supabase_url": "http://abc.example"}, "https"),
        ({"jwt_issuer": "https://id.example"}, "JWKS"),
        ({"jwt_issuer": "https://id.example", "jwt_secret": "short"}, "32 bytes"),
        ({"jwt_secret": SECRET}, "SYRINX_JWT_ISSUER is missing"),
        ({"jwt_jwks_url": "https://id.example/keys"}, "SYRINX_JWT_ISSUER is missing"),
    ],
)
def test_what_is_said_of_tokens_and_could_not_count_is_refused(
    given: Mapping[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        account_settings(settings(tmp_path, **given))


# How much is taken, and where it lies.


async def test_what_each_may_take_is_as_the_settings_say(tmp_path: Path) -> None:
    given = {"requests_per_minute": 3, "characters_per_day": 50, "audio_seconds_per_day": 7}
    async with open_kept(settings(tmp_path, **given)) as kept:
        limits = kept.accounts.limits
        of = limits.of(by("ann"))
        assert (of.requests_per_minute, of.characters_per_day, of.audio_seconds_per_day) == (3, 50, 7)
        await limits.characters(by("ann"), 50)
        with pytest.raises(SyrinxError, match="characters"):
            await limits.characters(by("ann"), 1)
        await limits.characters(by("bob"), 50)


async def test_where_use_is_counted_must_be_a_place_that_counts(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with open_kept(settings(tmp_path, limits_storage="mongodb://ann:s3cret@host")):
            raise AssertionError("it opened")
    assert "s3cret" not in refused.value.message


async def test_what_is_kept_lies_where_the_settings_say(tmp_path: Path) -> None:
    home = tmp_path / "ann@example.org"
    async with open_kept(settings(home)) as kept:
        await kept.blobs.put(b"sound", purpose="samples", user="ann", media_type="audio/wav")
        assert kept.database.kind == "sqlite"
    assert (home / "syrinx.db").is_file()
    assert list((home / "blobs" / "samples").rglob("*"))
    elsewhere = {"database_url": f"sqlite:///{tmp_path / 'other.db'}", "blobs": str(tmp_path / "sounds")}
    async with open_kept(settings(tmp_path / "empty", **elsewhere)):
        pass
    assert (tmp_path / "other.db").is_file()
    assert (tmp_path / "sounds").is_dir()
    assert not (tmp_path / "empty" / "blobs").exists()


async def test_options_of_a_store_reach_it_and_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_BLOBS_OPTION__ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("SYRINX_BLOBS_OPTION__SECRET_ACCESS_KEY", "s3cret-key")
    monkeypatch.setenv("SYRINX_LIMITS_STORAGE", "memory://s3cret-key")
    monkeypatch.setenv("DATABASE_URL", "mysql://ann:s3cret-key@host/db")
    given = settings(tmp_path, database_url="sqlite://")
    assert "s3cret-key" not in repr(given)
    with pytest.raises(ConfigurationError, match="a folder has none"):
        async with open_kept(given):
            raise AssertionError("it opened")
    plain = settings(tmp_path, database_url="sqlite://", blobs="s3://bucket/x", limits_storage="memory://")
    async with open_kept(plain):
        pass  # its keys came: without them it does not open
    monkeypatch.delenv("SYRINX_BLOBS_OPTION__SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="secret_access_key"):
        async with open_kept(
            settings(tmp_path, database_url="sqlite://", blobs="s3://bucket/x", limits_storage="memory://")
        ):
            raise AssertionError("it opened")


# What is kept of what is said.


@pytest.mark.parametrize("keeps", [True, False])
async def test_talks_are_kept_unless_the_settings_forbid_it(keeps: bool, tmp_path: Path) -> None:
    async with scripted_house(tmp_path, keep_conversations=keeps) as house:
        talk = await house.begin(ConversationSettings(), "ann")
        talk.say("are you there")
        await talk.aclose()
        page = await house.kept.history.list("ann")
        assert [each.title for each in page.conversations] == (["are you there"] if keeps else [])


@pytest.mark.parametrize("keeps", [True, False])
async def test_spoken_messages_are_kept_unless_the_settings_forbid_it(keeps: bool, tmp_path: Path) -> None:
    async with (
        scripted_server(tmp_path, keep_conversations=keeps) as address,
        httpx.AsyncClient(base_url=address, timeout=20.0) as web,
    ):
        for _ in range(2):
            files = {"file": ("message.wav", recording(), "audio/wav")}
            query = {"conversation_id": "mine", "language": "en"}
            message = (await web.post("/api/messages/voice", params=query, files=files)).raise_for_status().json()
            assert (message["text"], message["conversation_id"]) == ("hello there", "mine")
            assert message["assistant_audio"]
            assert message["id"] != message["assistant_response"]["id"]
            assert bool(message["kept_as"]) == keeps
        listed = (await web.get("/api/conversations")).json()["conversations"]
        assert [each["message_count"] for each in listed] == ([4] if keeps else [])
