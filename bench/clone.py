"""How long a voice takes from the upload to the profile, stage by stage, and what that does to the server's memory.

Goals: 5 s for a recording of 10 s, 30 s for one of 5 min, on engines that do not learn voices.

`clone.py [--repeats N] [--seconds S]`: a server of its own on the embedded engines, asked over HTTP; recordings of
people as WAV, MP3, WebM with Opus and MP4 with pictures, 10 s and 5 min, one and four at once.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import httpx
import numpy as np
import psutil
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from rich.console import Console
from rich.table import Table

from syrinx.audio import PcmChunk, silence, wav_bytes
from syrinx.audio.encoding import open_encoder
from syrinx.testing.human_clips import SAMPLE_RATE_HZ, human_clips

LENGTHS_S = {"10 s": 10.0, "5 min": 298.0}
"""Five minutes are the most that is taken, and a compressed file is a little longer than what was put into it."""
FORMATS = {"WAV": "audio/wav", "MP3": "audio/mpeg", "WebM": "video/webm", "MP4": "video/mp4"}
CROWD = 4
PAUSE_MS = 600.0
LOOK_S = 0.005
STAGES = ("waiting", "decoding", "checking", "learning", "speaking", "storing")
COLUMNS = ("wait", "decode", "check", "learn", "speak", "store")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloned:
    """One cloning, in seconds."""

    upload_s: float
    total_s: float
    stages_s: dict[str, float]
    voice: str
    """Who speaks for it."""


@dataclass(slots=True)
class Watch:
    """Looks at a server's clonings in its database, as often as every 5 ms, and at its memory: asking the server itself
    so often would be work for it."""

    database: Path
    process: psutil.Process
    seen: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """When each cloning was first seen at each stage, by its id."""
    most_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def looking(self) -> Generator[None, None, None]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _look(self) -> None:
        query = "SELECT session_id, stage FROM voice_clone_sessions"
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            while not self._over.wait(LOOK_S):
                now = time.perf_counter()
                for job_id, stage in connection.execute(query).fetchall():
                    self.seen.setdefault((job_id, stage), now)
                self.most_mb = max(self.most_mb, resident_mb(self.process))

    def wait_for_end(self, job_id: str) -> None:
        """Until it was seen."""
        while (job_id, "done") not in self.seen:
            time.sleep(LOOK_S)

    def stages_s(self, job_id: str) -> dict[str, float]:
        """One that was over before anybody looked took no time that matters."""
        until = self.seen[job_id, "done"]
        found: dict[str, float] = {}
        for stage in reversed(STAGES):
            begun = self.seen.get((job_id, stage), until)
            found[stage], until = until - begun, begun
        return found


def resident_mb(process: psutil.Process) -> float:
    """Of the server and all its workers and decoders."""
    whole = 0
    for part in (process, *process.children(recursive=True)):
        try:
            whole += part.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # it ended meanwhile
    return whole / MEGABYTE


def reading(seconds: float) -> PcmChunk:
    """People who read, with pauses, as long as that."""
    pause = silence(duration_ms=PAUSE_MS, sample_rate_hz=SAMPLE_RATE_HZ).pcm
    once = b"".join(clip.audio.pcm + pause for clip in human_clips())
    whole = 2 * round(seconds * SAMPLE_RATE_HZ)
    return PcmChunk(pcm=(once * (whole // len(once) + 1))[:whole], sample_rate_hz=SAMPLE_RATE_HZ)


def as_file(clip: PcmChunk, name: str) -> bytes:
    match name:
        case "WAV":
            return wav_bytes(clip)
        case "MP3":
            encoder = open_encoder("mp3", sample_rate_hz=clip.sample_rate_hz, samples=clip.sample_count)
            return encoder.encode(clip) + encoder.finish()
        case "WebM":
            return contained(clip, "webm", "libopus", pictures=None)
        case _:
            return contained(clip, "mp4", "aac", pictures="mpeg4")


def contained(clip: PcmChunk, muxer: str, codec: str, *, pictures: str | None) -> bytes:
    """As browsers and telephones record: 48 kHz, and pictures that change ten times a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        film = None
        if pictures is not None:
            film = container.add_stream(pictures, rate=10)
            assert isinstance(film, VideoStream)
            film.width, film.height, film.pix_fmt = 320, 240, "yuv420p"
        sound = container.add_stream(codec, rate=48_000)
        assert isinstance(sound, AudioStream)
        sound.layout = "mono"
        if film is not None:
            rng = np.random.default_rng(7)
            for _ in range(round(clip.duration_ms / 100)):
                picture = rng.integers(0, 256, (24, 32, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1)
                container.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(film.encode(None))
        resampler = av.AudioResampler(format=sound.format.name, layout="mono", rate=48_000)
        frame = av.AudioFrame.from_ndarray(clip.samples().reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = clip.sample_rate_hz
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return file.getvalue()


@contextmanager
def serving(home: Path) -> Generator[tuple[str, psutil.Process], None, None]:
    """A server of this tree on a free port, with none of this machine's settings; ended with the context."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"SYRINX_|CHATTERBOX|TTS_|SST_|O\w+_API_KEY|DATABASE_URL", name)
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "syrinx.app.cli", "serve", "--port", "0"],
        cwd=home,
        env={**plain, "SYRINX_HOME": str(home), "SYRINX_LLM": "companion"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r"http://[\w.:\[\]]+", line):
                yield found.group(0), psutil.Process(server.pid)
                return
        raise SystemExit("the server ended without printing its address")
    finally:
        server.terminate()
        server.wait(20)


async def clone(web: httpx.AsyncClient, watch: Watch, recording: bytes, name: str) -> Cloned:
    began = time.perf_counter()
    answer = await web.post(
        "/api/voices",
        files={"recording": (f"recording.{name.lower()}", recording, FORMATS[name])},
        data={"name": "Bench", "attested": "true", "language": "en"},
    )
    uploaded = time.perf_counter()
    job = answer.raise_for_status().json()
    # Ends when the cloning has.
    events = (await web.get(f"/api/voices/jobs/{job['job_id']}/events")).raise_for_status().text
    if '"status":"completed"' not in events:
        raise SystemExit(f"a cloning failed: {events.splitlines()[-2][:500]}")
    await asyncio.to_thread(watch.wait_for_end, job["job_id"])
    voice_id = re.findall(r'"voice_id":"(\w+)"', events)[-1]
    voice = (await web.get(f"/api/voices/{voice_id}")).raise_for_status().json()
    (await web.delete(f"/api/voices/{voice_id}")).raise_for_status()
    return Cloned(
        upload_s=uploaded - began,
        total_s=watch.seen[job["job_id"], "done"] - began,
        stages_s=watch.stages_s(job["job_id"]),
        voice=voice["engine"] or f"the nearest voice, {voice['nearest_voice']}, {voice['voice_match']}",
    )


def row(length: str, name: str, at_once: int, recording: bytes, all_of_them: list[Cloned]) -> list[str]:
    def median(values: list[float]) -> str:
        return f"{statistics.median(values):.2f}"

    return [
        length,
        name,
        f"{len(recording) / MEGABYTE:.1f}",
        str(at_once),
        str(len(all_of_them)),
        median([each.upload_s for each in all_of_them]),
        *(median([each.stages_s[stage] for each in all_of_them]) for stage in STAGES),
        median([each.total_s for each in all_of_them]),
        f"{LENGTHS_S[length] / statistics.median([each.total_s for each in all_of_them]):.0f} x",
    ]


async def measure(home: Path, *, repeats: int, seconds: float, console: Console) -> None:
    began = time.perf_counter()
    recordings = {
        (length, name): as_file(reading(seconds_of), name)
        for length, seconds_of in LENGTHS_S.items()
        for name in FORMATS
    }
    table = Table(title="From the upload to the profile: seconds, medians (goals in total: 5 for 10 s, 30 for 5 min)")
    for column in ("recording", "as", "MB", "at once", "n", "upload", *COLUMNS, "total", "of real time"):
        table.add_column(column, justify="left" if column in {"recording", "as"} else "right")
    memory = Table(title="Memory of the server, its workers and decoders")
    for column in ("when", "MB"):
        memory.add_column(column, justify="right" if column == "MB" else "left")
    left_out: list[str] = []
    voices: set[str] = set()
    with serving(home) as (address, process):
        watch = Watch(home / "syrinx.db", process)
        memory.add_row("before", f"{resident_mb(process):.0f}")
        async with httpx.AsyncClient(base_url=address, timeout=600, trust_env=False) as web:
            with watch.looking():
                await clone(web, watch, recordings["10 s", "WAV"], "WAV")
                memory.add_row("after the first, which loads the engines", f"{resident_mb(process):.0f}")
                for length in LENGTHS_S:
                    for at_once in (1, CROWD):
                        for name in FORMATS:
                            recording = recordings[length, name]
                            done: list[Cloned] = []
                            for _ in range(repeats if at_once == 1 else 1):
                                if time.perf_counter() - began > seconds:
                                    break
                                round_of = (clone(web, watch, recording, name) for _ in range(at_once))
                                done += await asyncio.gather(*round_of)
                            if done:
                                table.add_row(*row(length, name, at_once, recording, done))
                                voices |= {each.voice for each in done}
                            else:
                                left_out.append(f"{length} {name}, {at_once} at once")
                        memory.add_row(f"after {length}, {at_once} at once", f"{resident_mb(process):.0f}")
        memory.add_row("the most", f"{watch.most_mb:.0f}")
    console.print(table)
    if left_out:
        console.print(f"Not measured within {seconds:g} s (--seconds): {'; '.join(left_out)}.", soft_wrap=True)
    console.print(f"What spoke for them: {'; '.join(sorted(voices))}. Two are worked at at once; others wait.")
    console.print(memory)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=3, help="of each with one at once")
    arguments.add_argument("--seconds", type=float, default=120.0, help="after which nothing more is begun")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="syrinx-clone-") as home:
        asyncio.run(measure(Path(home), repeats=given.repeats, seconds=given.seconds, console=Console(width=150)))


if __name__ == "__main__":
    main()
