"""What is measured of engines whose pace is known, and what counts as fast enough."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from syrinx.audio import silence
from syrinx.engines.abilities import (
    NUMBERS,
    SENTENCES,
    Ability,
    Shortfall,
    fast_enough,
    measure_llm,
    measure_stt,
    measure_tts,
    sentence,
    shortfall,
)
from syrinx.engines.contract import Kind
from syrinx.errors import BadAudio, EngineEmpty
from syrinx.testing.audio import sine
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time
from syrinx.text.languages import LANGUAGES

TWO_SECONDS = sine(200, duration_ms=2000, sample_rate_hz=16_000)


def ability(*, factor: float | None = 0.1, first_s: float = 0.1, tokens_per_s: float | None = None) -> Ability:
    return Ability(
        real_time_factor=factor, first_s=first_s, tokens_per_s=tokens_per_s, measured_at="2026-11-21T12:00:00+00:00"
    )


@virtual_time
async def test_an_ear_is_measured_by_the_time_to_its_final_transcript() -> None:
    stt = ScriptedStt((SttScript(text="hello", settle_delay_s=0.5),))
    found = await measure_stt(stt, TWO_SECONDS, language="en", runs=1, clock=virtual_now_s)
    assert found.first_s == pytest.approx(0.5)
    assert found.real_time_factor == pytest.approx(0.25)
    assert found.tokens_per_s is None
    assert stt.heard_ms == TWO_SECONDS.duration_ms


@virtual_time
async def test_the_best_run_counts() -> None:
    stt = ScriptedStt((SttScript(text="hello", settle_delay_s=4.0), SttScript(text="hello", settle_delay_s=0.4)))
    found = await measure_stt(stt, TWO_SECONDS, runs=2, clock=virtual_now_s)
    assert (found.first_s, found.real_time_factor) == (pytest.approx(0.4), pytest.approx(0.2))


@virtual_time
async def test_an_ear_gets_the_clip_at_its_own_rate() -> None:
    stt = ScriptedStt((SttScript(text="hello", settle_delay_s=0.5),), sample_rate_hz=8_000)
    await measure_stt(stt, TWO_SECONDS, runs=1, clock=virtual_now_s)
    assert stt.heard_ms == pytest.approx(2000, abs=1)


@virtual_time
async def test_an_ear_gets_three_seconds_of_a_longer_clip() -> None:
    stt = ScriptedStt((SttScript(text="hello", settle_delay_s=0.6),))
    clip = sine(200, duration_ms=5100, sample_rate_hz=22_050)
    found = await measure_stt(stt, clip, runs=1, clock=virtual_now_s)
    assert stt.heard_ms == pytest.approx(3000, abs=1)
    assert found.real_time_factor == pytest.approx(0.2, rel=0.001)


@virtual_time
async def test_an_ear_that_never_finishes_its_transcript_is_no_ear() -> None:
    stt = ScriptedStt((SttScript(failure="empty"),))
    with pytest.raises(EngineEmpty, match="without a final transcript"):
        await measure_stt(stt, TWO_SECONDS, clock=virtual_now_s)
    assert stt.active == 0


@virtual_time
async def test_an_empty_clip_is_refused_before_anything_is_asked() -> None:
    stt = ScriptedStt()
    with pytest.raises(BadAudio, match="a second of speech"):
        await measure_stt(stt, silence(duration_ms=0, sample_rate_hz=16_000), clock=virtual_now_s)
    assert not stt.requests


@virtual_time
async def test_a_voice_is_measured_by_its_first_sound_and_its_pace() -> None:
    script = TtsScript(first_chunk_s=0.3, real_time_factor=0.5, chunk_ms=100, char_ms=50)
    tts = ScriptedTts(script, sleep=asyncio.sleep)
    found = await measure_tts(tts, language="de", text="x" * 40, voice="mittel", clock=virtual_now_s)
    assert found.first_s == pytest.approx(0.3)
    assert found.real_time_factor == pytest.approx((0.3 + 0.5 * 1.9) / 2.0)
    assert [(each.language, each.voice) for each in tts.requests] == [("de", "mittel")] * 2


@virtual_time
async def test_a_voice_without_sound_is_no_voice() -> None:
    with pytest.raises(EngineEmpty, match="without a sound"):
        await measure_tts(ScriptedTts(TtsScript(fail="empty")), clock=virtual_now_s)


@virtual_time
async def test_a_language_model_is_measured_by_its_first_words_and_its_pace() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("abcd",) * 41),), first_token_ms=700, token_ms=100)
    found = await measure_llm(llm, clock=virtual_now_s)
    assert found.first_s == pytest.approx(0.7)
    assert found.tokens_per_s == pytest.approx(10.0)
    assert found.real_time_factor is None


@virtual_time
async def test_the_pace_is_the_same_however_large_the_deltas_are() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("abcd" * 5,) * 9),), first_token_ms=700, token_ms=500)
    assert (await measure_llm(llm, clock=virtual_now_s)).tokens_per_s == pytest.approx(10.0)


@virtual_time
async def test_a_reply_in_one_piece_has_the_pace_of_the_whole() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("abcd" * 20,)),), first_token_ms=2000)
    assert (await measure_llm(llm, clock=virtual_now_s)).tokens_per_s == pytest.approx(10.0)


@virtual_time
async def test_a_reply_in_no_time_has_a_pace_that_is_a_number() -> None:
    found = await measure_llm(ScriptedLlm((LlmScript(deltas=("abcd",) * 8),)), clock=virtual_now_s)
    assert found.tokens_per_s == pytest.approx(7_000)


@virtual_time
async def test_a_slow_reply_is_left_once_its_pace_is_known() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("abcd",) * 90),), token_ms=2000)
    found = await measure_llm(llm, clock=virtual_now_s)
    assert virtual_now_s() == pytest.approx(10.0)
    assert found.tokens_per_s == pytest.approx(0.5)
    assert (llm.active, llm.closed_early) == (0, 1)


@virtual_time
async def test_a_long_reply_is_left_once_its_pace_is_known() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("abcd" * 10,) * 90),), token_ms=10)
    await measure_llm(llm, clock=virtual_now_s)
    assert (llm.active, llm.closed_early) == (0, 1)


@virtual_time
async def test_a_language_model_without_an_answer_is_none() -> None:
    with pytest.raises(EngineEmpty, match="answered nothing"):
        await measure_llm(ScriptedLlm((LlmScript(deltas=("", "")),)), clock=virtual_now_s)


@virtual_time
async def test_the_time_of_the_measurement_says_its_zone() -> None:
    found = await measure_tts(ScriptedTts(), clock=virtual_now_s)
    assert datetime.fromisoformat(found.measured_at).utcoffset() == timedelta(0)


@virtual_time
async def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        await measure_tts(ScriptedTts(), runs=0, clock=virtual_now_s)


@pytest.mark.parametrize(
    ("kind", "found", "lacks"),
    [
        ("stt", ability(factor=0.39, first_s=0.7), ()),
        ("stt", ability(factor=0.41, first_s=0.7), ("final_late",)),
        ("stt", ability(factor=0.24, first_s=1.19), ()),
        ("stt", ability(factor=0.24, first_s=1.21), ("final_late",)),
        ("tts", ability(factor=0.8, first_s=1.0), ()),
        ("tts", ability(factor=0.81, first_s=1.0), ("slower_than_speech",)),
        ("tts", ability(factor=0.8, first_s=1.01), ("first_sound_late",)),
        ("tts", ability(factor=None), ("slower_than_speech",)),
        ("llm", ability(factor=None, first_s=2.5, tokens_per_s=6.0), ()),
        ("llm", ability(factor=None, first_s=2.6, tokens_per_s=5.9), ("first_token_late", "tokens_slow")),
        ("llm", ability(factor=None, first_s=0.1), ("tokens_slow",)),
        ("vad", ability(factor=9.0, first_s=9.0), ()),
    ],
)
def test_what_is_too_slow_is_said(kind: Kind, found: Ability, lacks: tuple[Shortfall, ...]) -> None:
    assert shortfall(kind, found) == lacks
    assert fast_enough(kind, found) == (not lacks)


def test_every_language_of_the_house_has_its_sentence_and_others_have_numbers() -> None:
    assert set(SENTENCES) == set(LANGUAGES)
    assert sentence("pt-BR") == SENTENCES["pt"]
    assert sentence("sv") == NUMBERS
