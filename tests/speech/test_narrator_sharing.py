"""What many ask for is made once, and kept for who asks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.speech.narrating import (
    FIRST,
    SECOND,
    TEXT,
    narrating,
    pcm,
    plain,
    sentences,
    told,
)

from syrinx.errors import (
    EngineError,
    EngineUnavailable,
)
from syrinx.speech.narration import (
    Narration,
)
from syrinx.speech.narrator import Narrator
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_time
from syrinx.text.pronunciations import Pronunciation, Pronunciations


@virtual_time
async def test_the_same_asked_for_at_once_is_made_once() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.5, real_time_factor=0.1))
    async with narrating(tts) as narrate:
        narrations = await asyncio.gather(*(narrate(plain()) for _ in range(5)))
        late = await narrate(plain())
        assert [narration.timing.cached for narration in (*narrations, late)] == [False] * 5 + [True]
        everything = await asyncio.gather(*(told(narration) for narration in (*narrations, late)))
    assert len(tts.requests) == 3
    assert len({pcm(events) for events in everything}) == 1
    assert all(events == everything[0] for events in everything)


@virtual_time
async def test_one_that_leaves_takes_nothing_from_the_others() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=0.1))
    async with narrating(tts) as narrate:
        first, second, third = [await narrate(plain()) for _ in range(3)]
        reading = asyncio.create_task(told(second))
        await asyncio.sleep(0.2)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await first.aclose()
        assert len(sentences(await told(third))) == 3
    assert tts.closed_early == 0


@virtual_time
async def test_when_the_last_leaves_who_asks_next_begins_anew() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=0.1))
    async with narrating(tts) as narrate:
        first, second = [await narrate(plain()) for _ in range(2)]
        await first.aclose()
        assert tts.active
        leaving = asyncio.create_task(second.aclose())
        await asyncio.sleep(0)
        again = await narrate(plain())
        await leaving
        assert len(sentences(await told(again))) == 3


@virtual_time
async def test_an_error_reaches_all_who_wait() -> None:
    tts = ScriptedTts(scripts={FIRST: TtsScript(first_chunk_s=1.0, fail="raise")})
    async with narrating(tts) as narrate:
        results = await asyncio.gather(*(narrate(plain()) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [EngineError] * 3
    assert len(tts.requests) == 1


@virtual_time
async def test_another_voice_or_speed_is_another_work() -> None:
    tts = ScriptedTts()
    async with narrating(tts) as narrate:
        requests = [plain(), replace(plain(), voice="high"), replace(plain(), speed=1.5)]
        narrations = [await narrate(request) for request in requests]
        sounds = [pcm(await told(narration)) for narration in narrations]
    assert len(set(sounds)) == 3
    assert narrations[1].voice == "high"


@virtual_time
async def test_what_has_become_too_long_to_be_joined_is_begun_anew() -> None:
    tts = ScriptedTts()
    async with narrating(tts, held_bytes=50_000) as narrate:
        first = await narrate(plain())
        reading = asyncio.create_task(told(first))
        await asyncio.sleep(0.1)
        second = await narrate(plain())
        assert pcm(await told(second)) == pcm(await reading)
    assert len(tts.requests) == 6


@virtual_time
async def test_closing_the_house_ends_what_is_under_way() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=1.0))
    async with narrating(tts) as narrate:
        narration = await narrate(plain())
    assert not tts.active
    with pytest.raises(EngineUnavailable):
        await told(narration)
    with pytest.raises(EngineUnavailable):
        await narrate(plain())


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 3.0), st.sampled_from((FIRST, TEXT))), max_size=12))
@settings(max_examples=40, deadline=None)
def test_however_listeners_come_and_go_each_hears_the_same_and_nothing_is_left(
    listeners: list[tuple[float, float, str]],
) -> None:
    heard: dict[str, set[bytes]] = {FIRST: set(), TEXT: set()}

    @virtual_time
    async def come_and_go() -> None:
        tts = ScriptedTts(TtsScript(first_chunk_s=0.3, real_time_factor=0.5))

        async def listen(narrate: Narrator, comes_s: float, stays_s: float, text: str) -> None:
            await asyncio.sleep(comes_s)
            narration: Narration | None = None
            try:
                async with asyncio.timeout(stays_s):
                    narration = await narrate(plain(text))
                    heard[text].add(pcm(await told(narration)))
            except TimeoutError:
                pass
            finally:
                if narration is not None:
                    await narration.aclose()

        async with narrating(tts, cache_bytes=600_000, held_bytes=150_000) as narrate:
            async with asyncio.TaskGroup() as listening:
                for listener in listeners:
                    listening.create_task(listen(narrate, *listener))
            assert tts.active == 0
            assert narrate.held_bytes == 0

    come_and_go()
    assert all(len(sounds) <= 1 for sounds in heard.values())


# The cache.


@virtual_time
async def test_what_was_spoken_before_is_served_without_the_engine() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=1.0))
    async with narrating(tts, cache_bytes=100_000_000) as narrate:
        first = await told(await narrate(plain()))
        asked = len(tts.requests)
        again = await narrate(plain())
        assert again.timing.cached
        assert again.timing.first_sound_ms == 0.0
        assert await told(again) == first
        assert len(tts.requests) == asked


@virtual_time
async def test_what_broke_off_or_was_left_is_not_kept() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=0.1), scripts={SECOND: TtsScript(fail="raise")})
    async with narrating(tts, cache_bytes=100_000_000) as narrate:
        with pytest.raises(EngineError):
            await told(await narrate(plain()))
        left = await narrate(plain(FIRST))
        await left.aclose()
        assert len(narrate.cache) == 0


@virtual_time
async def test_what_does_not_fit_is_spoken_again() -> None:
    tts = ScriptedTts()
    async with narrating(tts, cache_bytes=100_000) as narrate:
        await told(await narrate(plain()))
        await told(await narrate(plain()))
    assert len(tts.requests) == 6


@virtual_time
async def test_a_dictionary_that_says_nothing_of_the_text_shares_its_cache() -> None:
    tts = ScriptedTts()
    async with narrating(tts, cache_bytes=100_000_000) as narrate:
        await told(await narrate(plain()))
        other = Pronunciations((Pronunciation(written="zebra", spoken="striped horse"),))
        assert (await narrate(replace(plain(), pronunciations=other))).timing.cached
        own = Pronunciations((Pronunciation(written="second", spoken="next"),))
        changed = await narrate(replace(plain(), pronunciations=own))
        assert not changed.timing.cached
        await changed.aclose()


@virtual_time
@pytest.mark.parametrize(
    ("written", "text", "ssml"),
    [
        ("New York", "Off to New  York.", False),
        ("AT&T", "<speak>A call to AT&amp;T.</speak>", True),
        ("kitten", "<speak>A <!-- small -->kit<!-- -->ten.</speak>", True),
        ("caf\u00e9", "In the cafe\u0301.", False),
    ],
)
async def test_a_word_of_the_dictionary_is_not_taken_from_the_cache_of_others(
    written: str, text: str, ssml: bool
) -> None:
    tts = ScriptedTts()
    async with narrating(tts, cache_bytes=100_000_000) as narrate:
        request = replace(plain(), text=text, ssml=ssml)
        await told(await narrate(request))
        own = Pronunciations((Pronunciation(written=written, spoken="zebra"),))
        await told(await narrate(replace(request, pronunciations=own)))
    assert "zebra" in tts.requests[-1].text
