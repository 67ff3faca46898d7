"""Writes small language models in CTranslate2's format, with tokenizer and chat template, in a fraction of a second.

No weights are downloaded: they are random, or arranged so that the model says one given text whatever it is asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import TransformerDecoderModelSpec, common_spec
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

END_OF_TURN = "<|im_end|>"
END_OF_TEXT = "<|endoftext|>"
SPECIAL_TOKENS = (END_OF_TEXT, "<|im_start|>", END_OF_TURN)

CHAT_TEMPLATE = (
    "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"
)
"""ChatML, as the Qwen2.5 models have it, without their default system message."""

_LONGEST_PIECE_BYTES = 8
_CERTAINTY = 8.0
"""How far the next piece of a fixed text stands out: enough for the highest temperature."""
_BLOCK = 1 << 20
"""Random values of large models repeat after so many: making all of them would take most of the time."""

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Qwen2's architecture: rotary positions, RMS norms, gated feed-forward layers, groups of heads."""

    layers: int = 1
    width: int = 128
    inner_width: int = 128
    heads: int = 4
    key_heads: int = 2
    vocabulary: int = 0
    """At least so many tokens: the vocabulary is filled up with some that are never used."""


def write_tiny_chat_model(
    folder: Path,
    *,
    says: str | None = None,
    seed: int = 0,
    shape: ModelShape | None = None,
    context_tokens: int = 32_768,
) -> Path:
    """Write a whole model folder (made if need be) and return it.

    `says`: the model answers exactly this, at any temperature, and then ends its turn; each of its tokens is a word, or
    a part of one that may end within a character. None: random weights and random words, which may never end.

    One byte of a prompt is one token. Raises ValueError for a text that cannot be said: an empty one, or a line feed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape = shape or ModelShape()
    pieces = _pieces(says) if says is not None else []
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = dict.fromkeys([*SPECIAL_TOKENS, *alphabet, *pieces])
    tokens = [*known, *(f"<|unused_{index}|>" for index in range(shape.vocabulary - len(known)))]
    ids = {token: index for index, token in enumerate(tokens)}
    _write_tokenizer(folder, ids, context_tokens)
    spec = _spec(shape, tokens, np.random.default_rng(seed))
    if pieces:
        _make_it_say(spec, [ids[token] for token in (_byte_level("\n"), *pieces, END_OF_TURN)])
    spec.register_vocabulary(tokens)
    spec.config.bos_token = END_OF_TEXT
    spec.config.eos_token = END_OF_TURN
    spec.config.unk_token = END_OF_TEXT
    spec.config.layer_norm_epsilon = 1e-6
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    return folder


def _byte_level(text: str) -> str:
    """The text as a byte-level tokenizer's vocabulary writes it: one printable character for each byte."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return "".join(part for part, _ in splitter.pre_tokenize_str(text))


def _pieces(text: str) -> list[str]:
    """The text in pieces that are all different: only what stands last decides what the model says next."""
    rest = _byte_level(text)
    space, start = _byte_level(" "), _byte_level("\n")
    taken = {start}
    pieces: list[str] = []
    while rest:
        word = rest.find(space, 1)
        length = min(word if word > 0 else len(rest), _LONGEST_PIECE_BYTES)
        while rest[:length] in taken and length < len(rest):
            length += 1
        piece, rest = rest[:length], rest[length:]
        while piece in taken and pieces:
            before = pieces.pop()
            taken.discard(before)
            piece = before + piece
        if piece in taken:
            raise ValueError("a text of one line feed cannot be said: give it words")
        taken.add(piece)
        pieces.append(piece)
    if not pieces:
        raise ValueError("an empty text cannot be said: give it words")
    return pieces


def _write_tokenizer(folder: Path, ids: dict[str, int], context_tokens: int) -> None:
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    settings = {"bos_token": None, "eos_token": END_OF_TURN, "model_max_length": context_tokens}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    defaults = {"eos_token_id": [ids[END_OF_TURN], ids[END_OF_TEXT]], "temperature": 0.7, "top_k": 20, "top_p": 0.8}
    (folder / "generation_config.json").write_text(json.dumps(defaults), encoding="utf-8")


def _spec(shape: ModelShape, tokens: list[str], random: np.random.Generator) -> Any:
    block = (random.random(_BLOCK, dtype=np.float32) - 0.5) / np.sqrt(shape.width, dtype=np.float32)

    def weights(rows: int, columns: int) -> Weights:
        return np.resize(np.roll(block, int(random.integers(_BLOCK))), (rows, columns))

    spec: Any = TransformerDecoderModelSpec.from_config(
        shape.layers,
        shape.heads,
        activation=common_spec.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
        rotary_base=1_000_000,
        num_heads_kv=shape.key_heads,
    )
    head_width = shape.width // shape.heads
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = weights(len(tokens), shape.width)
    decoder.layer_norm.gamma = np.ones(shape.width, dtype=np.float32)
    decoder.projection.weight = weights(len(tokens), shape.width)
    for layer in decoder.layer:
        attention, inner = layer.self_attention, layer.ffn
        attention.layer_norm.gamma = np.ones(shape.width, dtype=np.float32)
        inner.layer_norm.gamma = np.ones(shape.width, dtype=np.float32)
        attention.linear[0].weight = weights(shape.width + 2 * shape.key_heads * head_width, shape.width)
        attention.linear[0].bias = np.zeros(shape.width + 2 * shape.key_heads * head_width, dtype=np.float32)
        attention.linear[1].weight = weights(shape.width, shape.width)
        inner.linear_0.weight = weights(shape.inner_width, shape.width)
        inner.linear_0_noact.weight = weights(shape.inner_width, shape.width)
        inner.linear_1.weight = weights(shape.width, shape.inner_width)
    return spec


def _make_it_say(spec: Any, chain: list[int]) -> None:
    """Let each token of the chain lead to the next: the layers add nothing, and the projection is a table."""
    decoder = spec.decoder
    for layer in decoder.layer:
        layer.self_attention.linear[1].weight[:] = 0
        layer.ffn.linear_1.weight[:] = 0
    width = decoder.embeddings.weight.shape[1]
    signs = np.sign(np.random.default_rng(0).standard_normal(decoder.embeddings.weight.shape)).astype(np.float32)
    decoder.embeddings.weight = signs
    decoder.projection.weight = np.zeros_like(signs)
    for token, following in pairwise(chain):
        decoder.projection.weight[following] = signs[token] * (_CERTAINTY * 16 / width)
