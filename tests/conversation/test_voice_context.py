from __future__ import annotations

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.conversation.voice_context import VoiceContext


def clip(duration_ms: float = 100.0) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=24_000)


def test_the_last_five_clips_of_a_voice_are_kept_oldest_first() -> None:
    context = VoiceContext()
    for number in range(1, 8):
        context.add("Ada", "low", clip(100.0 * number))
    assert [round(kept.duration_ms) for kept in context.clips("Ada", "low")] == [300, 400, 500, 600, 700]


def test_clips_of_two_voices_never_mix() -> None:
    context = VoiceContext()
    context.add("Ada", "low", clip())
    context.add("Ben", "low", clip(200.0))
    assert [kept.duration_ms for kept in context.clips("Ada", "low")] == [100.0]
    assert context.clips("Ada", "high") == ()


def test_a_change_of_character_forgets_everything() -> None:
    context = VoiceContext()
    context.turn_of("Ada")
    context.add("Ada", None, clip())
    context.turn_of("Ada")
    assert context.clips("Ada", None)
    context.turn_of("Ben")
    context.turn_of("Ada")
    assert context.clips("Ada", None) == ()


def test_clearing_by_hand_forgets_everything() -> None:
    context = VoiceContext()
    context.add("Ada", None, clip())
    context.clear()
    assert context.clips("Ada", None) == ()


def test_of_a_long_clip_the_end_is_kept_and_of_an_empty_one_nothing() -> None:
    context = VoiceContext()
    context.add("Ada", None, clip(60_000.0))
    context.add("Ada", None, PcmChunk(pcm=b"", sample_rate_hz=24_000))
    assert [kept.duration_ms for kept in context.clips("Ada", None)] == [6000.0]
