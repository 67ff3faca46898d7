"""Finds out whether Ollama runs here and which of its models suits a spoken conversation."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:11434"
_DEFAULT_PORT = 11434
_PROBE_TIMEOUT_S = 0.3
_LARGEST_LIST = 1 << 20

_EMBEDDING = re.compile(r"embed|rerank|bge-|minilm", re.IGNORECASE)
_EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "xlm-roberta"})
_THINKS_FIRST = re.compile(r"deepseek-r1|qwq|gpt-oss|magistral|reason|think|-r1\b", re.IGNORECASE)
_NOT_FOR_TALK = re.compile(r"code|coder|math|sql|base\b|guard|ocr", re.IGNORECASE)
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*([bm])\b", re.IGNORECASE)
_SMALLEST_GOOD = 1.5e9
"""Below about 1.5 billion parameters models lose the thread of a talk."""
_BYTES_PER_PARAMETER = 0.6
"""Of the 4-bit weights that Ollama fetches by default, for models that do not tell their parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    name: str
    rank: tuple[bool, bool, bool, float, str]
    """Thinks first, is not for talk, is too small, its size as far as that tells the pace, its name: less is better."""


def server_url(ollama_host: str) -> str:
    """The base address that a client uses for the value of OLLAMA_HOST, which names what the server listens on.

    "0.0.0.0:11434" -> "http://127.0.0.1:11434". Raises ValueError when it is no address.
    """
    text = ollama_host.strip().strip("\"'")
    if not text:
        return DEFAULT_URL
    if text.count(":") > 1 and "[" not in text and "://" not in text:
        text = f"[{text}]"
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "http", text
    parts = urlsplit(f"{scheme}://{rest}")
    port = parts.port or (_DEFAULT_PORT if not found else {"http": 80, "https": 443}.get(scheme))
    if port is None:
        raise ValueError(f"OLLAMA_HOST begins with {scheme}://: http:// or https:// was expected")
    host = parts.hostname or "127.0.0.1"
    if host in ("0.0.0.0", "::"):  # a listening address is nobody's to call
        host = "127.0.0.1"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


async def list_models(url: str) -> Sequence[object] | None:
    """The models that an Ollama server at `url` tells of (GET /api/tags), or None when none answers within 0.3 s."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            # Most machines have nothing there, and learning that must not cost the import of an HTTP library.
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.close()
    except (OSError, TimeoutError):
        return None
    httpx = await asyncio.to_thread(import_module, "httpx")
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            client = httpx.AsyncClient(trust_env=False, verify=parts.scheme == "https", timeout=None)
            async with client, client.stream("GET", f"{url}/api/tags") as response:
                if response.status_code != 200:
                    return None
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST_LIST:
                        return None
        return read_models(json.loads(body))
    except (httpx.HTTPError, TimeoutError, ValueError):
        return None


def read_models(answer: object) -> Sequence[object] | None:
    models = cast("dict[str, Any]", answer).get("models") if isinstance(answer, dict) else None
    return cast("list[object]", models) if isinstance(models, list) else None


def best_for_talk(models: Sequence[object]) -> str | None:
    """The model that will answer soonest without being too small to talk to; None when none can chat.

    In order of preference: models that do not think before they speak; general ones before those for code or
    mathematics; at least 1.5 billion parameters; then the smallest, or the largest of those below; then by name.
    Never one for embeddings, nor one that Ollama runs in its cloud: nobody has agreed that the words leave the machine.
    """
    known = [model for model in (_read(item) for item in models) if model is not None]
    return min(known, key=lambda model: model.rank).name if known else None


def _read(item: object) -> _Candidate | None:
    if not isinstance(item, dict):
        return None
    model = cast("dict[str, Any]", item)
    name = model.get("name") or model.get("model")
    if not isinstance(name, str) or model.get("remote_host") or model.get("remote_model") or name.endswith("cloud"):
        return None
    details = cast("Mapping[str, Any]", model["details"]) if isinstance(model.get("details"), dict) else {}
    capabilities = model.get("capabilities")
    if isinstance(capabilities, list) and capabilities and "completion" not in capabilities:
        return None
    if _EMBEDDING.search(name) or details.get("family") in _EMBEDDING_FAMILIES:
        return None
    parameters = _parameters(details.get("parameter_size"), name, model.get("size"))
    small = 0 < parameters < _SMALLEST_GOOD
    order = -parameters if small else parameters or float("inf")
    return _Candidate(
        name=name,
        rank=(bool(_THINKS_FIRST.search(name)), bool(_NOT_FOR_TALK.search(name)), small, order, name),
    )


def _parameters(told: object, name: str, size_bytes: object) -> float:
    found = _SIZE.search(told) if isinstance(told, str) else None
    found = found or _SIZE.search(name.replace(":", " ").replace("-", " "))
    if found is not None:
        return float(found.group(1)) * (1e9 if found.group(2).lower() == "b" else 1e6)
    return size_bytes / _BYTES_PER_PARAMETER if isinstance(size_bytes, int | float) else 0.0
