"""What is read from the environment and .env, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from syrinx.app.inherited_settings import InheritedSettings
from syrinx.app.settings import Settings, read_settings, surroundings
from syrinx.errors import ConfigurationError

pytestmark = pytest.mark.usefixtures("clean_environment")
ROOT = Path(__file__).parents[2]


def test_without_any_settings_it_listens_on_loopback_and_finds_engines_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    settings = read_settings()
    assert (settings.host, settings.port, settings.token) == ("127.0.0.1", 8000, None)
    assert settings.home == Path.home() / ".local" / "share" / "syrinx"
    assert {settings.tts, settings.stt, settings.llm} == {"auto"}
    assert settings.on_loopback
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert read_settings().home == Path("/data/syrinx")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / ".env").write_text("SYRINX_PORT=1\nSYRINX_LANGUAGE=de\nSYRINX_TTS=espeak\n")
    monkeypatch.setenv("SYRINX_PORT", "2")
    monkeypatch.setenv("SYRINX_LANGUAGE", "fr")
    settings = read_settings(port=3, tts=None)
    assert (settings.port, settings.language, settings.tts) == (3, "fr", "espeak")


def test_variables_set_to_nothing_are_as_if_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "HOST", "TOKEN", "HOME", "ORIGINS", "LLM_URL"):
        monkeypatch.setenv(f"SYRINX_{name}", "")
    settings = read_settings()
    assert (settings.port, settings.host, settings.token, settings.llm_url) == (8000, "127.0.0.1", None, None)


def test_a_home_may_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_HOME", "~/voices")
    assert read_settings().home == Path.home() / "voices"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "voice.example"])
def test_off_loopback_nobody_is_let_in_without_a_key(host: str) -> None:
    settings = read_settings(host=host)
    assert not settings.on_loopback
    assert not settings.lets_everybody_in


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_on_loopback_everybody_is_unless_something_says_otherwise(host: str) -> None:
    assert read_settings(host=host).lets_everybody_in
    for closing in ({"token": "s3cret"}, {"access": "keys"}, {"supabase_url": "https://x.supabase.co"}):
        assert not read_settings(host=host, **closing).lets_everybody_in


def test_where_things_are_kept_is_the_home_folder_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = read_settings(home="/srv/syrinx")
    assert (kept.database_address, kept.blobs_address) == ("sqlite:////srv/syrinx/syrinx.db", "/srv/syrinx/blobs")
    monkeypatch.setenv("DATABASE_URL", "postgresql://seed/one")
    assert read_settings().database_address == "postgresql://seed/one"
    assert read_settings(database_url="mysql://own/one").database_address == "mysql://own/one"


def test_a_token_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_TOKEN", "s3cret")
    monkeypatch.setenv("SYRINX_LLM_KEY", "k3y")
    shown = repr(read_settings())
    assert "s3cret" not in shown
    assert "k3y" not in shown


def test_origins_are_a_list_without_a_wildcard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_ORIGINS", " https://a.example/, https://b.example ,")
    assert read_settings().origins == ["https://a.example", "https://b.example"]
    monkeypatch.setenv("SYRINX_ORIGINS", "https://a.example,*")
    with pytest.raises(ConfigurationError, match="SYRINX_ORIGINS: '\\*' would let every web page"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SYRINX_PORT", "eight thousand", "SYRINX_PORT: .*integer"),
        ("SYRINX_PORT", "70000", "SYRINX_PORT: .*65535"),
        ("SYRINX_PORT", "tcp://10.3.2.1:8000", "SYRINX_PORT: .*Kubernetes.*0 to 65535.*enableServiceLinks"),
        ("SYRINX_LOG_LEVEL", "LOUD", "SYRINX_LOG_LEVEL: .*DEBUG"),
        ("SYRINX_RESUME_S", "-1", "SYRINX_RESUME_S: .*greater"),
        ("SYRINX_SPECULATE", "perhaps", "SYRINX_SPECULATE: .*boolean"),
        ("SYRINX_ENGINE", "espeak", "SYRINX_ENGINE__NAME__OPTION=value"),
        ("SYRINX_ENGINE__ESPEAK", "worker", "SYRINX_ENGINE"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_variable(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=says) as refused:
        read_settings()
    assert "\n" not in refused.value.message


def test_a_secret_that_cannot_be_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_TOKEN", "s3cret")
    monkeypatch.setenv("SYRINX_PORT", "x")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert "s3cret" not in refused.value.message


def test_a_file_that_is_no_text_is_refused(clean_environment: Path) -> None:
    (clean_environment / ".env").write_bytes(b"SYRINX_PORT=\xff\xfe8\n")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_settings()


def test_options_of_engines_are_read_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYRINX_ENGINE__ESPEAK__HOST", "worker")
    monkeypatch.setenv("SYRINX_ENGINE__ESPEAK__LIBRARY", "/opt/x.so")
    monkeypatch.setenv("SYRINX_ENGINE__POCKETSPHINX__DECODERS", "3")
    assert read_settings().engine == {
        "espeak": {"host": "worker", "library": "/opt/x.so"},
        "pocketsphinx": {"decoders": "3"},
    }


def test_the_surroundings_stand_over_the_file(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean_environment / ".env").write_text("OPENROUTER_API_KEY=file\nOPENAI_API_KEY=file\n")
    monkeypatch.setenv("OPENAI_API_KEY", "environment")
    found = surroundings()
    assert (found["OPENROUTER_API_KEY"], found["OPENAI_API_KEY"]) == ("file", "environment")


def _guide_rows() -> dict[str, str]:
    guide = (ROOT / "docs" / "guides" / "settings.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(SYRINX_\w+)` \| *([^|]*?) *\|", guide, re.MULTILINE))


@pytest.mark.docs
def test_the_guide_names_every_variable_of_the_services_that_syrinx_stands_in_for() -> None:
    guide = (ROOT / "docs" / "guides" / "settings.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:XTTS|SST|TTS|DATABASE|CHATTERBOX)_[A-Z_]+)`", guide))
    assert named == {name.upper() for name in InheritedSettings.model_fields}


def test_variables_of_the_services_that_syrinx_stands_in_for_are_honoured(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / ".env").write_text("XTTS_STORE_DIR=~/clips\nSST_BROKER_URL=http://localhost:9082/\n")
    monkeypatch.setenv("XTTS_ALLOW_ORIGINS", "https://one.example/, https://two.example")
    settings = read_settings(origins=["https://own.example"])
    assert settings.inherited.xtts_store_dir == Path.home() / "clips"
    assert settings.inherited.sst_broker_url == "http://localhost:9082"
    assert settings.web_origins == ["https://own.example", "https://one.example", "https://two.example"]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("XTTS_ALLOW_ORIGINS", "*", "or set SYRINX_TOKEN"),
        ("SST_BROKER_URL", "localhost:9082", "SST_BROKER_URL: 'localhost:9082' is no address"),
        ("TTS_BROKER_URL", "http://bob:hunter2@far", "TTS_BROKER_URL: an address holds no user name or password here"),
        ("TTS_BROKER_URL", "https:///no-host", "'https:///no-host' is no address"),
        ("TTS_REQUEST_TIMEOUT", "0", "TTS_REQUEST_TIMEOUT: Input should be greater than 0"),
    ],
)
def test_what_such_a_variable_cannot_be_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        read_settings()


def test_every_origin_may_ask_where_a_token_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XTTS_ALLOW_ORIGINS", "*")
    assert read_settings(token="s3cret").web_origins == ["*"]


@pytest.mark.docs
def test_the_guide_names_every_setting_with_its_default_and_no_other() -> None:
    rows = _guide_rows()
    unnamed = {"engine", "inherited", "blobs_option"}
    options = {"SYRINX_ENGINE__NAME__OPTION", "SYRINX_BLOBS_OPTION__NAME"}
    fields = {f"SYRINX_{name.upper()}": field for name, field in Settings.model_fields.items() if name not in unnamed}
    assert set(rows) == {*fields, *options}
    defaults = read_settings()
    for variable, shown in rows.items():
        if variable in {*options, "SYRINX_HOME"}:
            continue
        default = getattr(defaults, variable.removeprefix("SYRINX_").lower())
        default = default.get_secret_value() if isinstance(default, SecretStr) else default
        wanted = "" if default in (None, []) else f"{default:g}" if isinstance(default, float) else str(default).lower()
        assert shown.strip("` ").lower() == wanted, variable


@pytest.mark.docs
def test_the_readme_names_only_settings_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"SYRINX_[A-Z_]+", readme))
    assert named
    assert named <= {f"SYRINX_{name.upper()}" for name in Settings.model_fields}
