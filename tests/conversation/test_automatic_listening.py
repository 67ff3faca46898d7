"""Whole talks with the microphone that rests while the reply sounds (seed 2), and with the voice button."""

from __future__ import annotations

from tests.conversation.talk import Talk, open_talk

from syrinx.audio.pcm import silence
from syrinx.conversation.events import AudioStarted, AudioStopped, StateChanged
from syrinx.testing.virtual_time import virtual_time

SOUND = silence(duration_ms=100, sample_rate_hz=16_000)


def listening_in(talk: Talk, state: str) -> list[bool]:
    return [event.listening for event in talk.all(StateChanged) if event.state == state]


@virtual_time
async def test_the_microphone_rests_from_the_first_sound_to_the_last() -> None:
    async with open_talk(barge_in=False) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        before_ms = talk.ear.fed_ms
        talk.conversation.hear(SOUND)
        assert talk.ear.fed_ms == before_ms
        await talk.until(AudioStopped)
        await talk.until_state("listening")
        talk.conversation.hear(SOUND)
        assert talk.ear.fed_ms == before_ms + 100
        assert listening_in(talk, "speaking") == [False]


@virtual_time
async def test_it_is_heard_while_the_reply_is_thought_of() -> None:
    async with open_talk(barge_in=False) as talk:
        await talk.says("tell me a story")
        assert talk.conversation.state == "thinking"
        talk.conversation.hear(SOUND)
        assert talk.ear.fed_ms == 100
        await talk.until(AudioStopped)


@virtual_time
async def test_a_microphone_stopped_by_hand_meanwhile_stays_off() -> None:
    async with open_talk(barge_in=False) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        talk.conversation.stop_listening()
        await talk.until(AudioStopped)
        await talk.until_state("idle")
        assert not talk.conversation.listening


@virtual_time
async def test_a_microphone_started_by_hand_meanwhile_is_heard_over_the_reply() -> None:
    async with open_talk(barge_in=False) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.passes(1)
        talk.conversation.start_listening()
        await talk.speaks("stop it")
        assert (await talk.until(AudioStopped)).reason == "interrupted"
        await talk.ends("")
        await talk.until_state("listening")


@virtual_time
async def test_it_is_not_started_after_a_typed_turn_of_someone_who_never_pressed_the_button() -> None:
    async with open_talk(barge_in=False, listening=False) as talk:
        talk.conversation.say("tell me a story")
        await talk.until(AudioStopped)
        await talk.until_state("idle")
        assert not talk.conversation.listening


@virtual_time
async def test_with_barge_in_it_is_heard_all_the_time() -> None:
    async with open_talk(barge_in=True) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStopped)
        assert all(event.listening for event in talk.all(StateChanged))


@virtual_time
async def test_sound_that_comes_before_the_ear_is_open_is_not_lost() -> None:
    async with open_talk(listening=False) as talk:
        talk.conversation.start_listening()
        for _ in range(3):
            talk.conversation.hear(SOUND)
        await talk.passes(0.01)
        assert talk.ear.fed_ms == 300
