"""Talks over the socket, from hello to the end of the reply."""

from __future__ import annotations

import asyncio

from tests.transports.talking_house import QUICK, Engines, listening, say, talk_server, words

from syrinx.app.talk_client import open_talk
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.llm.contract import ReplyRequest
from syrinx.testing.audio import dominant_frequency_hz, rms
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import PITCH_HZ, ScriptedTts, TtsScript

LONG = "This answer goes on. It has many sentences. Each of them sounds for a while. Nobody would wait for its end. "


async def test_a_spoken_turn_is_heard_answered_and_sounds_in_order() -> None:
    engines = Engines(stt=ScriptedStt((SttScript(text="good morning", partials=((100, "good"),)),)))
    async with talk_server(engines) as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "start_listening"})
        await say(client, words())
        stopped = await heard.until("audio_stream_stop")
        metrics = await heard.until("metrics")

        assert heard.messages("transcript", final=False)[0]["text"] == "good"
        assert heard.messages("transcript", final=True)[0]["text"] == "good morning"
        assert stopped["reason"] == "finished"
        assert "".join(each["text"] for each in heard.messages("sentence")).strip() == "You said good morning."
        assert stopped["heard"].strip() == "You said good morning."
        turns = {message["turn"] for message in heard.messages("reply") + heard.messages("sentence")}
        assert turns == {stopped["turn"]} == {metrics["turn"]}
        started, ended = heard.kinds.index("audio_stream_start"), heard.kinds.index("audio_stream_stop")
        places = [place for place, kind in enumerate(heard.kinds) if kind == "sound"]
        assert started < places[0] <= places[-1] < ended
        states = [message["state"] for message in heard.messages("state")]
        assert [state for state in states if state in {"hearing", "thinking", "speaking"}][:1] == ["hearing"]
        assert "speaking" in states

        reply = PcmChunk(pcm=b"".join(each.chunk.pcm for each in heard.sound), sample_rate_hz=24_000)
        assert abs(dominant_frequency_hz(reply) - PITCH_HZ["low"]) < 10
        assert rms(reply) > 0.1
        sent = (await heard.until("audio_stream_sent"))["duration_ms"]
        assert abs(reply.duration_ms - sent) < 5
        await client.send({"type": "stop_listening"})
        await server.nothing_left(open_talks=1)


async def test_listening_stops_while_the_reply_sounds_and_goes_on_after_it() -> None:
    async with talk_server() as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "start_listening"})
        await say(client, words())
        await heard.until("audio_stream_stop")
        await heard.until("state", state="listening", number=2)
        flags = [message["listening"] for message in heard.messages("state")]
        assert flags[0] is True
        assert flags[-1] is True
        assert False in flags


async def test_a_typed_turn_is_answered_without_a_microphone() -> None:
    async with talk_server() as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "text", "text": "what is it"})
        stopped = await heard.until("audio_stream_stop")
        assert stopped["heard"].strip() == "You said what is it."
        assert not heard.messages("transcript")
        assert not server.engines.stt.requests


async def test_an_interruption_ends_the_reply_and_its_engines_at_once() -> None:
    engines = Engines(
        llm=ScriptedLlm((saying(LONG * 20),), token_ms=20), tts=ScriptedTts(TtsScript(real_time_factor=0.5))
    )
    async with talk_server(engines) as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "text", "text": "tell me"})
        await heard.until_sound(ms=300)
        await client.send({"type": "tts_interrupt"})
        stopped = await heard.until("audio_stream_stop")
        assert stopped["reason"] == "interrupted"
        assert len(stopped["heard"]) < len(LONG)
        place = len(heard.all)
        await server.nothing_left(open_talks=1)
        assert engines.llm.closed_early == 1
        await client.send({"type": "ping", "t": "after"})
        await heard.until("pong", t="after")
        assert "sound" not in heard.kinds[place:]


async def test_speaking_over_the_reply_with_an_open_microphone_interrupts_it() -> None:
    def answer(request: ReplyRequest) -> LlmScript:
        return saying(LONG * 5 if len(request.messages) < 3 else "All right.")

    stt = ScriptedStt((SttScript(text="stop now please", partials=((200, "stop now please"),)),))
    engines = Engines(llm=ScriptedLlm(answer), stt=stt, tts=ScriptedTts(TtsScript(char_ms=40)))
    async with (
        talk_server(engines) as server,
        open_talk(server.socket, barge_in=True) as client,
        listening(client) as heard,
    ):
        await client.send({"type": "start_listening"})
        await client.send({"type": "text", "text": "tell me"})
        await heard.until_sound(ms=200)
        await asyncio.sleep(0.2)  # some of it has been played
        await client.speak(words(duration_ms=900), then_silence_ms=900)
        stopped = await heard.until("audio_stream_stop", turn=1)
        assert stopped["reason"] == "interrupted"
        assert heard.messages("audio_stream_pause", turn=1)
        final = await heard.until("transcript", final=True, text="stop now please")
        assert final["turn"] > 1
        await heard.until("audio_stream_stop", turn=final["turn"], reason="finished")


async def test_two_people_hear_and_see_nothing_of_each_other() -> None:
    def by_tone(chunk: PcmChunk) -> SttScript:
        return SttScript(text="apples" if dominant_frequency_hz(chunk) < 400 else "pears")

    engines = Engines(stt=ScriptedStt(by_tone), tts=ScriptedTts(QUICK))
    async with (
        talk_server(engines) as server,
        open_talk(server.socket, voice="low") as one,
        open_talk(server.socket, voice="high") as two,
        listening(one) as ones,
        listening(two) as twos,
    ):
        assert one.ready["conversation_id"] != two.ready["conversation_id"]
        for client in (one, two):
            await client.send({"type": "start_listening"})
        await asyncio.gather(say(one, words(220)), say(two, words(880)))
        for heard, said, other, voice in ((ones, "apples", "pears", "low"), (twos, "pears", "apples", "high")):
            stopped = await heard.until("audio_stream_stop", reason="finished")
            assert said in stopped["heard"]
            assert other not in repr([each for each in heard.all if isinstance(each, dict)])
            reply = PcmChunk(pcm=b"".join(each.chunk.pcm for each in heard.sound), sample_rate_hz=24_000)
            assert abs(dominant_frequency_hz(reply) - PITCH_HZ[voice]) < 10
        assert len(engines.stt.requests) == 2


async def test_fifty_talks_at_once_end_as_each_of_them_should() -> None:
    engines = Engines(tts=ScriptedTts(TtsScript(char_ms=4.0, first_chunk_s=0.02)))

    async def hold(address: str, number: int) -> list[str]:
        said: list[str] = []
        async with open_talk(address) as client, listening(client) as heard:
            for turn in range(2):
                await client.send({"type": "text", "text": f"talk {number} turn {turn}"})
                stopped = await heard.until("audio_stream_stop", number=turn + 1)
                assert stopped["reason"] == "finished"
                said.append(stopped["heard"].strip())
            assert not heard.messages("error")
            assert {sound.turn for sound in heard.sound} == {1, 2}
        return said

    async with talk_server(engines, resume_s=0.05) as server:
        said = await asyncio.gather(*(hold(server.socket, number) for number in range(50)))
        for number, replies in enumerate(said):
            assert replies == [f"You said talk {number} turn {turn}." for turn in range(2)]
        await server.nothing_left()
