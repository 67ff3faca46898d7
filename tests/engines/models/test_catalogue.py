"""The catalogue: what ours promises, and what a user's own file may say and not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrinx.engines.models import MODEL_KINDS, UnknownModel, read_catalogue
from syrinx.errors import ConfigurationError

ENTRY = """
[licences."LicenseRef-mine"]
name = "My licence"
url = "https://example.org/licence"
summary = "Ask me."

[languages]
mine = ["de", "gsw"]

[[models]]
name = "my-whisper"
engine = "whisper"
kind = "stt"
title = "My Whisper"
good_for = "My dialect."
languages = "mine"
licence = "LicenseRef-mine"
repository = "me/my-whisper"
memory_bytes = 1000
preference = 99
files = [
    { path = "config.json", size_bytes = 10 },
    { path = "sub/model.bin", size_bytes = 20, save_as = "model.bin", sha256 = "SHA" },
]
""".replace("SHA", "a" * 64)


def write(folder: Path, text: str) -> Path:
    file = folder / "models.toml"
    file.write_text(text, "utf-8")
    return file


def test_every_model_of_ours_is_complete_and_comes_under_a_licence_that_allows_everything() -> None:
    models = read_catalogue().models
    assert {model.kind for model in models} == set(MODEL_KINDS)
    for model in models:
        assert model.licence.id in {"MIT", "Apache-2.0"}, model.name
        assert model.size_bytes > 50_000_000, model.name
        assert model.good_for.endswith("."), model.name
        assert model.languages, model.name
        assert len(model.revision) == 40 or all(file.sha256 for file in model.files), f"{model.name} is not pinned"


def test_whisper_models_bring_what_faster_whisper_needs() -> None:
    for model in read_catalogue().models:
        if model.engine == "whisper":
            names = {file.save_as for file in model.files}
            assert {"config.json", "model.bin", "tokenizer.json"} <= names, model.name
            assert names & {"vocabulary.txt", "vocabulary.json"}, model.name
            assert ("preprocessor_config.json" in names) == ("large-v3" in model.name), model.name
            assert all(file.sha256 for file in model.files), model.name


def test_the_others_bring_what_their_engines_need() -> None:
    models = {model.name: {file.save_as for file in model.files} for model in read_catalogue().models}
    assert models["kokoro"] == {"kokoro-v1.0.onnx", "voices-v1.0.bin"}
    assert models["kokoro-int8"] == {"kokoro-v1.0.int8.onnx", "voices-v1.0.bin"}
    minds = {"config.json", "model.bin", "vocabulary.json", "tokenizer.json", "tokenizer_config.json"}
    assert minds <= models["qwen2.5-0.5b"]
    assert minds <= models["qwen2.5-1.5b"]


def test_larger_models_are_preferred_within_a_family() -> None:
    catalogue = read_catalogue()
    names = ["whisper-tiny", "whisper-base", "whisper-small", "whisper-medium", "whisper-large-v3-turbo"]
    preferences = [catalogue.model(name).preference for name in names]
    assert preferences == sorted(preferences)
    assert (preferences[0], preferences[-1]) == (50, 90)


def test_sizes_are_sums_and_agree_with_what_others_have_measured() -> None:
    catalogue = read_catalogue()
    # Published as totals of these commits, apart from the files' own sizes.
    assert catalogue.model("whisper-tiny").size_bytes == 78_203_619
    assert catalogue.model("whisper-base").size_bytes == 147_882_941
    assert catalogue.model("whisper-tiny.en").size_bytes == 78_090_594
    assert catalogue.model("whisper-large-v3-turbo").size_bytes == 1_621_665_983


def test_an_unknown_name_brings_the_nearest_first() -> None:
    with pytest.raises(UnknownModel, match=r"There are: whisper-base, whisper-base\.en"):
        read_catalogue().model("whisper_base")


def test_a_file_of_the_users_own_adds_models(tmp_path: Path) -> None:
    catalogue = read_catalogue(write(tmp_path, ENTRY))
    mine = catalogue.model("my-whisper")
    assert (mine.revision, mine.languages, mine.licence.summary) == ("main", ("de", "gsw"), "Ask me.")
    assert [file.save_as for file in mine.files] == ["config.json", "model.bin"]
    assert mine.size_bytes == 30
    assert len(catalogue) == len(read_catalogue()) + 1


def test_a_model_of_the_same_name_is_replaced_and_our_licences_may_be_named(tmp_path: Path) -> None:
    changed = ENTRY.replace('"my-whisper"', '"whisper-base"').replace('licence = "LicenseRef-mine"', 'licence = "MIT"')
    catalogue = read_catalogue(write(tmp_path, changed))
    assert catalogue.model("whisper-base").title == "My Whisper"
    assert len(catalogue) == len(read_catalogue())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "my-whisper"', 'name = "../../etc"', "name must be lower-case letters"),
        ('name = "my-whisper"', 'name = "My Whisper"', "name must be lower-case letters"),
        ('name = "my-whisper"', 'name = ".locks"', "name must be lower-case letters"),
        ('name = "my-whisper"', 'name = "con"', "name must be lower-case letters"),
        ('path = "config.json"', 'path = "../config.json"', "path must be a path below"),
        ('path = "config.json"', 'path = "/etc/passwd"', "path must be a path below"),
        ('path = "config.json"', "path = 'C:\\config.json'", "path must be a path below"),
        ('path = "config.json"', 'path = "a/.ssh/config.json"', "path must be a path below"),
        ('path = "config.json"', 'path = "aux.json"', "Windows"),
        ('path = "config.json"', 'path = "syrinx-model.json"', "these names are ours"),
        ('save_as = "model.bin"', 'save_as = "../model.bin"', "save_as must be a path below"),
        ('save_as = "model.bin"', 'save_as = "model.bin.part"', "these names are ours"),
        ('save_as = "model.bin"', 'save_as = "CONFIG.json"', "two files as config.json"),
        ("size_bytes = 10", "size_bytes = -1", "size_bytes must be a whole number"),
        ("size_bytes = 10", 'size_bytes = "10"', "size_bytes must be a whole number"),
        ("a" * 64, "a" * 63, "sha256 must be 64 hexadecimal digits"),
        ("size_bytes = 10", 'size_bytes = 10, url = "https://example.org/c"', "sha256 is missing"),
        ("size_bytes = 10", 'size_bytes = 10, url = "file:///etc/passwd"', "url must be a web address"),
        ('kind = "stt"', 'kind = "vad"', "kind must be one of stt, tts, llm"),
        ('languages = "mine"', 'languages = ["English"]', "languages must be a language such as en"),
        ('languages = "mine"', 'languages = "yours"', "languages must be one of mine"),
        ('licence = "LicenseRef-mine"', 'licence = "GPL"', "licence must be one of MIT, Apache-2.0, LicenseRef-mine"),
        ('repository = "me/my-whisper"', 'repository = "me/../../you"', "repository must be OWNER/NAME"),
        ('repository = "me/my-whisper"', 'repository = "me/my--whisper"', "repository must be OWNER/NAME"),
        ('repository = "me/my-whisper"', 'repository = "me/x"\nrevision = "../x"', "revision must be a commit"),
        ('good_for = "My dialect."', "", "good_for is missing"),
        ('good_for = "My dialect."', 'good_for = " "', "good_for must be text"),
        ('good_for = "My dialect."', 'good_for = "x"\nprefrence = 3', "did you mean preference"),
        ('url = "https://example.org/licence"', 'url = "javascript:alert(1)"', "url must be a web address"),
        ("[languages]", "[model]\n[languages]", "did you mean models"),
    ],
)
def test_every_mistake_is_told_with_its_file_entry_and_field(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in ENTRY
    file = write(tmp_path, ENTRY.replace(old, new))
    with pytest.raises(ConfigurationError) as wrong:
        read_catalogue(file)
    assert words in wrong.value.message
    assert wrong.value.message.startswith(str(file))


def test_a_mistake_in_a_model_names_the_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"models 'my-whisper', files 'config\.json': size_bytes"):
        read_catalogue(write(tmp_path, ENTRY.replace("size_bytes = 10", "size_bytes = 1.5")))


def test_a_name_may_stand_once_in_a_file(tmp_path: Path) -> None:
    again = ENTRY + ENTRY[ENTRY.index("[[models]]") :]
    with pytest.raises(ConfigurationError, match="is there twice"):
        read_catalogue(write(tmp_path, again))


@pytest.mark.parametrize(
    ("content", "words"), [(b"[[models]", "is not TOML"), (b"\xff\xfe", "is not text"), (None, "cannot be read")]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "models.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        read_catalogue(file)
