"""Which language model to use when nobody has chosen one in the settings, and where the words then go."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from syrinx.engines.contract import Options
from syrinx.engines.llm import ollama
from syrinx.errors import ConfigurationError

OPENROUTER_URL = "https://openrouter.ai/api/v1"
OPENROUTER_MODEL = "google/gemini-3.1-flash-lite"
"""Cheap, fast to its first word and without thoughts before it, which is what a talk needs most."""
OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-6-luna"
OPENAI_BODY = '{"reasoning_effort": "none"}'
"""By default the model reasons at medium effort before its first word: https://developers.openai.com/api/docs/models"""

VARIABLES = (
    "SYRINX_LLM",
    "SYRINX_LLM_URL",
    "SYRINX_LLM_KEY",
    "SYRINX_LLM_MODEL",
    "SYRINX_LLM_PROXY",
    "OPENROUTER_API_KEY",
    "OPENAI_API_KEY",
    "OLLAMA_HOST",
    "HTTPS_PROXY",
)
"""All that `discover` looks at."""

Probe = Callable[[str], Awaitable[Sequence[object] | None]]
"""Given an Ollama server's base address, its models as /api/tags lists them; None when nothing answers there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmChoice:
    engine: str
    """The engine's entry point."""
    options: Options = field(default_factory=dict[str, str], repr=False)
    """To open it with; may hold a key."""
    title: str
    """What people read, for example "gemma3:4b (Ollama on this machine)"."""
    destination: str = ""
    """The host that everything said and written is sent to; empty when it stays on this machine."""
    reason: str
    """Why this one: the setting that named it, or what was found."""

    @property
    def leaves_machine(self) -> bool:
        return bool(self.destination)


async def discover(
    environment: Mapping[str, str], probe: Probe = ollama.list_models, *, local: LlmChoice | None = None
) -> LlmChoice:
    """Choose, in this order, by:

    1. SYRINX_LLM, where it names an engine ("companion": never anything else; "auto" is the same as unset; "local":
       the model that is installed here);
    2. SYRINX_LLM_URL, with SYRINX_LLM_KEY and SYRINX_LLM_MODEL;
    3. OPENROUTER_API_KEY;
    4. OPENAI_API_KEY;
    5. an Ollama server that runs at OLLAMA_HOST or on this machine and has a model to talk to;
    6. `local`, the model that is installed here, where the caller knows of one;
    7. the companion.

    SYRINX_LLM_MODEL overrides the model that 3 to 5 would take. Only `environment` is read. `probe` is only called when
    it comes to 5. Raises ConfigurationError when the settings contradict themselves.
    """
    given = {name: value for name in VARIABLES if (value := environment.get(name, "").strip())}
    wanted = given.get("SYRINX_LLM", "").lower()
    if wanted == "local" and local is not None:
        return replace(local, reason="SYRINX_LLM is local")
    if wanted not in ("", "auto", "openai"):
        return _named(wanted, given)
    if "SYRINX_LLM_URL" in given:
        return _at_url(given)
    key = given.get("SYRINX_LLM_KEY", "")
    if key and not key.startswith("sk-or-"):
        raise ConfigurationError("SYRINX_LLM_KEY is set without SYRINX_LLM_URL: set the address that the key is for")
    if key or "OPENROUTER_API_KEY" in given:
        return _service(
            given,
            name="OpenRouter",
            url=OPENROUTER_URL,
            key=key or given["OPENROUTER_API_KEY"],
            model=OPENROUTER_MODEL,
            reason="SYRINX_LLM_KEY is a key of OpenRouter" if key else "OPENROUTER_API_KEY is set",
        )
    if "OPENAI_API_KEY" in given:
        return _service(
            given,
            name="OpenAI",
            url=OPENAI_URL,
            key=given["OPENAI_API_KEY"],
            model=OPENAI_MODEL,
            reason="OPENAI_API_KEY is set",
        )
    if (found := await _ollama(given, probe)) is not None:
        return found
    if wanted == "openai":
        raise ConfigurationError(
            "SYRINX_LLM is openai, but no server was found: set SYRINX_LLM_URL or OPENROUTER_API_KEY"
        )
    if local is not None:
        return local
    return LlmChoice(engine="companion", title="The companion (a script)", reason="no language model is configured")


