"""How much time and CPU a turn costs beyond its engines: many talks in one process, fake engines at fixed paces.

Run with `python bench/turns.py [--quick]`. Goals: time to first audio over the ideal p95 <= 5 ms at 50 talks and
<= 15 ms at 200, CPU <= 12 ms per turn; with a slow voice no dead air inside the reply, and the first clause at least
150 ms ahead of the whole first sentence. The loop's own lateness is shown beside it: on a machine that is busy with
other things it is what one sees. Runs on uvloop, as the server does.

The fake engines and players are timers, a few hundred per turn, and a processor that is woken from idling for each of
them pays for that (some 100 us in a virtual machine). So the same engines and players are also run without Syrinx
between them, before and after the talks; the CPU that a turn costs is what the talks take more.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import uvloop
from rich.console import Console
from rich.table import Table

from syrinx.audio.pcm import chunk_of
from syrinx.conversation import Conversation, ConversationSettings, FallbackVoice, open_conversations
from syrinx.conversation.events import AudioOut, AudioSent, AudioStarted, AudioStopped
from syrinx.engines.llm.contract import LlmCapabilities, Message, ReplyRequest, TextDelta
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TtsCapabilities, Voice, WordTime
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.text import SentenceSegmenter

REPLY = (
    "Well, the tide comes in twice a day, and it goes out twice as well, because the moon pulls at the sea. "
    "That is nearly all there is to it."
)
TOKENS = tuple(re.findall(r"\S+\s*", REPLY))
FIRST_TOKEN_S = 0.2
TOKEN_S = 0.025
CHUNK_MS = 60.0
CHAR_MS = 45.0
RATE_HZ = 24_000


class PacedModel:
    """200 ms to the first token, 25 ms to each further one, counted from the request so that delays do not add up."""

    capabilities = LlmCapabilities(model="paced")

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + FIRST_TOKEN_S
        for token in TOKENS:
            await asyncio.sleep(due_s - loop.time())
            due_s += TOKEN_S
            yield TextDelta(text=token)


class PacedVoice:
    """A steady tone per word, made ahead so that the bench does not measure its making."""

    capabilities = TtsCapabilities(sample_rate_hz=RATE_HZ, languages=("en",), word_times=True)
    voices: Sequence[Voice] = ()

    def __init__(self, *, first_chunk_s: float, real_time_factor: float) -> None:
        self._first_chunk_s = first_chunk_s
        self._chunk_s = real_time_factor * CHUNK_MS / 1000

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._first_chunk_s
        for chunk in sound_of(request.text):
            if (wait_s := due_s - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            due_s += self._chunk_s
            yield chunk


@lru_cache(maxsize=64)
def sound_of(text: str) -> tuple[SpeechChunk, ...]:
    per_chunk = round(CHUNK_MS * RATE_HZ / 1000)
    count = max(1, round(len(text) * CHAR_MS / CHUNK_MS))
    tone = (8000 * np.sin(np.arange(per_chunk) * (2 * np.pi * 200 / RATE_HZ))).astype(np.int16)
    audio = chunk_of(tone, sample_rate_hz=RATE_HZ)
    words = [
        WordTime(text=found.group(), start_char=found.start(), start_ms=found.start() * CHAR_MS)
        for found in re.finditer(r"\w+", text)
    ]
    return tuple(
        SpeechChunk(
            audio=audio,
            words=tuple(word for word in words if number * CHUNK_MS <= word.start_ms < (number + 1) * CHUNK_MS),
        )
        for number in range(count)
    )


class PacedEngines:
    def __init__(self, voice: PacedVoice) -> None:
        self._model = PacedModel()
        self._voice = voice

    @asynccontextmanager
    async def llm(self, name: str) -> AsyncGenerator[PacedModel, None]:
        yield self._model

    @asynccontextmanager
    async def tts(self, name: str) -> AsyncGenerator[PacedVoice, None]:
        yield self._voice

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        yield None

    @asynccontextmanager
    async def stt(self, name: str) -> AsyncGenerator[SpeechToText, None]:
        raise NotImplementedError("these talks are typed")
        yield

    @asynccontextmanager
    async def vad(self) -> AsyncGenerator[VoiceActivityDetector, None]:
        raise NotImplementedError("these talks are typed")
        yield

    async def check(self, settings: ConversationSettings) -> None:
        pass


@dataclass(slots=True)
class Measured:
    first_audio_ms: list[float] = field(default_factory=list[float])
    dead_air_ms: list[float] = field(default_factory=list[float])
    """Per reply: time inside it in which the player had nothing to play."""
    late_ms: list[float] = field(default_factory=list[float])
    """How late a timer of this process fires, measured beside the talks."""


def first_segment_at_ms(*, first_clause: bool) -> float:
    """When the token comes that completes the first segment."""
    segmenter = SentenceSegmenter(first_clause=first_clause)
    for number, token in enumerate(TOKENS):
        if segmenter.feed(token):
            return 1000 * (FIRST_TOKEN_S + number * TOKEN_S)
    raise AssertionError("the reply has no first segment")


async def hold_talk(conversation: Conversation, *, turns: int, delay_s: float, measured: Measured) -> None:
    """One person who types, listens to the reply in real time, reporting five times a second, and types again."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(delay_s)
    turn = 0
    asked_s = began_s = received_ms = 0.0
    dead_ms = 0.0
    reports: asyncio.TimerHandle | None = None

    def report() -> None:
        nonlocal reports
        conversation.played(turn, min(received_ms, 1000 * (loop.time() - began_s) - dead_ms))
        reports = loop.call_later(0.2, report)

    events = conversation.events()
    asked_s = loop.time()
    conversation.say("What do you know of the sea?")
    async for event in events:
        match event:
            case AudioOut(chunk=chunk):
                now_s = loop.time()
                if not received_ms:
                    began_s = now_s
                    measured.first_audio_ms.append(1000 * (now_s - asked_s))
                    report()
                elif (late_ms := 1000 * (now_s - began_s) - dead_ms - received_ms) > 0:
                    dead_ms += late_ms
                received_ms += chunk.duration_ms
            case AudioStarted():
                turn = event.turn
                received_ms = dead_ms = 0.0
            case AudioSent():
                measured.dead_air_ms.append(dead_ms)
            case AudioStopped():
                assert event.reason == "finished"
                if reports is not None:
                    reports.cancel()
                turns -= 1
                if not turns:
                    break
                await asyncio.sleep(0.3)
                asked_s = loop.time()
                conversation.say("And what else?")
            case _:
                pass
    await events.aclose()


