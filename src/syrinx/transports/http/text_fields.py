"""Small bodies that clients send as a form or as JSON, whichever they like: a few fields of text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from syrinx.errors import BadInput, WrongParameter
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.uploads import read_body, read_form

MOST_BYTES: Final = 256 * 1024
_MOST_FIELDS: Final = 20


async def text_fields(request: Request, known: Collection[str]) -> Mapping[str, str]:
    """The fields of a form, of either kind, or of a JSON object, whatever its Content-Type says; none of no body.

    Raises BadInput, WrongParameter for a field that is not `known` or no text.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        async with read_form(request, largest_bytes=MOST_BYTES, file_fields=()) as form:
            return _checked({name: texts[-1] for name, texts in form.texts.items()}, known)
    body = (await read_body(request, largest_bytes=MOST_BYTES)).strip()
    if not body:
        return {}
    # Clients that send JSON without a word about it have it declared as a form.
    if media_type == "application/x-www-form-urlencoded" and not body.startswith(b"{"):
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
        except ValueError as error:
            raise BadInput("the form is malformed: send its fields URL-encoded as UTF-8") from error
        return _checked(dict(pairs), known)
    return _checked(_object(body), known)


def _object(body: bytes) -> dict[str, Any]:
    try:
        read: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is no JSON: {str(error)[:100]}") from error
    if not isinstance(read, dict):
        raise BadInput("the body is to be a JSON object with the fields that are described")
    return read  # pyright: ignore[reportUnknownVariableType]


def _checked(fields: Mapping[str, object], known: Collection[str]) -> dict[str, str]:
    only_fields(fields, known)
    checked: dict[str, str] = {}
    for name, value in fields.items():
        if value is None:
            continue
        if not isinstance(value, str):
            raise WrongParameter(f"{name} is to be a text", parameter=name)
        checked[name] = value
    return checked
