"""How much a database keeps and finds in a second, and how that is after a million messages.

`store.py [--all]`: each kind of database that is there, in a database of this run's own; growth on SQLite alone, or,
with --all, on each of them. Everything goes through what the server itself uses: `Voices` and `History`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from syrinx.conversation.history import History
from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.conversation.memory import Remembered
from syrinx.storage import Database, open_blobs, open_database
from syrinx.voices.profile import VoiceSettings
from syrinx.voices.repository import Voices, open_voices
from syrinx.voices.tables import VoiceConsentRow, VoiceProfileRow

SERVERS = ("postgresql+psycopg://root@127.0.0.1/test", "mysql+asyncmy://root@127.0.0.1/test")
WRITERS = (1, 8)
GROWTH = (1_000, 100_000, 1_000_000)
USERS = 20
MESSAGES_EACH = 50
"""In one conversation."""
PAGE = 30
BULK = 5_000
STORY = "the kettle sings on the old stove while rain runs down the window and nobody minds how late it has become"
WORDS = tuple(STORY.split())
NOW = datetime(2024, 1, 1, tzinfo=UTC)
PAGE_GOAL_MS = 20.0
SEARCH_GOAL_MS = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One database with what the server has on it."""

    name: str
    database: Database
    voices: Voices
    history: History


@asynccontextmanager
async def own_database(server: str) -> AsyncGenerator[str, None]:
    """The address of a new one on that server, dropped afterwards."""
    name = f"syrinx_bench_{os.getpid()}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            async with engine.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name}"))
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_store(name: str, url: str, folder: Path) -> AsyncGenerator[Store, None]:
    async with (
        open_database(url) as database,
        open_blobs(folder / f"blobs of {name}") as blobs,
        open_voices(database, blobs) as voices,
    ):
        yield Store(name=name, database=database, voices=voices, history=History(database))


def profile_rows(number: int) -> tuple[VoiceProfileRow, VoiceConsentRow]:
    """A profile and its consent, as a clone keeps them."""
    profile = VoiceProfileRow(
        user_id=f"user{number % USERS}",
        voice_id=f"voice_{number:012x}",
        voice_name="Ann",
        reference_audio_path=f"sample/00/{number:032x}",
        voice_model_path=None,
        created_at=NOW,
        updated_at=NOW,
        last_used_at=None,
        is_active=True,
        is_verified=False,
        settings=asdict(VoiceSettings()),
        language="en",
        transcript=STORY,
        duration_ms=12_345.6,
        pitch_hz=201.2,
        pace=4.1,
        advice=[],
        engine="",
        sample_text=STORY,
        sample_audio_path=None,
        source="page",
    )
    consent = VoiceConsentRow(
        consent_id=f"{number:032x}",
        user_id=profile.user_id,
        kind="attested",
        name="Ann",
        language="en",
        statement=STORY,
        heard="",
        agreement=None,
        scope="voice cloning",
        terms_version="1",
        recording_path=None,
        evidence_sha256="0" * 64,
        recorded_at=NOW,
        revoked_at=None,
    )
    return profile, consent


def said(turn: int) -> list[Remembered]:
    """A turn: what the person said, and the reply."""
    asked, answered = " ".join(WORDS[turn % 7 :]), " ".join(WORDS[turn % 5 :])
    return [
        Remembered(turn=turn, role="user", speaker="", text=asked, heard=asked),
        Remembered(turn=turn, role="assistant", speaker="Wren", text=answered, heard=answered),
    ]


async def per_second(work: Callable[[int], Awaitable[None]], *, writers: int, seconds: float) -> float:
    """How often the work is done in a second by so many at once."""
    numbers = itertools.count()
    began = time.perf_counter()
    done = 0

    async def go_on() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await work(next(numbers))
            done += 1

    await asyncio.gather(*(go_on() for _ in range(writers)))
    return done / (time.perf_counter() - began)


async def pace_row(store: Store, writers: int, seconds: float, table: Table) -> None:
    first = writers * 1_000_000  # no number twice
    written: list[int] = []

    async def write_profile(number: int) -> None:
        profile, consent = profile_rows(first + number)
        async with store.database.transaction() as session:
            session.add(profile)
            await session.flush()
            consent.voice_profile_id = profile.id
            session.add(consent)
        written.append(first + number)

    async def read_profile(number: int) -> None:
        wanted = written[number % len(written)]
        await store.voices.get(f"user{wanted % USERS}", f"voice_{wanted:012x}")

    async def write_turn(number: int) -> None:
        # Each talk is its own, as each socket is.
        talk, turn = number % writers, number // writers
        await store.history.keep("ann", f"talk-{writers}-{talk}", language="en", remembered=said(turn))

    async def read_page(number: int) -> None:
        await store.history.get("ann", f"talk-{writers}-{number % writers}", limit=PAGE)

    profiles = await per_second(write_profile, writers=writers, seconds=seconds)
    found = await per_second(read_profile, writers=writers, seconds=seconds)
    turns = await per_second(write_turn, writers=writers, seconds=seconds)
    pages = await per_second(read_page, writers=writers, seconds=seconds)
    table.add_row(
        store.name, str(writers), f"{profiles:.0f}", f"{found:.0f}", f"{2 * turns:.0f}", f"{PAGE * pages:.0f}"
    )