async def play_alone(voice: PacedVoice, *, turns: int, delay_s: float) -> None:
    """What `hold_talk` and the engines behind it do, without a conversation between them."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(delay_s)
    for _ in range(turns):
        segmenter = SentenceSegmenter()
        spoken: list[asyncio.Task[float]] = []
        async with asyncio.TaskGroup() as tasks:
            request = ReplyRequest(messages=(Message(role="user", text="What do you know of the sea?"),))
            async for delta in PacedModel().reply(request):
                spoken += [tasks.create_task(_spoken_ms(voice, one.text)) for one in segmenter.feed(delta.text)]
            spoken += [tasks.create_task(_spoken_ms(voice, one.text)) for one in segmenter.flush()]
            began_s = loop.time()
        left_s = began_s + sum(task.result() for task in spoken) / 1000 - loop.time()
        for _ in range(math.ceil(left_s / 0.2)):
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.3)


async def _spoken_ms(voice: PacedVoice, text: str) -> float:
    return sum([chunk.audio.duration_ms async for chunk in voice.synthesize(SpeechRequest(text=text))])


async def watch_lateness(measured: Measured) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + 0.1
        await asyncio.sleep(0.1)
        measured.late_ms.append(1000 * (loop.time() - due_s))


async def measure(*, talks: int, turns: int, voice: PacedVoice, spread_s: float = 5.0) -> tuple[Measured, float]:
    """Hold so many talks of so many turns at once; gives the times and the CPU ms per turn, this harness included."""
    measured = Measured()
    engines = PacedEngines(voice)
    chance = random.Random(7)  # noqa: S311 - spreads the starts, nothing secret
    async with open_conversations() as conversations:
        began_s = time.process_time()
        watch = asyncio.create_task(watch_lateness(measured))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(talks):
                conversation = conversations.create(lambda: Conversation(engines=engines))
                delay_s = 0.0 if talks == 1 else chance.uniform(0.0, spread_s)
                tasks.create_task(hold_talk(conversation, turns=turns, delay_s=delay_s, measured=measured))
        watch.cancel()
    return measured, 1000 * (time.process_time() - began_s) / (talks * turns)


async def measure_alone(*, talks: int, turns: int, voice: PacedVoice) -> float:
    """CPU ms per turn of `measure` without Syrinx."""
    chance = random.Random(7)  # noqa: S311 - as in measure
    spread_s = 0.0 if talks == 1 else 5.0
    began_s = time.process_time()
    watch = asyncio.create_task(watch_lateness(Measured()))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(talks):
            tasks.create_task(play_alone(voice, turns=turns, delay_s=chance.uniform(0.0, spread_s)))
    watch.cancel()
    return 1000 * (time.process_time() - began_s) / (talks * turns)


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(np.array(values), share))


async def warm_up() -> None:
    """A turn up to its first sound: what a server loads with its first turn is not what a turn costs."""
    voice = PacedVoice(first_chunk_s=0.0, real_time_factor=0.0)
    async with open_conversations() as conversations:
        conversation = conversations.create(lambda: Conversation(engines=PacedEngines(voice)))
        conversation.say("What do you know of the sea?")
        async with aclosing(conversation.events()) as events:
            async for event in events:
                if isinstance(event, AudioOut):
                    return


def quick_table(console: Console) -> None:
    ideal_ms = first_segment_at_ms(first_clause=True) + 250
    voice = PacedVoice(first_chunk_s=0.25, real_time_factor=0.05)
    measured, all_ms = uvloop.run(measure(talks=50, turns=1, voice=voice, spread_s=2.0))
    p95_ms = percentile([took_ms - ideal_ms for took_ms in measured.first_audio_ms], 95)
    console.print(
        f"50 talks: first audio over the ideal p95 {p95_ms:.1f} ms, goal <= 5: {'met' if p95_ms <= 5 else 'MISSED'}; "
        f"CPU per turn {all_ms:.1f} ms, its fake engines and players included (the full bench takes them off)"
    )


def overhead_table(console: Console, *, levels: Sequence[int], turns: int) -> None:
    ideal_ms = first_segment_at_ms(first_clause=True) + 250
    table = Table(title=f"Time to first audio over the ideal of {ideal_ms:.0f} ms")
    columns = (
        "talks",
        "turns",
        "p50 ms",
        "p95 ms",
        "CPU ms a turn",
        "all",
        "without Syrinx",
        "timers late p95",
        "goal",
    )
    for column in columns:
        table.add_column(column, justify="right")
    goals = {50: 5.0, 200: 15.0}
    for talks in levels:
        voice = PacedVoice(first_chunk_s=0.25, real_time_factor=0.05)
        alone_ms = uvloop.run(measure_alone(talks=talks, turns=1, voice=voice))
        measured, all_ms = uvloop.run(measure(talks=talks, turns=turns, voice=voice))
        alone_ms = (alone_ms + uvloop.run(measure_alone(talks=talks, turns=1, voice=voice))) / 2
        cpu_ms = all_ms - alone_ms
        over = [took_ms - ideal_ms for took_ms in measured.first_audio_ms]
        p95_ms = percentile(over, 95)
        goal_ms = goals.get(talks)
        met = cpu_ms <= 12 and (goal_ms is None or p95_ms <= goal_ms)
        verdict = ("" if goal_ms is None else f"p95 <= {goal_ms:.0f}, ") + "CPU <= 12: " + ("met" if met else "MISSED")
        table.add_row(
            str(talks),
            str(len(over)),
            f"{percentile(over, 50):.1f}",
            f"{p95_ms:.1f}",
            f"{cpu_ms:.1f}",
            f"{all_ms:.1f}",
            f"{alone_ms:.1f}",
            f"{percentile(measured.late_ms, 95):.1f}",
            verdict,
        )
    console.print(table)


def slow_voice_table(console: Console, *, talks: int) -> None:
    voice = PacedVoice(first_chunk_s=0.8, real_time_factor=0.9)
    measured, _ = uvloop.run(measure(talks=talks, turns=1, voice=voice))
    sentence_ms = first_segment_at_ms(first_clause=False) + 800
    ahead_ms = sentence_ms - percentile(measured.first_audio_ms, 50)
    dead_ms = max(measured.dead_air_ms)
    table = Table(title=f"A slow voice (first chunk 0.8 s, RTF 0.9), {talks} talks")
    for column in ("", "ms", "goal"):
        table.add_column(column, justify="right")
    table.add_row(
        "dead air inside the reply, worst", f"{dead_ms:.0f}", "0 (10: jitter): " + ("met" if dead_ms < 10 else "MISSED")
    )
    verdict = ">= 150: " + ("met" if ahead_ms >= 150 else "MISSED")
    table.add_row("first clause ahead of the whole first sentence", f"{ahead_ms:.0f}", verdict)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer talks and turns, under 20 s")
    quick = bool(parser.parse_args().quick)
    console = Console(width=120)
    uvloop.run(warm_up())
    if quick:
        quick_table(console)
    else:
        overhead_table(console, levels=(1, 50, 200), turns=2)
    slow_voice_table(console, talks=1 if quick else 5)


if __name__ == "__main__":
    main()
