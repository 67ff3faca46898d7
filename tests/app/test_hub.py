"""Which hub is asked, with which token: what the variables of its own tools say."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrinx.app.hub import hub_settings


@pytest.fixture
def signed_in(tmp_path: Path) -> Path:
    (tmp_path / "huggingface").mkdir()
    (tmp_path / "huggingface" / "token").write_text("hf_stored\n")
    return tmp_path


def test_the_token_of_the_environment_stands_before_the_stored_one(signed_in: Path) -> None:
    cache = str(signed_in)
    assert hub_settings({"XDG_CACHE_HOME": cache}).token == "hf_stored"
    assert hub_settings({"HF_HOME": str(signed_in / "huggingface")}).token == "hf_stored"
    assert hub_settings({"XDG_CACHE_HOME": cache, "HF_TOKEN": "hf_given"}).token == "hf_given"


def test_whoever_forbids_the_stored_token_is_heeded(signed_in: Path) -> None:
    assert hub_settings({"XDG_CACHE_HOME": str(signed_in), "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}).token is None


def test_variables_set_to_nothing_are_not_set(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(signed_in)  # "" would be this folder
    monkeypatch.setenv("HOME", str(signed_in / "nobody"))
    settings = hub_settings({"XDG_CACHE_HOME": "", "HF_HOME": "", "HF_TOKEN_PATH": "", "HF_ENDPOINT": ""})
    assert settings.token is None
    assert settings.endpoint == "https://huggingface.co"


def test_a_user_without_a_home_folder_has_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    assert hub_settings({}).token is None


def test_a_name_and_password_in_the_address_are_shown_to_nobody() -> None:
    settings = hub_settings({"HF_ENDPOINT": "https://me:s3cret@mirror.example:8443/hub/", "HF_TOKEN": "hf_given"})
    assert settings.endpoint == "https://me:s3cret@mirror.example:8443/hub"
    assert settings.shown_endpoint == "https://mirror.example:8443/hub"