async def grow(store: Store, have: int, want: int) -> None:
    """As many messages as that, in conversations of all users; one message in a thousand has the rare word."""
    first, last = have // MESSAGES_EACH, want // MESSAGES_EACH
    for some in itertools.count(first, BULK // MESSAGES_EACH):
        numbers = range(some, min(last, some + BULK // MESSAGES_EACH))
        if not numbers:
            return
        conversations = [
            {
                "conversation_id": f"grown-{number:08}",
                "user_id": f"user{number % USERS}",
                "title": " ".join(WORDS[:5]),
                "language": "en",
                "created_at": NOW,
                "updated_at": NOW + timedelta(seconds=number),
            }
            for number in numbers
        ]
        messages = [
            {
                "message_id": f"{number:08}-{place:08}",
                "conversation_id": f"grown-{number:08}",
                "turn": place // 2,
                "role": ("user", "assistant")[place % 2],
                "speaker": ("", "Wren")[place % 2],
                "text": story(number * MESSAGES_EACH + place),
                "heard": story(number * MESSAGES_EACH + place),
                "created_at": NOW,
            }
            for number in numbers
            for place in range(MESSAGES_EACH)
        ]
        async with store.database.transaction() as session:
            await session.execute(insert(ConversationRow), conversations)
            await session.execute(insert(MessageRow), messages)


def story(number: int) -> str:
    rare = " nightingale" if number % 997 == 7 else ""
    return " ".join(WORDS[number % 9 :]) + rare


async def median_ms(work: Callable[[int], Awaitable[object]], repeats: int) -> float:
    times: list[float] = []
    for number in range(repeats):
        began = time.perf_counter()
        await work(number)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


async def growth_row(store: Store, messages: int, table: Table) -> None:
    conversations = messages // MESSAGES_EACH

    async def page(number: int) -> object:
        wanted = number * 7919 % conversations
        return await store.history.get(f"user{wanted % USERS}", f"grown-{wanted:08}", limit=PAGE)

    async def listing(number: int) -> object:
        return await store.history.list(f"user{number % USERS}")

    async def rare(number: int) -> object:
        return await store.history.search(f"user{number % USERS}", "nightingale")

    async def absent(number: int) -> object:
        return await store.history.search(f"user{number % USERS}", "crocodile")

    async def keep(number: int) -> object:
        return await store.history.keep("user0", "grown-00000000", language="en", remembered=said(100 + number))

    keeping_ms, page_ms, list_ms = [await median_ms(work, 50) for work in (keep, page, listing)]
    rare_ms, absent_ms = [await median_ms(work, 5) for work in (rare, absent)]
    table.add_row(
        store.name,
        f"{messages:,}",
        f"{keeping_ms:.1f}",
        f"{page_ms:.1f}",
        f"{list_ms:.1f}",
        f"{rare_ms:.0f}",
        f"{absent_ms:.0f}",
    )


async def measure(servers: list[str], *, every: bool, growth: list[int], seconds: float) -> list[Table]:
    pace = Table(title=f"Kept and found in a second ({seconds:g} s each)")
    for column in ("database", "at once", "profiles written", "profiles read", "messages written", "messages read"):
        pace.add_column(column, justify="left" if column == "database" else "right")
    grown = Table(
        title=f"Milliseconds after so many messages of {USERS} people "
        f"(goals: a page {PAGE_GOAL_MS:g}, a search {SEARCH_GOAL_MS:g})"
    )
    for column in ("database", "messages", "keep a turn", f"page of {PAGE}", "list", "search: rare", "search: absent"):
        grown.add_column(column, justify="left" if column == "database" else "right")
    with tempfile.TemporaryDirectory(prefix="syrinx-store-") as name:
        folder = Path(name)
        for url in (f"sqlite:///{folder / 'syrinx.db'}", *servers):
            kind = make_url(url).get_backend_name()
            async with AsyncExitStack() as stack:
                try:
                    own = url if kind == "sqlite" else await stack.enter_async_context(own_database(url))
                except SQLAlchemyError as error:
                    Console().print(f"no {kind} here: {str(error).splitlines()[0]}")
                    continue
                store = await stack.enter_async_context(open_store(kind, own, folder))
                for writers in WRITERS:
                    await pace_row(store, writers, seconds, pace)
                have = 0
                for messages in growth if every or kind == "sqlite" else []:
                    await grow(store, have, messages)
                    have = messages
                    await growth_row(store, messages, grown)
    return [pace, grown]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", action="store_true", help="growth on every database, and not on SQLite alone")
    arguments.add_argument("--server", nargs="*", default=list(SERVERS), metavar="URL", help="servers to be measured")
    arguments.add_argument("--growth", nargs="+", type=int, default=list(GROWTH), metavar="MESSAGES")
    arguments.add_argument("--seconds", type=float, default=2.0, help="for each pace")
    given = arguments.parse_args()
    for table in asyncio.run(measure(given.server, every=given.all, growth=given.growth, seconds=given.seconds)):
        Console().print(table)


if __name__ == "__main__":
    main()
