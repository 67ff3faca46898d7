"""Brokers as processes: they say where they are, answer, and end when asked to."""

from __future__ import annotations

import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.app.conftest import CommandLine, plain_environment


@contextmanager
def broker(folder: Path, *arguments: str) -> Generator[tuple[str, str, subprocess.Popen[str]], None, None]:
    """What it printed, its address and its process; ended with the context, if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "syrinx.app.cli", "broker", *arguments],
        cwd=folder,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"https?://[\w.:\[\]]+", line)
        if found is None:
            process.kill()
            pytest.fail(f"the broker did not start: {line}{process.communicate()[1]}")
        yield line, found.group(0), process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def get(address: str, context: ssl.SSLContext | None = None) -> dict[str, object]:
    return httpx.get(address, timeout=10, trust_env=False, verify=context or True).json()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["stt", "tts"])
def test_a_broker_says_where_it_is_and_ends_when_asked(kind: str, end: signal.Signals, tmp_path: Path) -> None:
    with broker(tmp_path, kind, "--port", "0", "--remote-host", "127.0.0.1", "--remote-port", "9") as started:
        line, address, process = started
        assert line.startswith(f"The {kind.upper()} broker is ready: {address} -> http://127.0.0.1:9")
        assert get(f"{address}/healthz")["remote_status"] == "unreachable"
        assert get(f"{address}/broker-status")["broker_port"] == int(address.rpartition(":")[2])
        process.send_signal(end)
        _, errors = process.communicate(timeout=20)
        assert "Traceback" not in errors


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_broker_with_a_certificate_is_reached_by_https(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = [*make.split(), "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    with broker(tmp_path, "stt", "--port", "0", "--ssl-cert", str(cert), "--ssl-key", str(key)) as (
        _,
        address,
        _process,
    ):
        assert address.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(cert))
        assert get(f"{address}/healthz", context)["service"] == "STT broker"


def test_what_keeps_a_broker_from_starting_is_one_line(syrinx: CommandLine, tmp_path: Path) -> None:
    open_to_all = syrinx("broker", "tts", "--host", "0.0.0.0", "--port", "0")
    assert open_to_all.returncode == 1
    assert "configuration: --host=0.0.0.0 can be reached by others: set SYRINX_TOKEN" in open_to_all.stderr
    (tmp_path / "no.pem").write_text("nothing")
    no_certificate = syrinx("broker", "stt", "--port", "0", "--ssl-cert", "no.pem", "--ssl-key", "no.pem")
    assert no_certificate.returncode == 1
    assert "the certificate cannot be used" in no_certificate.stderr
    assert "Traceback" not in no_certificate.stderr


def test_a_broker_opens_no_engine(tmp_path: Path) -> None:
    code = (
        "import sys; from syrinx.app import broker_serving, broker_settings;"
        "print([name for name in sys.modules if name.startswith(('av', 'onnxruntime', 'soxr', 'syrinx.speech'))"
        " and name.split('.')[0] in ('av', 'onnxruntime', 'soxr', 'syrinx')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
