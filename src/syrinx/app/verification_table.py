"""Prints what `syrinx verify` found: for people a block per engine, for programs one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from syrinx.app.verification import Hearing, Speaking, Thinking, Verdict, Verification
from syrinx.engines.contract import Kind
from syrinx.speech.word_errors import WordErrors

_DOES: Final[dict[Kind, str]] = {"stt": "hearing", "tts": "speaking", "llm": "thinking", "vad": "noticing speech"}
_SIGNS: Final[dict[Verdict, str]] = {
    "good": "[green]good[/]",
    "attention": "[yellow]note[/]",
    "fails": "[red]fails[/]",
    "skipped": "[dim]skipped[/]",
}


def print_table(found: Sequence[Verification], *, console: Console) -> None:
    for number, each in enumerate(found):
        if number:
            console.print()
        name = f" [bold]{escape(each.engine)}[/]" if each.engine else ""
        title = f" [dim]{escape(each.title)}[/]" if each.title else ""
        console.print(f"{_SIGNS[each.verdict]} {_DOES[each.kind]}:{name}{title}", soft_wrap=True)
        console.print(f"  {escape(_sentence(each.says))}", soft_wrap=True)
        if each.remedy:
            console.print(f"  [cyan]{escape(each.remedy)}[/]", soft_wrap=True)
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
        table.add_column("what", style="dim")
        table.add_column("figure", overflow="fold")
        for what, figure in (*_in_words(each), *_figures(each)):
            table.add_row(what, escape(figure))
        if table.row_count:
            console.print(table)


def print_json(found: Sequence[Verification], *, console: Console) -> None:
    """`{"good": ..., "engines": [...]}`: `good` is false when one fails; figures that were not measured are null."""
    engines = [_plain(each) for each in found]
    whole = {"good": all(each.verdict != "fails" for each in found), "engines": engines}
    console.print_json(json.dumps(whole, ensure_ascii=False), ensure_ascii=False)


def _plain(found: Verification) -> dict[str, Any]:
    plain = asdict(found)
    match found.found:
        case Hearing() as hearing:
            plain["found"] |= {"errors": _counted(hearing.errors), "final_after_s": hearing.final_after_s}
            for clip, of in zip(plain["found"]["clips"], hearing.clips, strict=True):
                clip["errors"] = _counted(of.errors)
        case Speaking(round_trip=trip) if trip is not None:
            plain["found"]["round_trip"]["errors"] = _counted(trip.errors)
        case _:
            pass
    return plain


def _counted(errors: WordErrors) -> dict[str, float]:
    return {**asdict(errors), "wrong": errors.wrong, "rate": errors.rate}


def _in_words(found: Verification) -> Iterator[tuple[str, str]]:
    """What was said and understood, for people to judge for themselves."""
    match found.found:
        case Hearing(clips=clips):
            for clip in clips:
                yield "a person said", clip.said
                yield "it heard", clip.heard or "(nothing)"
        case Speaking() as speaking:
            yield "it said", speaking.text
            if speaking.round_trip is not None:
                yield f"{speaking.round_trip.ear} heard", speaking.round_trip.heard or "(nothing)"
            elif speaking.no_round_trip:
                yield "not checked by ear", speaking.no_round_trip
        case Thinking() as thinking:
            yield "it was asked", thinking.question
            yield "it answered", thinking.answer or "(nothing)"
        case None:
            pass


def _figures(found: Verification) -> Iterator[tuple[str, str]]:
    ability = found.ability
    match found.found:
        case Hearing() as hearing:
            if hearing.clips:
                yield "words wrong", _wrong(hearing.errors)
            if hearing.final_after_s is not None:
                yield "understood", f"{hearing.final_after_s:.2f} s after the last word, at most"
            if ability is not None and ability.real_time_factor is not None:
                yield "pace", f"{ability.real_time_factor:.2f} s of work for a second of speech"
        case Speaking() as speaking:
            if speaking.round_trip is not None:
                yield "words wrong", _wrong(speaking.round_trip.errors)
            if ability is not None:
                yield "first sound", f"after {ability.first_s:.2f} s"
                if ability.real_time_factor is not None:
                    yield "pace", f"{ability.real_time_factor:.2f} s of work for a second of speech"
            sound = speaking.sound
            yield (
                "sound",
                (
                    f"{sound.duration_s:.1f} s at {sound.level_dbfs:.0f} dB of full scale, "
                    f"{100 * sound.silent:.0f} % silence, {100 * sound.clipped:.1f} % cut off"
                ),
            )
            yield "voices", str(speaking.voices)
        case Thinking() as thinking:
            if ability is not None:
                yield "first words", f"after {ability.first_s:.2f} s"
                if ability.tokens_per_s is not None and not thinking.scripted:
                    yield "pace", f"{ability.tokens_per_s:.0f} tokens a second"
            yield "interrupted", f"ends within {thinking.cancel_s:.2f} s"
        case None:
            pass
    if found.load_s is not None:
        yield "loaded", f"in {found.load_s:.1f} s"
    if found.memory_bytes is not None:
        where = ", in a process of its own" if found.in_worker else ""
        yield "memory", f"{_megabytes(found.memory_bytes)}{where}"


def _wrong(errors: WordErrors) -> str:
    return f"{errors.wrong} of {errors.of} ({100 * errors.rate:.0f} %)"


def _megabytes(memory_bytes: int) -> str:
    return f"{memory_bytes / 1_000_000:.0f} MB" if memory_bytes >= 1_000_000 else "less than 1 MB"


def _sentence(says: str) -> str:
    return f"{says[:1].upper()}{says[1:]}{'' if says.endswith('.') else '.'}"
