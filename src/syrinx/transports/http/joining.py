"""Routers put together as they are.

`include_router` would do, and have the framework build each route once more for every router that it is in, the last
time while the first request waits.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI


def joined(*routers: APIRouter) -> APIRouter:
    """All their routes, in their order."""
    router = APIRouter()
    for each in routers:
        router.routes.extend(each.routes)
    return router


def add_routes(app: FastAPI, router: APIRouter) -> None:
    app.router.routes.extend(router.routes)
