"""What a broker is set by, and what is refused."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from syrinx.app.broker_settings import read_broker_settings, variables
from syrinx.errors import ConfigurationError


@pytest.fixture(autouse=True)
def folder(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one for a .env, without variables of brokers around."""
    for name in list(os.environ):
        if re.match(r"(SST|TTS|REMOTE_SST|REMOTE_TTS)_", name):
            monkeypatch.delenv(name)
    return clean_environment


def test_what_is_usual_is_as_the_seed_has_it() -> None:
    stt, tts = read_broker_settings("stt"), read_broker_settings("tts")
    assert (stt.host, stt.port, stt.remote_url, stt.timeout_s) == ("127.0.0.1", 9082, "http://localhost:8082", 300)
    assert (tts.host, tts.port, tts.remote_url, tts.timeout_s) == ("127.0.0.1", 8080, "http://localhost:8081", 30)
    assert (stt.log_level, stt.token, stt.remote_token, stt.ssl_cert) == ("INFO", None, None, None)


@pytest.mark.parametrize(("kind", "name"), [("stt", "SST"), ("tts", "TTS")])
def test_each_variable_counts(kind: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{name}_BROKER_HOST", "0.0.0.0")
    monkeypatch.setenv(f"{name}_BROKER_PORT", "1")
    monkeypatch.setenv(f"{name}_BROKER_LOG_LEVEL", "debug")
    monkeypatch.setenv(f"REMOTE_{name}_HOST", "inner")
    monkeypatch.setenv(f"REMOTE_{name}_PORT", "2")
    monkeypatch.setenv(f"REMOTE_{name}_TOKEN", "theirs")
    monkeypatch.setenv(f"{name}_REQUEST_TIMEOUT", "3.5")
    monkeypatch.setenv("SYRINX_TOKEN", "ours")
    monkeypatch.setenv("SYRINX_UPLOAD_MB", "4")
    settings = read_broker_settings(kind)
    assert (settings.host, settings.port, settings.log_level) == ("0.0.0.0", 1, "DEBUG")
    assert (settings.remote_url, settings.remote_token, settings.timeout_s) == ("http://inner:2", "theirs", 3.5)
    assert (settings.token, settings.upload_bytes) == ("ours", 4_000_000)
    monkeypatch.setenv(f"REMOTE_{name}_URL", "https://inner.example/speech/")
    assert read_broker_settings(kind).remote_url == "https://inner.example/speech"


def test_flags_win_over_the_environment_and_that_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("SST_BROKER_PORT=1\nSST_REQUEST_TIMEOUT=1\nREMOTE_SST_URL=http://file:1\n")
    monkeypatch.setenv("SST_BROKER_PORT", "2")
    monkeypatch.setenv("SST_REQUEST_TIMEOUT", "2")
    settings = read_broker_settings("stt", port=3, timeout=None)
    assert (settings.port, settings.timeout_s, settings.remote_url) == (3, 2, "http://file:1")
    assert read_broker_settings("stt", remote_host="flag").remote_url == "http://flag:8082"
    assert read_broker_settings("stt", remote_port=5).remote_url == "http://localhost:5"


def test_the_seeds_environment_asks_for_a_token(folder: Path) -> None:
    (folder / ".env").write_text("SST_BROKER_HOST=0.0.0.0\nSST_BROKER_PORT=9082\n")
    with pytest.raises(
        ConfigurationError, match=r"SST_BROKER_HOST=0\.0\.0\.0 can be reached by others: set SYRINX_TOKEN"
    ):
        read_broker_settings("stt")
    with pytest.raises(ConfigurationError, match="--host=::"):
        read_broker_settings("stt", host="::")


def test_variables_set_to_nothing_are_as_if_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables("tts").values():
        monkeypatch.setenv(name, "")
    assert read_broker_settings("tts").port == 8080


def test_an_ipv6_host_is_written_as_addresses_have_it() -> None:
    assert read_broker_settings("stt", remote_host="fd00::1").remote_url == "http://[fd00::1]:8082"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SST_BROKER_PORT", "many"),
        ("SST_BROKER_PORT", "70000"),
        ("REMOTE_SST_PORT", "0"),
        ("REMOTE_SST_URL", "inner:8082"),
        ("REMOTE_SST_URL", "http://inner:8082?x=1"),
        ("SST_REQUEST_TIMEOUT", "0"),
        ("SST_REQUEST_TIMEOUT", "inf"),
        ("SST_BROKER_LOG_LEVEL", "LOUD"),
        ("SYRINX_UPLOAD_MB", "0"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^{name}: "):
        read_broker_settings("stt")


def test_a_flag_that_cannot_be_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^--timeout: "):
        read_broker_settings("stt", timeout=-1)
    with pytest.raises(ConfigurationError, match="--ssl-cert and --ssl-key together"):
        read_broker_settings("stt", ssl_cert=Path("a.pem"))


def test_tokens_are_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_TOKEN", "s3cret")
    monkeypatch.setenv("REMOTE_SST_TOKEN", "k3y")
    shown = repr(read_broker_settings("stt"))
    assert "s3cret" not in shown
    assert "k3y" not in shown


@pytest.mark.parametrize("address", ["http://bob:hunter2@far:8081", "bob:hunter2@far", "http://far:8081?key=hunter2"])
def test_secrets_in_an_address_are_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The address is told by /healthz, to everybody."""
    monkeypatch.setenv("REMOTE_TTS_URL", address)
    with pytest.raises(ConfigurationError, match="REMOTE_TTS_URL") as refused:
        read_broker_settings("tts")
    assert "hunter2" not in refused.value.message
