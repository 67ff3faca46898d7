"""Speech is watermarked by the library in its own environment, or refused; never given without."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.watermark import Watermark, open_watermark, opening
from syrinx.audio.watermark.opening import WatermarkFailed
from syrinx.errors import ConfigurationError
from syrinx.testing.audio import dominant_frequency_hz, sine

CLIP = sine(220.0, duration_ms=800, sample_rate_hz=24_000)

WORKS = '''
import numpy as np

class PerthImplicitWatermarker:
    """Of the library's own interface; the mark is a faint tone near the upper end."""

    def _tone(self, count, rate):
        return np.sin(2 * np.pi * 0.46 * np.arange(count)).astype(np.float32)

    tried = False

    def apply_watermark(self, wav, watermark=None, sample_rate=None):
        if wav.size < 1024:
            raise RuntimeError("Padding size should be less than the corresponding input dimension")
        was_tried, self.tried = self.tried, True
        return (wav + 0.01 * self._tone(wav.size, sample_rate))[: wav.size - 100]

    def get_watermark(self, wav, sample_rate=None):
        return float(abs(np.dot(wav, self._tone(wav.size, sample_rate))) / wav.size > 0.003)
'''
BREAKS = WORKS.replace("return (wav", "if was_tried: raise MemoryError('no room')\n        return (wav")
DIES = WORKS.replace("return (wav", "if was_tried: import os; os._exit(3)\n        return (wav")
SILENT = "PerthImplicitWatermarker = None"
MARKS_NOTHING = WORKS.replace("0.01 *", "0.0 *")
BREAKS_AT_ONCE = WORKS.replace("return (wav", "raise MemoryError('no room')\n        return (wav")
OBEYS = """
import os, sys, time
from pathlib import Path

HERE = Path(__file__).parent

def waits():
    (HERE / "arrived").touch()
    while (HERE / "hold").exists():
        time.sleep(0.005)
    if (HERE / "die").exists():
        (HERE / "die").unlink()
        print("the last words", file=sys.stderr, flush=True)
        os._exit(3)

with (HERE / "loaded").open("a") as loaded:
    print(os.getpid(), file=loaded)
waits()
""" + WORKS.replace("return (wav", "waits()\n        return (wav")
"""Says when it is loaded and when it is asked, waits while there is a file "hold", and dies once of one "die"."""


def python_with(library: str | None, folder: Path) -> Path:
    """A Python that has this as its `perth`; None: that has none."""
    if library is not None:
        (folder / "perth.py").write_text(library)
    program = folder / "python"
    program.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c \"import sys, runpy; sys.path.insert(0, '{folder}'); "
        'runpy.run_path(sys.argv[2], run_name=\'__main__\')" "$@"\n'
    )
    program.chmod(0o755)
    return program


async def begun(watermark: Watermark, clip: PcmChunk, folder: Path) -> asyncio.Task[PcmChunk]:
    """A marking that has come as far as the library, which holds it."""
    (folder / "arrived").unlink()
    (folder / "hold").touch()
    marking = asyncio.create_task(watermark.mark(clip))
    await until((folder / "arrived").exists)
    return marking


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not true():  # noqa: ASYNC110 - another process tells by files
            await asyncio.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def leave(marking: asyncio.Task[PcmChunk]) -> None:
    marking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await marking


def loaded(folder: Path) -> list[int]:
    """The processes that loaded the library."""
    return [int(pid) for pid in (folder / "loaded").read_text().split()]


async def test_marked_speech_is_as_long_sounds_the_same_and_is_known_again(tmp_path: Path) -> None:
    async with open_watermark(python_with(WORKS, tmp_path)) as watermark:
        marked = await watermark.mark(CLIP)
        assert (marked.sample_count, marked.sample_rate_hz) == (CLIP.sample_count, CLIP.sample_rate_hz)
        apart = marked.samples().astype(np.float64) - CLIP.samples()
        assert 0 < np.sqrt(np.mean(apart**2)) < 0.02 * 32768
        assert (await watermark.found(marked), await watermark.found(CLIP)) == (1.0, 0.0)
        clips = await asyncio.gather(*(watermark.mark(CLIP) for _ in range(5)))
        assert all(clip == marked for clip in clips)


@pytest.mark.parametrize(
    ("library", "says"),
    [
        (None, "ModuleNotFoundError"),
        (SILENT, "setuptools<81"),
        (MARKS_NOTHING, "does not find its own mark"),
        (BREAKS_AT_ONCE, "no room"),
    ],
)
async def test_where_nothing_would_be_marked_the_server_does_not_start(
    library: str | None, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=says) as refused:
        async with open_watermark(python_with(library, tmp_path)):
            raise AssertionError("it opened")
    assert "SYRINX_WATERMARK_PYTHON" in refused.value.message


async def test_a_python_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be started"):
        async with open_watermark(tmp_path / "absent"):
            raise AssertionError("it opened")


async def test_what_is_shorter_than_the_library_takes_is_marked_as_well(tmp_path: Path) -> None:
    short = sine(220.0, duration_ms=10, sample_rate_hz=24_000)
    async with open_watermark(python_with(WORKS, tmp_path)) as watermark:
        marked = await watermark.mark(short)
        assert marked.sample_count == short.sample_count
        assert marked != short
        assert 0.0 <= await watermark.found(short) <= 1.0


@pytest.mark.parametrize("library", [BREAKS, DIES])
async def test_what_cannot_be_marked_is_not_given(library: str, tmp_path: Path) -> None:
    async with open_watermark(python_with(library, tmp_path)) as watermark:
        for _ in range(2):  # it is started again for the next
            with pytest.raises(WatermarkFailed):
                await watermark.mark(CLIP)


async def test_one_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_MARKED_S", 0.3)
    hangs = WORKS.replace("return (wav", "if was_tried: import time; time.sleep(60)\n        return (wav")
    async with open_watermark(python_with(hangs, tmp_path)) as watermark:
        with pytest.raises(WatermarkFailed):
            await watermark.mark(CLIP)


async def test_who_leaves_in_the_middle_of_a_marking_leaves_the_process_to_the_next(tmp_path: Path) -> None:
    other = sine(330.0, duration_ms=800, sample_rate_hz=24_000)
    async with open_watermark(python_with(OBEYS, tmp_path)) as watermark:
        first = await begun(watermark, CLIP, tmp_path)
        waiting = asyncio.create_task(watermark.mark(CLIP))
        await asyncio.sleep(0)
        await leave(first)
        await leave(waiting)
        (tmp_path / "hold").unlink()
        marked = await watermark.mark(other)
        assert dominant_frequency_hz(marked) == pytest.approx(330.0, abs=2.0)
        assert await watermark.found(marked) == 1.0
        assert len(loaded(tmp_path)) == 1


async def test_a_start_that_nobody_waits_for_any_more_goes_on(tmp_path: Path) -> None:
    async with open_watermark(python_with(OBEYS, tmp_path)) as watermark:
        (tmp_path / "die").touch()
        with pytest.raises(WatermarkFailed):
            await watermark.mark(CLIP)
        await leave(await begun(watermark, CLIP, tmp_path))  # it is loading
        for _ in range(3):
            impatient = asyncio.create_task(watermark.mark(CLIP))
            await asyncio.sleep(0.01)
            await leave(impatient)
        (tmp_path / "hold").unlink()
        assert await watermark.found(await watermark.mark(CLIP)) == 1.0
        assert len(loaded(tmp_path)) == 2


async def test_a_start_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "hold").touch()

    async def opened() -> None:
        async with open_watermark(python_with(OBEYS, tmp_path)):
            raise AssertionError("it opened")

    opening_it = asyncio.create_task(opened())
    await until((tmp_path / "arrived").exists)
    opening_it.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening_it
    assert not is_alive(loaded(tmp_path)[0])


async def test_closing_ends_what_is_being_marked_and_what_waits(tmp_path: Path) -> None:
    async with open_watermark(python_with(OBEYS, tmp_path)) as watermark:
        markings = [await begun(watermark, CLIP, tmp_path), asyncio.create_task(watermark.mark(CLIP))]
        await asyncio.sleep(0)
    for marking in markings:
        with pytest.raises(WatermarkFailed, match="stopping"):
            await marking
    assert not any(is_alive(pid) for pid in loaded(tmp_path))
    assert len(loaded(tmp_path)) == 1


async def test_the_log_tells_what_the_library_said_last(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_watermark(python_with(OBEYS, tmp_path)) as watermark:
        (tmp_path / "die").touch()
        with pytest.raises(WatermarkFailed, match="see the log"):
            await watermark.mark(CLIP)
        assert "the last words" in caplog.text


async def test_a_library_that_complains_without_end_is_not_stopped_by_it(tmp_path: Path) -> None:
    talks = WORKS.replace("return (wav", "import sys; sys.stderr.write('w' * 300_000)\n        return (wav")
    async with open_watermark(python_with(talks, tmp_path)) as watermark:
        assert await watermark.found(await watermark.mark(CLIP)) == 1.0
