"""When not to believe Whisper: it was trained on subtitles, and writes some where nothing, or little, was said."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from syrinx.engines.stt.local_agreement import TimedWord, same_word, text_of

NO_SPEECH: Final = 0.6
DOUBTFUL_LOGPROB: Final = -1.0
REPETITIVE: Final = 2.4
"""These three are the thresholds of OpenAI's own `transcribe`: no-speech probability, mean log probability of a token,
and size over compressed size."""
_WEAK_LOGPROB: Final = -0.6
_WEAK_NO_SPEECH: Final = 0.4
_GHOST_WORD_MS: Final = 120.0
"""Less voice for each word than this, and a phrase that Whisper likes to make up was not said."""
_WORDS_PER_S: Final = 8.0
"""Nobody speaks faster; two words more are allowed for."""
_MOST_REPEATS: Final = 3
_MOST_WORD_REPEATS: Final = 6
"""People do say "no" four times."""
_LONGEST_REPEATED: Final = 12

_GHOSTS: Final = frozenset(
    {
        "thank you",
        "thanks",
        "thank you very much",
        "thank you so much",
        "thank you for watching",
        "thanks for watching",
        "thank you so much for watching",
        "please subscribe",
        "please subscribe to my channel",
        "subscribe",
        "like and subscribe",
        "see you next time",
        "see you in the next video",
        "bye",
        "bye bye",
        "you",
        "the end",
        "so",
        "i'm sorry",
        "amara.org",
        "subtitles by the amara.org community",
        "subtitles by",
        "untertitel der amara.org-community",
        "untertitel im auftrag des zdf für funk 2017",
        "untertitelung des zdf 2020",
        "vielen dank",
        "vielen dank fürs zuschauen",
        "sous-titres réalisés par la communauté d'amara.org",
        "sous-titrage st' 501",
        "merci d'avoir regardé cette vidéo",
        "subtítulos realizados por la comunidad de amara.org",
        "gracias por ver el video",
        "sottotitoli creati dalla comunità amara.org",
        "sottotitoli e revisione a cura di qtss",
        "legendas pela comunidade amara.org",
        "продолжение следует",
        "субтитры сделал dimatorzok",
        "ご視聴ありがとうございました",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕由amara.org社区提供",
        "시청해주셔서 감사합니다",
    }
)
"""What the makers of subtitles write where nobody speaks, as users of Whisper report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One decoding of up to half a minute."""

    words: tuple[TimedWord, ...] = ()
    avg_logprob: float = 0.0
    """Mean natural logarithm of the probabilities of its tokens."""
    no_speech_prob: float = 0.0

    @property
    def text(self) -> str:
        return text_of(self.words)


def is_repetitive(hypothesis: Hypothesis) -> bool:
    """Whether the model seems to have got into a loop; decoding again in another way may help."""
    text = hypothesis.text.encode()
    too_even = len(text) > 60 and len(text) / len(zlib.compress(text)) > REPETITIVE
    return too_even or len(_once(hypothesis.words)) < len(hypothesis.words)


def believed(hypothesis: Hypothesis, *, voiced_ms: float) -> Hypothesis:
    """What of it was probably said, given for how long somebody's voice was heard; perhaps nothing."""
    words = _once(hypothesis.words)
    nothing = replace(hypothesis, words=())
    if hypothesis.no_speech_prob > NO_SPEECH and hypothesis.avg_logprob < DOUBTFUL_LOGPROB:
        return nothing
    count = len(text_of(words).split())
    if count > 2 + _WORDS_PER_S * voiced_ms / 1000:
        return nothing
    weak = (
        hypothesis.no_speech_prob > _WEAK_NO_SPEECH
        or hypothesis.avg_logprob < _WEAK_LOGPROB
        or voiced_ms < _GHOST_WORD_MS * max(count, 2)
    )
    if weak and text_of(words).casefold().strip(" .,!?。！…") in _GHOSTS:
        return nothing
    return hypothesis if len(words) == len(hypothesis.words) else replace(hypothesis, words=words)


def _once(words: tuple[TimedWord, ...]) -> tuple[TimedWord, ...]:
    """Phrases and words that come more often in a row than anybody says them, once."""
    kept: list[TimedWord] = []
    at = 0
    while at < len(words):
        length, times = _repeated(words, at)
        kept += words[at : at + length]
        at += length * times
    return tuple(kept)


def _repeated(words: Sequence[TimedWord], at: int) -> tuple[int, int]:
    """The phrase that begins there and how often it stands in a row; (1, 1) where nothing is repeated too often."""
    for length in range(1, min(_LONGEST_REPEATED, len(words) - at) + 1):
        times = 1
        while _equal(words[at : at + length], words[at + times * length : at + (times + 1) * length]):
            times += 1
        if times > (_MOST_REPEATS if length > 1 else _MOST_WORD_REPEATS):
            return length, times
    return 1, 1


def _equal(one: Sequence[TimedWord], other: Sequence[TimedWord]) -> bool:
    return len(one) == len(other) and all(same_word(a.text, b.text) for a, b in zip(one, other, strict=True))
