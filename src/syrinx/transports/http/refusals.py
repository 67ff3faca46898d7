"""How refusals stand in the interface's description: each family's shape once, and everywhere else by reference.

A `model` for each refusal of each route would have the framework build some thousand validators at every start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from syrinx.transports.http.errors import ErrorBody

_REFERENCE: Final = "#/components/schemas/{model}"


def described(shape: type[BaseModel], description: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """For `responses` of a route: a refusal whose body is of that shape, one that the application was given."""
    schema = {"$ref": _REFERENCE.format(model=shape.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def refusal(description: str, code: str, message: str, *, retryable: bool = False) -> dict[str, Any]:
    """How an error is described, in our own family's shape."""
    return described(ErrorBody, description, {"code": code, "message": message, "retryable": retryable})


class DescribedApp(FastAPI):
    """An application whose description has the shapes of refusals, too."""

    refusal_shapes: tuple[type[BaseModel], ...] = (ErrorBody,)

    def openapi(self) -> dict[str, Any]:
        """Made once, as FastAPI's own, which keeps it."""
        if self.openapi_schema is None:
            told = super().openapi()
            _, shapes = models_json_schema(
                [(shape, "serialization") for shape in self.refusal_shapes], ref_template=_REFERENCE
            )
            parts = told.setdefault("components", {})
            parts["schemas"] = dict(sorted((shapes["$defs"] | parts.get("schemas", {})).items()))
        return self.openapi_schema or {}
