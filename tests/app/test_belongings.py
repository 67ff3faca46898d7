"""All that is kept of a person is theirs to take along and to have deleted, and nobody else's with it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.app.scripted_house import scripted_house
from tests.voices.test_repository import new_voice

from syrinx.app.belongings import belongings
from syrinx.app.house import House
from syrinx.conversation.memory import Remembered
from syrinx.text.pronunciations import Pronunciation
from syrinx.transports.http.people_house import Belongings

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House, None]:
    """In which Ann and Bob have one of each."""
    async with scripted_house(tmp_path) as opened:
        for number, user in enumerate(("ann", "bob")):
            await opened.people.voices.keep(new_voice(number, user=user, name=f"{user}'s voice"))
            said = Remembered(turn=1, role="user", speaker="", text=f"{user} was here", heard=f"{user} was here")
            await opened.kept.history.keep(user, f"talk-of-{user}", language="en", remembered=[said])
            await opened.speech.book.put(user, [Pronunciation(written=f"{user}word", spoken="word")])
        yield opened


def of(house: House) -> dict[str, Belongings]:
    kept = house.kept
    listed = belongings(voices=house.people.voices, blobs=kept.blobs, history=kept.history, book=house.speech.book)
    return {each.name: each for each in listed}


async def archive(house: House, user: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for each in of(house).values():
        async with aclosing(each.files(user)) as files:
            async for file in files:
                assert file.name not in found
                found[file.name] = file.content
    return found


async def test_a_person_takes_along_all_that_is_theirs_and_nothing_of_anybody_else(house: House) -> None:
    """ASVS 5.0 V8.2.2, V14.2.6."""
    for each in of(house).values():
        assert sorted(await each.users()) == ["ann", "bob"]
    found = await archive(house, "ann")
    assert "conversations/talk-of-ann.json" in found
    assert json.loads(found["pronunciations.json"])[0]["written"] == "annword"
    assert json.loads(found["conversations/talk-of-ann.json"])["messages"][0]["text"] == "ann was here"
    profile = next(name for name in found if name.startswith("voices/") and name.endswith("-voice.json"))
    assert json.loads(found[profile])["voice_name"] == "ann's voice"
    sounds = {name.rpartition(".")[2]: content for name, content in found.items() if not name.endswith(".json")}
    assert sounds["wav"].startswith(b"RIFF")
    assert sounds["mp3"] == b"ID3 spoken"
    assert not [name for name, content in found.items() if b"bob" in content or "bob" in name]
    for name in found:
        assert not name.startswith("/")
        assert ".." not in name
    assert await archive(house, "eve") == {}


async def test_what_is_lost_is_said_and_the_rest_is_handed_out(house: House, tmp_path: Path) -> None:
    (voice,) = await house.people.voices.list("ann")
    await house.kept.blobs.delete(voice.reference_key)
    for file in (tmp_path / "pronunciations").glob("*.json"):
        file.write_text("{damaged")
    await house.speech.book.put("bob", [Pronunciation(written="bobword", spoken="word")])
    house.speech.book._known.pop("ann")  # pyright: ignore[reportPrivateUsage] - as after a start
    found = await archive(house, "ann")
    (missing,) = [name for name in found if name.endswith("-missing.txt")]
    assert b"any more" in found[missing]
    assert "damaged" not in found[missing].decode()
    assert b"pronunciations" in found["pronunciations-damaged.txt"]
    assert "conversations/talk-of-ann.json" in found
    assert b"ID3 spoken" in found.values()
    assert await of(house)["pronunciations"].delete("ann") == 1
    assert "pronunciations-damaged.txt" not in await archive(house, "ann")


async def test_what_a_person_has_deleted_is_gone_and_everybody_elses_stays(house: House) -> None:
    before = await archive(house, "bob")
    assert [await each.delete("ann") for each in of(house).values()] == [1, 1, 1]
    assert await archive(house, "ann") == {}
    assert [await each.delete("ann") for each in of(house).values()] == [0, 0, 0]
    assert await archive(house, "bob") == before
    for each in of(house).values():
        assert list(await each.users()) == ["bob"]
