"""Errors on their way from a worker to the server: the same class, code, message and facts arrive."""

from __future__ import annotations

import json
from typing import Any, cast

from syrinx.errors import EngineError, SyrinxError

METADATA_KEY = "syrinx-error-bin"
"""Trailing metadata that carries the error of a stream."""

LONGEST_MESSAGE = 1500
"""Characters; the metadata of a call may hold 8 KiB in all."""


def error_to_json(error: SyrinxError) -> str:
    """Its class with those above it, message, code, whether it is retryable, and its plain attributes."""
    facts = {
        name: value
        for name, value in vars(error).items()
        if name not in ("message", "code", "retryable") and (value is None or isinstance(value, str | int | float))
    }
    classes = [cls.__name__ for cls in type(error).__mro__ if issubclass(cls, SyrinxError)]
    message = error.message if len(error.message) <= LONGEST_MESSAGE else error.message[: LONGEST_MESSAGE - 1] + "…"
    return json.dumps(
        {
            "classes": classes,
            "message": message,
            "code": error.code,
            "retryable": error.retryable,
            "facts": {name: value[:200] if isinstance(value, str) else value for name, value in facts.items()},
        }
    )


def error_from_json(text: str | bytes) -> SyrinxError:
    """The error again; of the nearest class known here, where the engine has classes of its own."""
    try:
        content = cast("dict[str, Any]", json.loads(text))
        names, message = cast("list[str]", content["classes"]), str(content["message"])
        code, retryable = str(content["code"]), bool(content["retryable"])
        facts = cast("dict[str, object]", content["facts"])
    except (ValueError, KeyError, TypeError) as error:
        return EngineError(f"the worker failed and its error could not be read: {error}", retryable=False)
    known = _classes_by_name(SyrinxError)
    cls = next((known[name] for name in names if name in known), EngineError)
    # Made without its own __init__, whose parameters differ from class to class; all that it sets is in `facts`.
    crossed = cls.__new__(cls)
    SyrinxError.__init__(crossed, message, code=code, retryable=retryable)
    for name, value in facts.items():
        setattr(crossed, name, value)
    return crossed


def _classes_by_name(cls: type[SyrinxError]) -> dict[str, type[SyrinxError]]:
    found = {cls.__name__: cls}
    for below in cls.__subclasses__():
        found |= _classes_by_name(below)
    return found
