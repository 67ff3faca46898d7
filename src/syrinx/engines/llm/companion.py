"""The companion: a small scripted listener that says plainly that no language model is configured.

It tells the time, counts, spells, does small sums, tells stories, repeats itself and otherwise gives back what it
heard. It never pretends to know. English fully; Spanish, French, German, Italian, Portuguese, Chinese, Japanese and
Hindi in a short set of phrases; English for any other language.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.llm.companion_script import english, phrases
from syrinx.engines.llm.companion_script.asian import ASIAN
from syrinx.engines.llm.companion_script.european import EUROPEAN
from syrinx.engines.llm.companion_script.talk import read_talk
from syrinx.engines.llm.contract import LanguageModel, LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.llm.deltas import word_deltas
from syrinx.engines.llm.request_check import check_request
from syrinx.errors import EngineUnavailable

_OTHER_LANGUAGES = {**EUROPEAN, **ASIAN}
LANGUAGES: tuple[str, ...] = ("en", *_OTHER_LANGUAGES)


def _local_now() -> datetime:
    return datetime.now(UTC).astimezone()


class Companion:
    """The same conversation at the same time of `now` gets the same reply, a word per delta and without delay.

    A script has neither models nor temperature: `request.model` and `request.temperature` make no difference to it.
    """

    def __init__(self, now: Callable[[], datetime] = _local_now) -> None:
        self._now = now

    @property
    def capabilities(self) -> LlmCapabilities:
        return LlmCapabilities(model="companion", is_language_model=False)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        check_request(request)
        talk = read_talk(request.messages, self._now())
        other = _OTHER_LANGUAGES.get(request.language.partition("-")[0].lower())
        text = english.reply(talk) if other is None else phrases.reply(talk, other)
        for count, word in enumerate(word_deltas(text), start=1):
            yield TextDelta(text=word)
            if count == request.max_tokens:
                return
            # Nothing here waits, so others would not be heard until the last word.
            await asyncio.sleep(0)


class CompanionProvider:
    info = EngineInfo(
        name="companion",
        kind="llm",
        title="The companion (a script, built in)",
        licence="Apache-2.0",
        max_active=1000,
        max_queued=1000,
    )

    def check(self, options: Options) -> Availability:
        if options:
            return Availability(available=False, reason=_no_options(options), remedy="leave its options empty")
        return Availability(available=True, facts={"languages": ", ".join(LANGUAGES)})

    def open(self, options: Options) -> AbstractAsyncContextManager[LanguageModel]:
        if options:
            raise EngineUnavailable(_no_options(options))
        return nullcontext(Companion())


def _no_options(options: Options) -> str:
    return f"the companion has no options, and '{next(iter(options))}' was given"


provider = CompanionProvider()
