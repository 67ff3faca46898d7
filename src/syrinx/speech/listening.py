"""One microphone: frames go in, what was heard and when comes out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.vad.contract import VadStream
from syrinx.speech.events import HearingEvent
from syrinx.speech.rules import EndpointingRules


def _no_hotwords() -> tuple[str, ...]:
    return ()


class Listener:
    """Hears one microphone for as long as `events` is read; used from one event loop.

    The caller keeps and closes `vad`; `stt` may carry time-outs of its own, a watchdog here does not rely on them.
    `language` and `hotwords` are asked at the beginning of every utterance.
    """

    def __init__(
        self,
        *,
        vad: VadStream,
        stt: SpeechToText,
        language: Callable[[], str],
        rules: EndpointingRules | None = None,
        hotwords: Callable[[], tuple[str, ...]] = _no_hotwords,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        raise NotImplementedError

    def feed(self, chunk: PcmChunk) -> None:
        """Take microphone audio, 16 kHz, of any length; never blocks.

        Raises BadAudio on another rate, RateLimited (and drops the chunk) when 10 s are waiting already.
        """
        raise NotImplementedError

    def release(self) -> None:
        """The client has stopped listening: end the utterance under way now; UtteranceEnded("released") answers.

        Audio fed before this is heard first. Without an utterance under way nothing happens.
        """
        raise NotImplementedError

    def discard(self) -> None:
        """Forget the utterance under way and the audio waiting: no event about it follows."""
        raise NotImplementedError

    def events(self) -> AsyncGenerator[HearingEvent, None]:
        """What is heard, in order, until closed; may be read once. Closing it ends every transcription under way."""
        raise NotImplementedError
