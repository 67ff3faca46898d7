"""A person adds a voice in Chromium, hears it, talks with it and deletes it; afterwards nothing of it is left."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from syrinx.audio import PcmChunk, read_wav, resample, write_wav

from .conftest import OpenTalkPage, RunningServer, ServerStarter, human, script
from .wire import Wire, until, until_in_page

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

PATIENCE_MS = 60_000
"""The machine of the tests may be a slow one."""
LATE_S = 1.5
"""For how long the microphone of such a machine may speak before anybody records it."""
KEPT = ("voice_profiles", "voice_consents", "voice_conditionings", "voice_clone_sessions", "blobs")


@pytest.fixture
def own_server(start_server: ServerStarter) -> RunningServer:
    """One whose voices are this test's alone."""
    return start_server()


def open_voices(page: Page) -> None:
    page.click("#link-voices")
    expect(page.locator("#voices-title")).to_be_visible()
    expect(page.locator("#voices-none")).to_be_visible(timeout=PATIENCE_MS)
    page.click("#add-voice")


def record(page: Page, what: str, *, seconds: float) -> None:
    page.click(f"#{what}-record")
    expect(page.locator(f"#{what}-stop")).to_be_visible()
    page.wait_for_timeout(1000 * seconds)
    page.click(f"#{what}-stop")


def made(page: Page, name: str) -> Locator:
    expect(page.locator("#maker-done-title")).to_have_text(f"{name} is there", timeout=PATIENCE_MS)
    page.click("#maker-finish")
    return page.locator(".voice-card").filter(has=page.locator("h3", has_text=name))


def left_of(home: Path) -> dict[str, int]:
    """Rows in the database, by table, and files in the store of blobs."""
    with sqlite3.connect(home / "syrinx.db") as database:
        rows = {table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in KEPT}  # noqa: S608
    return rows | {"files": sum(1 for path in (home / "blobs").rglob("*") if path.is_file())}


def test_a_voice_is_recorded_cloned_heard_talked_with_and_deleted(
    own_server: RunningServer, open_talk_page: OpenTalkPage
) -> None:
    page = open_talk_page(own_server, script(0.3, human("LJ001-0004"), 0.6, human("LJ001-0008"), 20.0), barge_in=False)
    wire = Wire(page)
    page.reload()
    until_in_page(page, "document.body.dataset.state === 'idle'")
    open_voices(page)
    record(page, "maker", seconds=8.0)
    expect(page.locator("#maker-takes li")).to_have_count(1)
    # The recordings are of a woman who was asked long ago; nobody can have her read a phrase.
    page.check("#maker-whose [value=attested]")
    page.check("#consent-tick")
    page.fill("#maker-name", "Linda")
    page.click("#maker-create")
    card = made(page, "Linda")
    expect(card).to_contain_text("Approximate")
    expect(card.locator(".attested")).to_have_text("Consent on record, not verified")
    kept = left_of(own_server.log.parent)
    assert (kept["voice_profiles"], kept["voice_consents"]) == (1, 1)
    assert kept["files"] == kept["blobs"] >= 2

    card.get_by_role("button", name="Play the sample").click()
    expect(card.get_by_role("button", name="Pause the sample")).to_be_visible()

    card.get_by_role("button", name="Talk with").click()
    page.click("#link-talk")
    page.fill("#typed", "Good evening.")
    page.press("#typed", "Enter")
    until(page, lambda: bool(wire.of("audio_stream_stop")), "the end of the reply", timeout_s=60)
    assert wire.of("audio_stream_stop")[0]["reason"] == "finished"
    assert len(wire.sound) > 24_000

    voice_id = page.locator("#voice").input_value()
    assert re.fullmatch(r"voice_[0-9a-f]{12}", voice_id)
    page.click("#link-voices")
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator("#voices-none")).to_be_visible(timeout=PATIENCE_MS)
    assert left_of(own_server.log.parent) == dict.fromkeys((*KEPT, "files"), 0)
    gone = page.request.post(f"{own_server.address}/api/speech", data={"text": "Anybody?", "voice": voice_id})
    assert (gone.status, gone.json()["code"]) == (404, "unknown_voice")


def test_who_reads_the_phrase_aloud_has_a_verified_voice(
    own_server: RunningServer, open_talk_page: OpenTalkPage, tmp_path: Path
) -> None:
    """The reader is a voice of Flite's, which can say whatever is asked for: nobody can be had for that here."""
    reading = read_aloud(own_server, "The birch canoe slid on the smooth planks. Glue the sheet to the background.")
    page = open_talk_page(own_server, script(0.3, reading, 20.0), barge_in=False)
    open_voices(page)
    record(page, "maker", seconds=reading.duration_ms / 1000 + 0.8)
    expect(page.locator("#maker-takes li")).to_have_count(1)
    for _ in range(8):  # the embedded ear misses many a word of such a voice
        phrase = page.locator("#consent-phrase").inner_text()
        reading = read_aloud(own_server, phrase)
        # Chromium reads the file anew each time that the microphone is opened.
        write_wav(tmp_path / "microphone.wav", [resample(script(LATE_S, reading, 20.0), 48_000)])
        record(page, "consent", seconds=reading.duration_ms / 1000 + 2 * LATE_S)
        understood = page.locator("#consent-told", has_text="Understood")
        expect(understood.or_(page.locator("#consent-problem :visible").first)).to_be_visible(timeout=PATIENCE_MS)
        if understood.is_visible():
            break
        page.click("#consent-other")
        expect(page.locator("#consent-phrase")).not_to_have_text(phrase)
    expect(page.locator("#consent-told")).to_contain_text("your consent is recorded")
    assert page.locator("#consent-phrase ins").count() > page.locator("#consent-phrase del").count()
    page.fill("#maker-name", "The reader")
    page.click("#maker-create")
    card = made(page, "The reader")
    expect(card.locator(".verified")).to_have_text("Consent spoken aloud and understood")


def read_aloud(server: RunningServer, text: str) -> PcmChunk:
    order = {"text": text, "voice": "rms", "format": "wav"}
    answer = httpx.post(f"{server.address}/api/speech", json=order, timeout=60)
    if answer.status_code == 404:
        pytest.skip("NO FLITE: a spoken consent is NOT tested in the browser; apt install libflite1")
    return resample(read_wav(answer.raise_for_status().content), 16_000)
