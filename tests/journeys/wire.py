"""What goes over a page's sockets, and waiting for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket


class Wire:
    """Everything that went over the page's sockets, for looking at afterwards."""

    def __init__(self, page: Page) -> None:
        self.received: list[dict[str, Any]] = []
        self.sound = bytearray()
        self.sound_sent_bytes = 0
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)
        socket.on("framesent", self._give)

    def _take(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.sound += payload
        else:
            self.received.append(json.loads(payload))

    def _give(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.sound_sent_bytes += len(payload)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.received if message["type"] == kind]

    def states(self) -> list[str]:
        return [message["state"] for message in self.of("state")]


def until(page: Page, condition: Callable[[], bool], what: str, *, timeout_s: float = 30.0) -> None:
    """Let the page live until the condition holds."""
    for _ in range(round(timeout_s / 0.05)):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{what} did not happen within {timeout_s:g} s")


def until_in_page(page: Page, expression: str) -> None:
    """As wait_for_function, which the page's own policy refuses to evaluate."""
    until(page, lambda: bool(page.evaluate(expression)), expression)
