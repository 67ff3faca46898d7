"""What listening and synthesis tell their caller while they work.

Times named `at_ms` on the listening side are audio time: ms of microphone audio since listening began; so they mean
the same in a test as in a talk. On the synthesis side they are ms from the first sample of the turn's audio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import SyrinxError


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """Someone began to speak; `speech_from_ms` lies before `at_ms`, by what the decision took."""

    at_ms: float
    speech_from_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTranscript:
    """The utterance as understood so far; replaces the one before."""

    at_ms: float
    text: str
    stable_chars: int = 0
    """So much of the beginning of `text` is not going to change any more."""
    engine: str = ""
    """Which ear understood it, where that was chosen among several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPaused:
    """The speaker went quiet and `text` is all that was said before: a reply may be prepared, but not yet be heard."""

    at_ms: float
    speech_until_ms: float
    text: str
    language: str = ""
    """As asked for, or as found out; empty where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResumed:
    """The speaker went on before the end of the turn was confirmed: a reply prepared meanwhile is void."""

    at_ms: float


EndReason = Literal["silence", "too_long", "released"]
"""`silence`: the speaker finished. `too_long`: the cap on one utterance. `released`: the client stopped listening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceEnded:
    """The turn is the other side's; `text` is final and may be empty (a noise, a cough)."""

    at_ms: float
    speech_until_ms: float
    text: str
    reason: EndReason
    transcript_took_ms: float
    """Wall-clock ms from the decision that the speaker has finished to the final transcript."""
    engine: str = ""
    language: str = ""
    """As asked for, or as found out; empty where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFailed:
    """The ear failed on this utterance; listening goes on with the next one."""

    at_ms: float
    error: SyrinxError


HearingEvent = SpeechStarted | PartialTranscript | SpeechPaused | SpeechResumed | UtteranceEnded | HearingFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word of a sentence as it sounds.

    `start_char` is where it stands in the text shown, None where what is spoken differs too much from what is shown.
    """

    text: str
    at_ms: float
    start_char: int | None
    read_for: tuple[int, int] | None = None
    """Where it has no place of its own: from where to where that stands which it, perhaps with others, is read for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceStarted:
    """The audio that follows speaks this segment of the reply. `text` is as shown, joined all of them are the reply."""

    index: int
    speaker: str
    text: str
    at_ms: float
    engine: str = ""
    """Which voice engine speaks it, where that was chosen among several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceWords:
    """Times of words of a sentence that has started, in order; more may follow. `exact` is false when estimated."""

    index: int
    words: tuple[SpokenWord, ...]
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceAudio:
    """The next audio, at the rate asked for; the pause after a sentence carries its index, behind its SentenceEnded."""

    index: int
    chunk: PcmChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEnded:
    """No more audio of this segment. With an `error` it broke off: what was said stays, the rest has no sound."""

    index: int
    at_ms: float
    error: SyrinxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSilent:
    """This segment has no sound: nothing in it is spoken (`error` None), or every engine failed on it."""

    index: int
    speaker: str
    text: str
    at_ms: float
    error: SyrinxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFellBack:
    """Another engine speaks from here on; said once per change."""

    engine: str
    error: SyrinxError


SynthesisEvent = SentenceStarted | SentenceWords | SentenceAudio | SentenceEnded | SentenceSilent | VoiceFellBack
