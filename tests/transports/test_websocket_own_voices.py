"""Talks are had with one's own voices: whoever says hello is for whom all of the talk is, to its end."""

from __future__ import annotations

import pytest
from tests.speech.people import ADA, ADA_HZ, BEN, BEN_HZ, person
from tests.transports.talking_house import QUICK, Engines, Listener, TalkServer, listening, talk_server

from syrinx.accounts import current_caller
from syrinx.app.known_people import KnownPeople
from syrinx.app.talk_client import open_talk
from syrinx.audio.pcm import PcmChunk
from syrinx.errors import SyrinxError
from syrinx.speech import PeopleRead
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_tts import CLONING, PITCH_HZ, ScriptedTts

PEOPLE = {"ada": person(), "ben": person(BEN, BEN_HZ)}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def people(_: KnownPeople) -> PeopleRead:
        return PeopleRead([each for user, each in PEOPLE.items() if user == current_caller().user])

    monkeypatch.setattr(KnownPeople, "people", people)


async def key_of(server: TalkServer, user: str) -> str:
    keys = server.house.kept.accounts.keys
    _, secret = await keys.create(user, name="a talk", scopes=["talk"], created_by="a test")
    return secret


async def heard_hz(listener: Listener, text: str, *, turn: int) -> float:
    """How high the reply sounds."""
    before = len(listener.sound)
    await listener.client.send({"type": "text", "text": text})
    await listener.until("audio_stream_stop", number=turn)
    pcm = b"".join(sound.chunk.pcm for sound in listener.sound[before:])
    return dominant_frequency_hz(PcmChunk(pcm=pcm, sample_rate_hz=24_000))


async def test_each_talks_with_their_own_voice_also_where_they_change_to_it_later() -> None:
    engines = Engines(tts=ScriptedTts(QUICK, cloning=CLONING))
    async with talk_server(engines, token="s3cret") as server:
        ada = await key_of(server, "ada")
        async with open_talk(server.socket, token=ada, voice=ADA) as client, listening(client) as listener:
            assert await heard_hz(listener, "Good morning", turn=1) == pytest.approx(ADA_HZ, rel=0.03)
            await client.send({"type": "set", "voice": "low"})
            assert await heard_hz(listener, "Good day", turn=2) == pytest.approx(PITCH_HZ["low"], rel=0.03)
            await client.send({"type": "set", "voice": ADA})
            assert await heard_hz(listener, "Good night", turn=3) == pytest.approx(ADA_HZ, rel=0.03)
            assert listener.messages("error") == []


async def test_nobody_talks_with_anothers_voice() -> None:
    engines = Engines(tts=ScriptedTts(QUICK, cloning=CLONING))
    async with talk_server(engines, token="s3cret") as server:
        ben = await key_of(server, "ben")
        with pytest.raises(SyrinxError) as refused:
            async with open_talk(server.socket, token=ben, voice=ADA):
                pass
        assert refused.value.code == "unknown_voice"
        async with open_talk(server.socket, token=ben, voice=BEN) as client, listening(client) as listener:
            await client.send({"type": "set", "voice": ADA})
            assert (await listener.until("error"))["code"] == "unknown_voice"
            assert await heard_hz(listener, "Good morning", turn=1) == pytest.approx(BEN_HZ, rel=0.03)
