"""What is known of what is being said beside the words: who understood them, what is certain, in which language."""

from __future__ import annotations

from syrinx.conversation.events import TranscriptUpdated
from syrinx.engines.stt.contract import DETECT
from syrinx.speech.events import HearingEvent, PartialTranscript, SpeechPaused, UtteranceEnded


class Understanding:
    """`chosen` is the talk's language, or DETECT; then the talk goes by `assumed` until something was understood."""

    def __init__(self, chosen: str, *, assumed: str) -> None:
        self.chosen = chosen
        self._assumed = assumed
        self._last: PartialTranscript | UtteranceEnded | None = None

    @property
    def language(self) -> str:
        """The language of the reply: as chosen, or as the person last spoke."""
        return self._assumed if self.chosen == DETECT else self.chosen

    def hear(self, event: HearingEvent) -> None:
        if isinstance(event, PartialTranscript | UtteranceEnded):
            self._last = event
        if isinstance(event, SpeechPaused | UtteranceEnded) and event.text and event.language:
            self._assumed = event.language

    def transcript(self, turn: int, text: str, *, final: bool) -> TranscriptUpdated:
        """`text` ends with what was understood last; before it may stand what the same turn held already."""
        last = self._last
        stable_chars = len(text) if final else 0
        if isinstance(last, PartialTranscript) and not final and text.endswith(last.text):
            stable_chars = len(text) - len(last.text) + last.stable_chars
        return TranscriptUpdated(
            turn=turn,
            text=text,
            final=final,
            stable_chars=stable_chars,
            engine="" if last is None else last.engine,
            language=last.language if final and isinstance(last, UtteranceEnded) else "",
        )