def _named(engine: str, given: Mapping[str, str]) -> LlmChoice:
    """Another engine than ours: its options are what is set, and it may send the words to its address."""
    names = {"SYRINX_LLM_URL": "url", "SYRINX_LLM_KEY": "key", "SYRINX_LLM_MODEL": "model", "SYRINX_LLM_PROXY": "proxy"}
    if engine == "companion":
        return LlmChoice(engine=engine, title="The companion (a script)", reason="SYRINX_LLM is companion")
    options = {option: given[name] for name, option in names.items() if name in given}
    title = f"{given['SYRINX_LLM_MODEL']} ({engine})" if "SYRINX_LLM_MODEL" in given else engine
    destination = _destination(options.get("url", ""))
    return LlmChoice(
        engine=engine, options=options, title=title, destination=destination, reason=f"SYRINX_LLM is {engine}"
    )


def _at_url(given: Mapping[str, str]) -> LlmChoice:
    url = given["SYRINX_LLM_URL"]
    host = _host(url)
    key = given.get("SYRINX_LLM_KEY", "")
    model = given.get("SYRINX_LLM_MODEL", "")
    options = {"url": url}
    if host == "openrouter.ai":
        key, model = key or given.get("OPENROUTER_API_KEY", ""), model or OPENROUTER_MODEL
    elif host == "api.openai.com":
        key = key or given.get("OPENAI_API_KEY", "")
        if not model:
            model, options["body"] = OPENAI_MODEL, OPENAI_BODY
    if not model:
        raise ConfigurationError("SYRINX_LLM_URL is set without SYRINX_LLM_MODEL: name a model that the server offers")
    options["model"] = model
    if key:
        options["key"] = key
    if "SYRINX_LLM_PROXY" in given:
        options["proxy"] = given["SYRINX_LLM_PROXY"]
    destination = _destination(url)
    return LlmChoice(
        engine="openai",
        options=options,
        title=f"{model} ({destination or 'on this machine'})",
        destination=destination,
        reason="SYRINX_LLM_URL is set",
    )


def _service(given: Mapping[str, str], *, name: str, url: str, key: str, model: str, reason: str) -> LlmChoice:
    options = {"url": url, "key": key, "model": given.get("SYRINX_LLM_MODEL") or model}
    if options["model"] == OPENAI_MODEL:
        options["body"] = OPENAI_BODY
    common = given.get("HTTPS_PROXY", "")
    # A proxy of another kind, set for other programs, is not one that ours could use.
    if proxy := given.get("SYRINX_LLM_PROXY") or (common if common.startswith("http") else ""):
        options["proxy"] = proxy
    return LlmChoice(
        engine="openai",
        options=options,
        title=f"{options['model']} ({name})",
        destination=_destination(url),
        reason=reason,
    )


async def _ollama(given: Mapping[str, str], probe: Probe) -> LlmChoice | None:
    try:
        url = ollama.server_url(given.get("OLLAMA_HOST", ""))
    except ValueError:
        # The variable is another program's: what it means there is not for us to judge.
        return None
    models = await probe(url)
    model = given.get("SYRINX_LLM_MODEL") or (ollama.best_for_talk(models) if models else None)
    if models is None or model is None:
        return None
    destination = _destination(url)
    place = f"at {destination}" if destination else "on this machine"
    return LlmChoice(
        engine="openai",
        options={"url": f"{url}/v1", "model": model},
        title=f"{model} (Ollama {place})",
        destination=destination,
        reason=f"Ollama answers at {url}",
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _destination(url: str) -> str:
    host = _host(url)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    return "" if local else host
