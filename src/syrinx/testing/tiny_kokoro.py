"""A model with Kokoro's inputs and outputs that is made in a moment, and whose sound tells what it was asked for.

Every token is a burst of one tone, so pitch tells which token was spoken in which voice, order tells order and length
tells speed. Punctuation and the padding at both ends are silent, and all of it stands beside zero, as recordings may.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

MODEL_FILE = "kokoro-v1.0.onnx"
VOICES_FILE = "voices-v1.0.bin"
SAMPLE_RATE_HZ = 24_000

VOICES = ("af_heart", "am_adam", "bf_emma", "bm_george", "ff_siwis", "zf_xiaobei")

STYLE_ROWS = 510
STYLE_SIZE = 256
TOKEN_MS = 50.0
EDGE_MS = 200.0
"""Silence at either end of what the model gives, at speed 1."""
OFFSET = 0.01
"""How far from zero all samples stand, as a part of full scale: louder than what counts as silence."""
AMPLITUDE = 0.3

_FRAME_SAMPLES = 150
_TOKEN_FRAMES = 8
_EDGE_FRAMES = 32
_LAST_PUNCTUATION = 15
_LOWEST_HZ = 200.0
_STEP_HZ = 8.0
_HIGHEST_LEVEL = 0.8
_LEVEL_PER_ROW = 1e-4
_LAYER_CHANNELS = 256


def write_tiny_kokoro(folder: Path, *, voices: Sequence[str] = VOICES, durations: bool = True, layers: int = 0) -> Path:
    """Write the model and its voices into `folder` (made where it is missing), which is given back.

    Without `durations` the model has no output that tells how long each token is, like the first exports of Kokoro.
    Each of `layers` random convolutions makes it slower, without changing the sound.
    """
    import onnx  # noqa: PLC0415 - heavy, and only installed where Syrinx is developed

    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_model(durations=durations, layers=layers), str(folder / MODEL_FILE))
    with (folder / VOICES_FILE).open("wb") as file:
        np.savez(file, **{name: style_of(name, voices) for name in voices})  # pyright: ignore[reportArgumentType] - the stub takes a name for allow_pickle
    return folder


def style_of(voice: str, voices: Sequence[str] = VOICES) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The style of a voice, shape (510, 1, 256); all of one row is one number."""
    levels = voice_level(voice, voices) + _LEVEL_PER_ROW * np.arange(STYLE_ROWS, dtype=np.float32)
    return np.broadcast_to(levels[:, None, None], (STYLE_ROWS, 1, STYLE_SIZE)).astype(np.float32)


def voice_level(voice: str, voices: Sequence[str] = VOICES) -> float:
    """How much higher than the first voice this one speaks, as a part of the tone."""
    return _HIGHEST_LEVEL * list(voices).index(voice) / len(voices)


def tone_hz(token: int, *, level: float, token_count: int) -> float:
    """The tone of a token in a voice (or mix) of that level, among so many tokens without their padding."""
    return (_LOWEST_HZ + _STEP_HZ * token) * (1.0 + level + _LEVEL_PER_ROW * (min(token_count, STYLE_ROWS) - 1))


