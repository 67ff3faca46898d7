"""Finding and loading Silero's ONNX model, which lies in a package that is never imported."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from syrinx.errors import EngineUnavailable

if TYPE_CHECKING:
    import onnxruntime

REMEDY = "pip install --no-deps silero-vad"
MODEL_FILES = ("silero_vad_16k_op15.onnx", "silero_vad.onnx")


def find_model() -> Path | None:
    """The model inside the package silero-vad, whose own code would need torch; None when it is not installed."""
    spec = importlib.util.find_spec("silero_vad")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        for name in MODEL_FILES:
            path = Path(folder) / "data" / name
            if path.is_file():
                return path
    return None


def load_model() -> onnxruntime.InferenceSession:
    """A session on one thread (blocks for some 100 ms). Raises EngineUnavailable, with the remedy."""
    model = find_model()
    if model is None:
        raise EngineUnavailable(f"Silero's ONNX model is not installed: {REMEDY}")
    # Read by the library when it is imported; from 1.29 on it would otherwise report home.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415 - heavy, and only after the lines above
    except ImportError as error:
        raise EngineUnavailable(f"onnxruntime cannot be loaded ({error}): pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EngineUnavailable(f"{model} cannot be loaded ({error}): {REMEDY} --force-reinstall") from error
    inputs = {argument.name for argument in session.get_inputs()}
    if inputs != {"input", "state", "sr"}:
        raise EngineUnavailable(f"{model} has inputs {sorted(inputs)}, not those of Silero 5 or 6: {REMEDY} --upgrade")
    return session
