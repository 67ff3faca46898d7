"""Narrations that were made are kept within a bound."""

from __future__ import annotations

from syrinx.audio import PcmChunk
from syrinx.speech.narration import NarratedSound, NarratedWord, NarratedWords, NarrationEvent, SentenceDone
from syrinx.speech.speech_cache import LARGEST_SHARE, SpeechCache, event_bytes


def sound(size: int = 1000) -> NarratedSound:
    return NarratedSound(chunk=PcmChunk(pcm=bytes(size), sample_rate_hz=24_000))


def events() -> tuple[NarrationEvent, ...]:
    return (sound(),)


def test_what_was_kept_is_given_back() -> None:
    cache = SpeechCache(1000)
    made = events()
    cache.put(b"a", made, 200)
    assert cache.get(b"a") is made
    assert cache.get(b"b") is None


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    cache = SpeechCache(1000)
    for key in (b"a", b"b", b"c", b"d"):
        cache.put(key, events(), 250)
    cache.get(b"a")
    cache.put(b"e", events(), 250)
    assert [key for key in (b"a", b"b", b"c", b"d", b"e") if cache.get(key)] == [b"a", b"c", b"d", b"e"]
    assert cache.size_bytes == 1000


def test_one_that_would_put_out_most_others_is_not_kept() -> None:
    cache = SpeechCache(1000)
    cache.put(b"a", events(), 1000 // LARGEST_SHARE)
    cache.put(b"b", events(), 1000 // LARGEST_SHARE + 1)
    assert cache.get(b"a") is not None
    assert cache.get(b"b") is None


def test_the_same_kept_again_counts_once() -> None:
    cache = SpeechCache(1000)
    cache.put(b"a", events(), 100)
    cache.put(b"a", events(), 150)
    assert (len(cache), cache.size_bytes) == (1, 150)
    cache.drop(b"a")
    cache.drop(b"a")
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = SpeechCache(0)
    cache.put(b"a", events(), 1)
    assert len(cache) == 0


def test_sound_and_words_weigh_what_they_hold() -> None:
    words = tuple(NarratedWord(text="word", at_ms=0.0, start_char=0) for _ in range(10))
    assert event_bytes(sound(5000)) - event_bytes(sound(1000)) == 4000
    assert event_bytes(NarratedWords(index=0, words=words, exact=True)) > event_bytes(
        NarratedWords(index=0, words=words[:1], exact=True)
    )
    assert event_bytes(SentenceDone(index=0, at_ms=0.0)) > 0