class _Graph:
    """Collects the nodes and constants of a graph; `add` gives the name of a node's output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: type[np.generic]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper  # noqa: PLC0415

        name = output or f"node_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name


def _model(*, durations: bool, layers: int) -> Any:
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper  # noqa: PLC0415

    graph = _Graph()
    one_d = graph.constant([-1], np.int64)
    second_axis = graph.constant([1], np.int64)
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)

    tokens = graph.add("Reshape", "tokens", one_d)
    is_edge = graph.add("Equal", tokens, zero)
    usual = graph.add(
        "Where", is_edge, graph.constant(_EDGE_FRAMES, np.float32), graph.constant(_TOKEN_FRAMES, np.float32)
    )
    frames = graph.add("Max", graph.add("Round", graph.add("Div", usual, "speed")), graph.constant(1.0, np.float32))
    duration = graph.add("Cast", frames, output="duration" if durations else "", to=TensorProto.INT64)

    # For each frame the token that it belongs to: as many tokens have ended before it as stand before its own.
    ends = graph.add("CumSum", duration, zero)
    total = graph.add("ReduceMax", ends, keepdims=0)
    frame = graph.add("Range", zero, total, one)
    ended = graph.add("GreaterOrEqual", graph.add("Unsqueeze", frame, second_axis), ends)
    owner = graph.add("ReduceSum", graph.add("Cast", ended, to=TensorProto.INT64), second_axis, keepdims=0)
    length = graph.add("Gather", duration, owner)
    begin = graph.add("Sub", graph.add("Gather", ends, owner), length)

    # Samples within their token, as (frames, samples of a frame).
    before = graph.add("Mul", graph.add("Sub", frame, begin), graph.constant(_FRAME_SAMPLES, np.int64))
    inside = graph.add(
        "Add", graph.add("Unsqueeze", before, second_axis), graph.constant(np.arange(_FRAME_SAMPLES), np.int64)
    )
    at = graph.add("Cast", inside, to=TensorProto.FLOAT)
    token_of_frame = graph.add("Unsqueeze", graph.add("Gather", tokens, owner), second_axis)
    token_number = graph.add("Cast", token_of_frame, to=TensorProto.FLOAT)
    level = graph.add("ReduceMean", "style", keepdims=0)
    above_lowest_hz = graph.add("Mul", token_number, graph.constant(_STEP_HZ, np.float32))
    plain_hz = graph.add("Add", above_lowest_hz, graph.constant(_LOWEST_HZ, np.float32))
    hz = graph.add("Mul", plain_hz, graph.add("Add", level, graph.constant(1.0, np.float32)))
    turn = graph.constant(2 * np.pi / SAMPLE_RATE_HZ, np.float32)
    tone = graph.add("Sin", graph.add("Mul", graph.add("Mul", hz, at), turn))

    samples = graph.add("Cast", graph.add("Unsqueeze", length, second_axis), to=TensorProto.FLOAT)
    part = graph.add("Div", at, graph.add("Mul", samples, graph.constant(_FRAME_SAMPLES / np.pi, np.float32)))
    swell = graph.add("Sin", part)
    sounds = graph.add(
        "Cast", graph.add("Greater", token_of_frame, graph.constant(_LAST_PUNCTUATION, np.int64)), to=TensorProto.FLOAT
    )
    loudness = graph.add("Mul", graph.add("Mul", swell, sounds), graph.constant(AMPLITUDE, np.float32))
    sound = graph.add("Add", graph.add("Mul", tone, loudness), graph.constant(OFFSET, np.float32))
    if layers:
        sound = graph.add("Add", sound, _idle_work(graph, token_number, layers))
    graph.add("Reshape", sound, one_d, output="audio")

    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["samples"])]
    if durations:
        outputs.append(helper.make_tensor_value_info("duration", TensorProto.INT64, ["tokens"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "tiny_kokoro",
            [
                helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "tokens"]),
                helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, STYLE_SIZE]),
                helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
            ],
            outputs,
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    return model


def _idle_work(graph: _Graph, values: str, layers: int) -> str:
    """Random convolutions over the frames, shape (frames, 1) in and out, that come to exactly zero in the end."""
    chance = np.random.default_rng(0)
    row = graph.add("Transpose", values, perm=[1, 0])
    stack = graph.add("Unsqueeze", row, graph.constant([0], np.int64))
    channels = 1
    for _ in range(layers):
        weights = chance.standard_normal((_LAYER_CHANNELS, channels, 3)) / np.sqrt(3 * channels)
        stack = graph.add("Conv", stack, graph.constant(weights, np.float32), pads=[1, 1])
        stack = graph.add("Tanh", stack)
        channels = _LAYER_CHANNELS
    mean = graph.add("ReduceMean", stack, axes=[1], keepdims=0)
    nothing = graph.add("Mul", mean, graph.constant(0.0, np.float32))
    return graph.add("Transpose", nothing, perm=[1, 0])
