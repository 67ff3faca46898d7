"""Speak and Listen against the running server: a text becomes sound and subtitles, a person's recording words."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Download, Page, expect

from syrinx.audio import read_wav
from syrinx.speech.word_errors import word_errors
from syrinx.testing.human_clips import RECORDINGS, human_clips

from .conftest import OpenTalkPage, RunningServer, human, script

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

TEXT = "It is easy to tell the depth of a well. These days a chicken leg is a rare dish."
PATIENCE_MS = 60_000
"""The machine of the tests may be a slow one."""


def saved(download: Download, folder: Path) -> Path:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def duration_ms(path: Path) -> float:
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        return 1000.0 * samples / container.streams.audio[0].rate


def open_view(page: Page, name: str) -> None:
    page.click(f"#link-{name}")
    expect(page.locator(f"#{name}-title")).to_be_visible()


def written(page: Page) -> str:
    """The words of the transcript that is shown."""
    segments = page.locator("#listen-segments li")
    expect(segments.first).to_be_visible(timeout=PATIENCE_MS)
    return " ".join(segments.nth(place).inner_text().partition("\n")[2] for place in range(segments.count()))


def test_a_text_is_spoken_taken_along_and_understood_again(
    server: RunningServer, open_talk_page: OpenTalkPage, tmp_path: Path
) -> None:
    page = open_talk_page(server, script(2.0), barge_in=False)
    open_view(page, "speak")
    page.fill("#speak-text", TEXT)
    page.press("#speak-text", "Control+Enter")
    page.wait_for_selector("#speak-reading .word.now", timeout=PATIENCE_MS)
    expect(page.locator("#speak-status")).to_contain_text("made in full", timeout=PATIENCE_MS)
    expect(page.locator("#speak-told")).to_contain_text("synthetic voice")
    with page.expect_download() as saving:
        page.click("#speak-save")
    speech = saved(saving.value, tmp_path)
    assert speech.suffix == ".mp3"
    with page.expect_download() as saving:
        page.get_by_role("button", name="SRT").first.click()
    subtitles = saved(saving.value, tmp_path).read_text(encoding="utf-8")
    cues = re.findall(r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})\n((?:.+\n)+)", subtitles)
    assert " ".join(line for *_, lines in cues for line in lines.split("\n")).split() == TEXT.split()
    last_ms = 1000 * float(cues[-1][1].rpartition(":")[2].replace(",", "."))
    assert abs(last_ms - duration_ms(speech)) < 150

    open_view(page, "listen")
    page.set_input_files("#listen-file", speech)
    heard = written(page)
    assert word_errors(TEXT, heard).rate < 0.5, heard


def test_a_persons_recording_becomes_words_with_times_that_can_be_taken_along(
    server: RunningServer, open_talk_page: OpenTalkPage, tmp_path: Path
) -> None:
    clip = next(each for each in human_clips() if each.name == "LJ001-0008")
    page = open_talk_page(server, script(2.0), barge_in=False)
    open_view(page, "listen")
    page.set_input_files("#listen-file", RECORDINGS / "LJ001-0008.wav")
    heard = written(page)
    assert word_errors(clip.text, heard).rate < 0.5, heard
    expect(page.locator("#listen-told")).to_contain_text("PocketSphinx")
    with page.expect_download() as saving:
        page.get_by_role("button", name="VTT").last.click()
    assert saved(saving.value, tmp_path).read_text(encoding="utf-8").startswith("WEBVTT\n")
    page.reload()
    expect(page.locator("#listen-history")).to_contain_text("LJ001-0008.wav")


def test_what_is_said_into_the_microphone_is_written_down(server: RunningServer, open_talk_page: OpenTalkPage) -> None:
    said = human("LJ001-0004")
    page = open_talk_page(server, script(0.5, said, 3.0), barge_in=False)
    open_view(page, "listen")
    page.click("#listen-record")
    expect(page.locator("#listen-recorded")).to_have_text("0:06", timeout=PATIENCE_MS)
    page.click("#listen-stop")
    clip = next(each for each in human_clips() if each.name == "LJ001-0004")
    heard = written(page)
    assert word_errors(clip.text, heard).rate < 0.7, heard


def test_a_dictionary_entry_changes_what_is_heard(
    server: RunningServer, open_talk_page: OpenTalkPage, tmp_path: Path
) -> None:
    page = open_talk_page(server, script(2.0), barge_in=False)
    open_view(page, "speak")

    def spoken(name: str) -> float:
        page.select_option("#speak-format", "wav")
        page.fill("#speak-text", "Gwyddelwern.")
        page.press("#speak-text", "Control+Enter")
        expect(page.locator("#speak-status")).to_contain_text("made in full", timeout=PATIENCE_MS)
        with page.expect_download() as saving:
            page.click("#speak-save")
        path = tmp_path / name
        saving.value.save_as(path)
        page.click("#speak-edit")
        return read_wav(path).duration_ms

    before_ms = spoken("before.wav")
    page.click("#open-pronunciations")
    page.get_by_label("Written", exact=True).fill("Gwyddelwern")
    page.get_by_label("Said", exact=True).fill("gwith elwern, a village in Wales")
    page.keyboard.press("Enter")
    expect(page.locator("#pronunciation-list")).to_contain_text("Gwyddelwern")
    page.click("#close-pronunciations")
    assert spoken("after.wav") > before_ms + 500
