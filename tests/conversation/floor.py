"""Turn-taking as tests read it: short names for what is told, short lines for what is to be done."""

from __future__ import annotations

import dataclasses
from typing import Any

from syrinx.conversation.turn_actions import Action
from syrinx.conversation.turn_events import (
    ListeningWanted,
    ReplyShown,
    Tick,
    TurnEvent,
    TurnRules,
)
from syrinx.conversation.turn_taking import TurnTaking
from syrinx.errors import EngineError
from syrinx.speech.events import (
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)

STARTED = SpeechStarted(at_ms=0, speech_from_ms=0)
RESUMED = SpeechResumed(at_ms=0)
LISTEN = ListeningWanted(wanted=True)
DO_NOT_LISTEN = ListeningWanted(wanted=False)
LOST = EngineError("lost")


def words(text: str) -> PartialTranscript:
    return PartialTranscript(at_ms=0, text=text)


def paused(text: str) -> SpeechPaused:
    return SpeechPaused(at_ms=0, speech_until_ms=0, text=text)


def ended(text: str) -> UtteranceEnded:
    return UtteranceEnded(at_ms=0, speech_until_ms=0, text=text, reason="silence", transcript_took_ms=0)


class Floor:
    """A TurnTaking with a clock of its own; actions are read as short lines."""

    def __init__(self, *, barge_in: bool = False, **rules: Any) -> None:
        self.turns = TurnTaking(rules=TurnRules(**rules), barge_in=barge_in)
        self.now_ms = 0.0

    def after(self, wait_ms: float) -> Floor:
        self.now_ms += wait_ms
        return self

    def tell(self, *events: TurnEvent) -> list[str]:
        return [line(action) for event in events for action in self.turns.handle(event, self.now_ms)]

    def tick(self, wait_ms: float) -> list[str]:
        """Let time pass as a shell would: Ticks come at the deadlines."""
        until_ms = self.now_ms + wait_ms
        lines: list[str] = []
        while (due_ms := self.turns.deadline_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            lines += self.tell(Tick())
        self.now_ms = until_ms
        return lines

    def ask(self, text: str = "what is the time") -> int:
        """Have something said and its reply begin to be made; gives the reply's number."""
        lines = self.tell(STARTED, ended(text))
        return int(next(part for part in lines if part.startswith("commit")).split()[1].rstrip(":"))

    def speaking(self, text: str = "what is the time") -> int:
        reply = self.ask(text)
        self.tell(ReplyShown(reply=reply, audible=True))
        return reply


def line(action: Action) -> str:
    values: dict[str, Any] = {field.name: getattr(action, field.name) for field in dataclasses.fields(action)}
    match type(action).__name__:
        case "ShowState":
            return f"state {values['state']}" + (" heard" if values["listening"] else "")
        case "ShowTranscript":
            return f"{'final' if values['final'] else 'partial'} {values['turn']}: {values['text']}"
        case "SetEar":
            return "ear on" if values["open"] else "ear off"
        case "PrepareReply" | "CommitReply":
            return (
                f"{'prepare' if 'Prepare' in type(action).__name__ else 'commit'} {values['reply']}: {values['text']}"
            )
        case "StopReply":
            return f"stop {values['reply']} {values['reason']}" + ("" if values["audible"] else " unheard")
        case "HoldReply" | "ResumeReply":
            name = "hold" if "Hold" in type(action).__name__ else "resume"
            return f"{name} {values['reply']}" + ("" if values["audible"] else " unheard")
        case "BeginAudio":
            return f"audio {values['reply']}"
        case "DiscardReply":
            return f"discard {values['reply']}"
        case "ReportFailure":
            return f"failure {values['turn']} {values['error'].code}"
        case name:
            return name
