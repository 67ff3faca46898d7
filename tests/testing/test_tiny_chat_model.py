from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import pytest
from tokenizers import Tokenizer

from syrinx.testing.tiny_chat_model import END_OF_TURN, ModelShape, write_tiny_chat_model


def generated(folder: Path, prompt: str, *, temperature: float = 1.0) -> str:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    generator = ctranslate2.Generator(str(folder), intra_threads=1)
    tokens = tokenizer.encode(prompt, add_special_tokens=False).tokens
    steps = list(generator.generate_tokens(tokens, max_length=300, sampling_topk=0, sampling_temperature=temperature))
    assert steps[-1].token == END_OF_TURN, "the turn is ended"
    return tokenizer.decode([step.token_id for step in steps])


@pytest.mark.parametrize("text", ["Good.", "no no no no no\n\nno", "aaaaaaa", "你好 🌙 — the rain and the rain again."])
def test_a_model_says_its_text_whatever_it_is_asked(tmp_path: Path, text: str) -> None:
    folder = write_tiny_chat_model(tmp_path / "model", says=text)
    for asked in ("Hello.", "What time is it, and why? " * 20):
        prompt = f"<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n"
        assert generated(folder, prompt, temperature=2.0) == text


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_text_without_words_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="cannot be said"):
        write_tiny_chat_model(tmp_path, says=text)


def test_random_models_differ_by_their_seed_and_have_the_shape_asked_for(tmp_path: Path) -> None:
    shape = ModelShape(layers=2, width=64, heads=2, key_heads=1, vocabulary=500)
    folders = [write_tiny_chat_model(tmp_path / str(seed), seed=seed, shape=shape) for seed in (0, 0, 1)]
    first, same, other = [(folder / "model.bin").read_bytes() for folder in folders]
    assert first == same
    assert first != other
    assert len(json.loads((folders[0] / "vocabulary.json").read_text())) == 500
