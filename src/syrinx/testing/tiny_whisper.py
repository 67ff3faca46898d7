"""A model with Whisper's shape that is made in a moment and says known words, one more for every bit of sound it hears.

Its weights are set by hand, not trained. The encoder tells for each frame whether it is loud and when it is; one head
of the decoder's attention measures how much of the half minute was loud, another looks where the next word belongs, and
the feed-forward layer lets one token follow another as long as there was sound enough. So silence is silence, longer
speech is more words, words have times, and the words are the same on every machine and in every compute type.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

_TAGS = """
en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi
ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd
gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su
"""
LANGUAGES: Final = tuple(_TAGS.split())
"""Those of Whisper before its third large model, in its own order."""

MODEL_FILES: Final = ("model.bin", "config.json", "vocabulary.json", "tokenizer.json", "preprocessor_config.json")

Floats = npt.NDArray[np.float32]

_MELS = 80
_FRAMES = 1500
_FRAMES_PER_S = 50.0
_POSITIONS = 448
_TIMESTAMPS = 1501
_LOW_MELS = slice(5, 40)
_QUIET_BELOW = -0.6
"""Mean of the lower mel bands as the library scales them: speech is above, near silence below."""
_FILLED_BELOW = 0.05
"""Mean size of the same: what the library puts behind the audio, to make half a minute of it, is exactly 0."""
_STEADY = 1000.0
"""Two channels hold plus and minus this, so that a layer norm divides everything by the same number."""
_ON = 4.0
"""The value of a channel that is on."""
_FULL_LOUD = 8.0
"""The value of the loudness channel when the whole half minute is loud."""
_NEVER = -20.0
_END_OF_TEXT = 4.0
_END_TIME = 60.0
_FOLLOWS = 100.0
_NEXT_PER_S = 4.0
_AGE_PER_TOKEN = 0.05
_PATIENCE_TOKENS = 8
"""What is no part of the script ends so long after the script would have: only a search of several beams sees it."""
_CLOCK_PERIODS_S = (60.0, 15.0, 4.0)
_CLOCK_WEIGHTS = (40.0, 80.0, 160.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperSize:
    """How big the model is; what is added to the least is work that does not change what it says."""

    layers: int = 1
    decoder_layers: int = 0
    """0: as many. Fewer are the mark of a model that was made faster and does not translate."""
    width: int = 128
    """Also bounds the script: (width - 13) / 2 tokens."""
    heads: int = 2
    vocabulary: int = 0
    """At least so many tokens; the rest of them are never said."""


TINY: Final = WhisperSize()
BASE: Final = WhisperSize(layers=6, width=512, heads=8, vocabulary=51_865)
"""The shape of whisper-base: 290 MB as floats, seconds to write."""


def write_tiny_whisper(
    folder: Path,
    *,
    says: str = "hello there.",
    language: str = "en",
    word_ms: float = 300.0,
    multilingual: bool = True,
    size: WhisperSize = TINY,
    seed: int = 0,
) -> Path:
    """Write the model into `folder` (made where it is missing), which is given back.

    After `word_ms` of sound, and each `word_ms` more, one more word of `says` is said; each half minute of a longer
    recording is heard as if nothing came before it. `language` is what it takes all speech for. A model that is not
    `multilingual` knows English only. `seed` is for the weights that are idle work. Needs ctranslate2 and tokenizers.
    Raises ValueError when `says` is too long for the width, or repeats a word too often.
    """
    script = _script(says)
    vocabulary, ids = _vocabulary(script, multilingual=multilingual, at_least=size.vocabulary)
    spec = _Weights(size, script, ids, language=language, word_s=word_ms / 1000.0, seed=seed).spec()
    spec.register_vocabulary(list(vocabulary))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [ids[f"<|{tag}|>"] for tag in LANGUAGES]
    spec.config.alignment_heads = [[0, 1]]
    spec.validate()
    spec.optimize(quantization=None)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", vocabulary, ids)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": _MELS}), encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class _Said:
    """One token of the script."""

    token: str
    word: int
    """The number of the word that it belongs to, from 0."""


def _script(says: str) -> list[_Said]:
    """Tokens, each of them once: what is said next depends on the last token alone, so a word said twice is spelt
    differently the second time."""
    script: list[_Said] = []
    used: set[str] = set()
    for number, word in enumerate(says.split()):
        spoken, ending = cast("re.Match[str]", re.fullmatch(r"(.*?)([.,!?]*)", word)).groups()
        for piece in (f" {spoken}", ending):
            mapped = _as_bytes(piece)
            split = _unused_split(mapped, used)
            if split is None:
                raise ValueError(f"{word!r} is said too often: a word may be repeated about as often as it has letters")
            used.update(split)
            script += [_Said(token, number) for token in split]
    return script


def _unused_split(text: str, used: set[str]) -> list[str] | None:
    """The text in as few parts as possible none of which was used before, nor twice in it."""
    if not text:
        return []
    for length in range(len(text), 0, -1):
        head = text[:length]
        if head not in used and (rest := _unused_split(text[length:], used | {head})) is not None:
            return [head, *rest]
    return None


def _as_bytes(text: str) -> str:
    """As a byte-level tokenizer writes it."""
    from tokenizers.pre_tokenizers import ByteLevel  # noqa: PLC0415 - only where models are made

    level = ByteLevel(add_prefix_space=False, use_regex=False)
    return "".join(part for part, _ in level.pre_tokenize_str(text)) if text else ""


def _special_tokens() -> list[str]:
    tags = [f"<|{tag}|>" for tag in LANGUAGES]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    return ["<|endoftext|>", "<|startoftranscript|>", *tags, *(f"<|{task}|>" for task in tasks)]


def _timestamps() -> list[str]:
    return [f"<|{number * 0.02:.2f}|>" for number in range(_TIMESTAMPS)]


def _vocabulary(script: list[_Said], *, multilingual: bool, at_least: int) -> tuple[list[str], dict[str, int]]:
    from tokenizers.pre_tokenizers import ByteLevel  # noqa: PLC0415 - only where models are made

    plain = sorted(ByteLevel.alphabet())
    plain += [said.token for said in script if said.token not in set(plain)]
    if multilingual:
        plain.append("")  # the vocabularies of multilingual models hold it, and CTranslate2 knows them by it
    special = [*_special_tokens(), *_timestamps()]
    plain += [f"filler{number}" for number in range(at_least - len(plain) - len(special))]
    tokens = [*plain, *special]
    return tokens, {token: number for number, token in enumerate(tokens)}


def _write_tokenizer(path: Path, vocabulary: list[str], ids: dict[str, int]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 - as above

    plain = {token: number for token, number in ids.items() if number < ids["<|endoftext|>"]}
    tokenizer = Tokenizer(models.BPE(vocab=plain, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in _special_tokens()])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in _timestamps()])
    if tokenizer.get_vocab_size() != len(vocabulary):
        raise ValueError(f"the tokenizer has {tokenizer.get_vocab_size()} tokens for {len(vocabulary)} rows")
    tokenizer.save(str(path))


class _Weights:
    """Where everything stands in the vectors of `width` channels, and the weights that follow from it.

    The channels of a vector come to zero together, so that a layer norm takes nothing off.
    """

    def __init__(
        self, size: WhisperSize, script: list[_Said], ids: dict[str, int], *, language: str, word_s: float, seed: int
    ) -> None:
        self._size, self._script, self._ids = size, script, ids
        self._language, self._word_s = language, word_s
        self._random = np.random.default_rng(seed)
        count = len(script)
        # Channels of the decoder: one for each token that was said last, one for each that may come next.
        self._last = list(range(count + 1))
        self._next = list(range(count + 1, 2 * count + 2))
        first = 2 * count + 2
        self._begin, self._untimed, self._ended, self._quiet, self._loud, self._over = range(first, first + 6)
        self._always, self._age, self._balance, self._plus, self._minus = range(first + 6, first + 11)
        if self._minus >= size.width:
            raise ValueError(f"{count} tokens need a width of {self._minus + 1}, not {size.width}")
        self._head = size.width // size.heads

    def spec(self) -> Any:
        from ctranslate2.specs import WhisperSpec  # noqa: PLC0415 - only where models are made

        size = self._size
        spec = WhisperSpec(size.layers, size.heads, size.decoder_layers or size.layers, size.heads)
        self._encoder(spec.encoder)
        self._decoder(spec.decoder)
        return spec

    def _zeros(self, *shape: int) -> Floats:
        return np.zeros(shape, np.float32)

    def _idle(self, *shape: int) -> Floats:
        return (self._random.standard_normal(shape, np.float32) * np.float32(0.02)).astype(np.float32)

    def _norm(self, layer: Any) -> None:
        """Gives back what is in the channels, but for those that keep the division steady."""
        layer.gamma = np.full(self._size.width, _STEADY * np.sqrt(2.0 / self._size.width), np.float32)
        layer.gamma[[self._balance, self._plus, self._minus]] = 0.0
        layer.beta = self._zeros(self._size.width)

    def _linear(self, layer: Any, outputs: int, inputs: int, *, idle: bool = False) -> None:
        layer.weight = self._idle(outputs, inputs) if idle else self._zeros(outputs, inputs)
        layer.bias = self._zeros(outputs)

    def _layer(self, layer: Any, *, decoder: bool) -> None:
        """A layer that works and adds nothing."""
        width = self._size.width
        self._norm(layer.self_attention.layer_norm)
        self._linear(layer.self_attention.linear[0], 3 * width, width, idle=True)
        self._linear(layer.self_attention.linear[1], width, width)
        if decoder:
            self._norm(layer.attention.layer_norm)
            self._linear(layer.attention.linear[0], width, width)
            self._linear(layer.attention.linear[1], 2 * width, width, idle=True)
            self._linear(layer.attention.linear[2], width, width)
        self._norm(layer.ffn.layer_norm)
        self._linear(layer.ffn.linear_0, 4 * width, width, idle=True)
        self._linear(layer.ffn.linear_1, width, 4 * width)

    def _encoder(self, encoder: Any) -> None:
        width = self._size.width
        # The first convolution takes each band's size apart by sign, and makes a step (one ramp less another) of their
        # mean; the second a ramp of the size where the step is up. Its top is cut off by `_over`, subtracted later.
        encoder.conv1.weight, encoder.conv1.bias = self._zeros(width, _MELS, 3), self._zeros(width)
        bands, sharp, steep = range(_LOW_MELS.start, _LOW_MELS.stop), 50.0, 100.0
        for number, band in enumerate(bands):
            encoder.conv1.weight[2 * number, band, 1] = sharp
            encoder.conv1.weight[2 * number + 1, band, 1] = -sharp
        step = 2 * len(bands)
        encoder.conv1.weight[step : step + 2, _LOW_MELS, 1] = steep / len(bands)
        encoder.conv1.bias[step : step + 2] = [-steep * _QUIET_BELOW, -steep * _QUIET_BELOW - 1.0]
        encoder.conv2.weight, encoder.conv2.bias = self._zeros(width, width, 3), self._zeros(width)
        per_size, shut = 40.0, 200.0
        for channel, top in ((self._loud, 0.0), (self._over, _ON)):
            encoder.conv2.weight[channel, :step, 1] = per_size / sharp / len(bands)
            encoder.conv2.weight[channel, step : step + 2, 1] = [shut, -shut]
            encoder.conv2.bias[channel] = -per_size * _FILLED_BELOW - shut - top
        positions = self._zeros(_FRAMES, width)
        positions[:, : 2 * len(_CLOCK_PERIODS_S)] = _clock(np.arange(_FRAMES) / _FRAMES_PER_S)
        positions[:, self._balance] = -positions.sum(axis=1)
        positions[:, self._plus], positions[:, self._minus] = _STEADY, -_STEADY
        encoder.position_encodings.encodings = positions
        self._norm(encoder.layer_norm)
        for layer in encoder.layer:
            self._layer(layer, decoder=False)
        # Convolutions give nothing negative, so the balance comes from here.
        ffn = encoder.layer[0].ffn
        ffn.linear_0.weight[0] = self._zeros(width)
        ffn.linear_0.weight[0, [self._loud, self._over]] = 1.0
        ffn.linear_1.weight[self._balance, 0] = -1.0

    def _decoder(self, decoder: Any) -> None:
        width, ids = self._size.width, self._ids
        embeddings = self._zeros(len(ids), width)
        embeddings[ids["<|startoftranscript|>"], self._begin] = _ON
        for token in ("<|notimestamps|>", "<|0.00|>"):
            embeddings[ids[token], self._last[0]] = _ON
        for token in _timestamps()[1:]:
            embeddings[ids[token], self._ended] = _ON
        embeddings[ids["<|notimestamps|>"], self._untimed] = _ON
        for number, said in enumerate(self._script, 1):
            embeddings[ids[said.token], self._last[number]] = _ON
        embeddings[:, self._balance] = -embeddings.sum(axis=1)
        decoder.embeddings.weight = embeddings
        positions = self._zeros(_POSITIONS, width)
        positions[:, self._always] = _ON
        positions[:, self._age] = _AGE_PER_TOKEN * np.arange(_POSITIONS)
        positions[:, self._balance] = -positions.sum(axis=1)
        positions[:, self._plus], positions[:, self._minus] = _STEADY, -_STEADY
        decoder.position_encodings.encodings = positions
        self._norm(decoder.layer_norm)
        for layer in decoder.layer:
            self._layer(layer, decoder=True)
        self._remember(decoder.layer[0].self_attention)
        self._listen(decoder.layer[0].attention)
        self._follow(decoder.layer[0].ffn)
        self._project(decoder.projection)
        decoder.scale_embeddings = False

    def _due_s(self, number: int) -> float:
        """How much sound there must be before that token of the script is said."""
        return (self._script[number].word + 1) * self._word_s

    def _remember(self, attention: Any) -> None:
        """Whether times are left out is told once, at the beginning; and from there its age counts."""
        width = self._size.width
        attention.linear[0].weight[:] = 0.0
        attention.linear[0].weight[0, self._always] = 100.0
        attention.linear[0].weight[width, self._untimed] = 1.0
        attention.linear[0].weight[2 * width, self._untimed] = 1.0
        attention.linear[1].weight[[self._untimed, self._balance], 0] = [1.0, -1.0]
        head = self._head
        attention.linear[0].weight[head, self._always] = 100.0
        attention.linear[0].weight[width + head, self._begin] = 1.0
        attention.linear[0].weight[2 * width + head, self._age] = 1.0
        attention.linear[1].weight[[self._age, self._balance], head] = [-1.0, 1.0]

    def _listen(self, attention: Any) -> None:
        """The first head measures how much is loud, the second looks where the next word begins."""
        head, clock = self._head, 2 * len(_CLOCK_PERIODS_S)
        ask, offer, give = attention.linear
        width = self._size.width
        offer.weight[:] = 0.0
        scale = np.sqrt(head) / _ON
        for number, last in enumerate(self._last):
            due_s = self._due_s(min(number, len(self._script) - 1)) - (
                self._word_s if number < len(self._script) else 0
            )
            strengths = np.repeat(_CLOCK_WEIGHTS, 2)
            ask.weight[head : head + clock, last] = _clock(np.array([due_s]))[0] * strengths * scale
        for number in range(clock):
            offer.weight[head + number, number] = 1.0
        offer.weight[width, [self._loud, self._over]] = [1.0, -1.0]
        give.weight[self._loud, 0] = _FULL_LOUD / _ON
        give.weight[self._balance, 0] = -_FULL_LOUD / _ON

    def _follow(self, ffn: Any) -> None:
        """Only the unit of the last token can be positive, and is so where there was more sound than the next needs."""
        per_s = 100.0
        gate = 31.0 * per_s
        loud_per_s = _FULL_LOUD / (_FRAMES / _FRAMES_PER_S)
        ffn.linear_0.weight[:] = 0.0
        for number in range(len(self._script)):
            ffn.linear_0.weight[number, self._last[number]] = gate / _ON
            ffn.linear_0.weight[number, self._loud] = per_s / loud_per_s
            ffn.linear_0.bias[number] = -gate - per_s * self._due_s(number)
            ffn.linear_1.weight[self._next[number], number] = _NEXT_PER_S / per_s
        quiet = len(self._script)
        ffn.linear_1.weight[self._balance, : quiet + 1] = -_NEXT_PER_S / per_s
        ffn.linear_0.weight[quiet, self._begin] = gate / _ON
        ffn.linear_0.weight[quiet, self._loud] = -per_s / loud_per_s
        ffn.linear_0.bias[quiet] = -gate + per_s * self._word_s
        ffn.linear_1.weight[self._quiet, quiet] = _NEXT_PER_S / per_s

    def _project(self, projection: Any) -> None:
        ids = self._ids
        weight = self._zeros(len(ids), self._size.width)
        weight[:, self._always] = _NEVER / _ON
        weight[ids["<|0.00|>"], self._always] = _NEVER / 2 / _ON
        end = ids["<|endoftext|>"]
        patience = len(self._script) + _PATIENCE_TOKENS
        weight[end, self._always] = 3.0 * _NEVER / _ON
        weight[end, self._age] = -2.0 * _NEVER / (patience * _AGE_PER_TOKEN)
        weight[end, self._next[: len(self._script)]] = -_FOLLOWS
        weight[end, [*self._last, self._ended]] = (_END_OF_TEXT - 3.0 * _NEVER) / _ON
        weight[ids[f"<|{self._language}|>"], self._always] = _END_OF_TEXT / 2 / _ON
        weight[ids["<|nospeech|>"], self._quiet] = _FOLLOWS
        for number, said in enumerate(self._script):
            weight[ids[said.token], self._next[number]] = _FOLLOWS
            end = ids[_timestamps()[min(round(self._due_s(number) * _FRAMES_PER_S), _TIMESTAMPS - 1)]]
            weight[end, self._last[number + 1]] = (_END_TIME - _NEVER) / _ON
            weight[end, self._untimed] = -30.0
        projection.weight = weight


def _clock(at_s: npt.NDArray[np.floating]) -> Floats:
    """Hands that turn once in each period, shape (times, 2 periods): the nearer two times, the more alike."""
    angles = 2.0 * np.pi * at_s[:, None] / np.array(_CLOCK_PERIODS_S)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(len(at_s), -1).astype(np.float32)
