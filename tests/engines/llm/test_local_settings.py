from __future__ import annotations

import pytest

from syrinx.engines.llm.local_settings import read_settings
from syrinx.errors import ConfigurationError


def test_only_the_folder_has_to_be_given() -> None:
    settings = read_settings({"path": "/models/qwen", "threads": " "})
    assert (settings.model, settings.device, settings.compute_type) == ("qwen", "auto", "auto")
    assert (settings.threads, settings.context_tokens, settings.max_tokens) == (None, None, 512)


def test_everything_can_be_set() -> None:
    given = {"path": "/m", "model": "Q", "threads": "3", "device": "cuda", "compute_type": "float16"}
    settings = read_settings({**given, "context_tokens": "8192", "max_tokens": "100"})
    assert (settings.model, settings.threads, settings.device, settings.compute_type) == ("Q", 3, "cuda", "float16")
    assert (settings.context_tokens, settings.max_tokens) == (8192, 100)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "no local language model is installed"),
        ({"path": " "}, "no local language model is installed"),
        ({"path": "/m", "colour": "red"}, "no option 'colour': its options are path, model"),
        ({"path": "/m", "device": "tpu"}, "auto, cpu, cuda"),
        ({"path": "/m", "compute_type": "int4"}, "int8_float16"),
        ({"path": "/m", "threads": "0"}, "from 1 to 256"),
        ({"path": "/m", "threads": "many"}, "from 1 to 256"),
        ({"path": "/m", "threads": "000000001000000000"}, "from 1 to 256"),
        ({"path": "/m", "context_tokens": "100"}, "from 256 to"),
        ({"path": "/m", "context_tokens": "9999999999999"}, "from 256 to"),
        ({"path": "/m", "max_tokens": "-1"}, "from 1 to"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, str], hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        read_settings(options)
