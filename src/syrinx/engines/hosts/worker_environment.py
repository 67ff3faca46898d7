"""The environment of worker processes: what libraries need to find their files and devices, and no secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping

PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OMP_NUM_THREADS", "ESPEAK_DATA_PATH"),
        *("CUDA_HOME", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
        *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TORCH_HOME"),
    }
)
PASSED_ON_PREFIXES = ("LC_", "XDG_")

ALWAYS: Mapping[str, str] = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "GRPC_VERBOSITY": "ERROR",
}


def worker_environment(ambient: Mapping[str, str]) -> dict[str, str]:
    """What of the server's environment a worker gets, and the switches that keep libraries from phoning home."""
    passed_on = {
        name: value for name, value in ambient.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
    }
    return {"PATH": os.defpath} | passed_on | dict(ALWAYS)
