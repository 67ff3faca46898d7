"""What every language model refuses before it does any work."""

from __future__ import annotations

from syrinx.engines.llm.contract import ReplyRequest
from syrinx.errors import BadInput


def check_request(request: ReplyRequest) -> None:
    """Raises BadInput unless the last message is the user's and says something, and the limits are possible."""
    if not request.messages:
        raise BadInput("an empty conversation has no reply: send at least one message of the user's")
    last = request.messages[-1]
    if last.role != "user" or not last.text.strip():
        raise BadInput("the last message of a conversation to be answered is the user's and has text")
    if request.max_tokens is not None and request.max_tokens < 1:
        raise BadInput(f"max_tokens is {request.max_tokens}: a reply takes at least 1")
    if request.temperature is not None and not 0 <= request.temperature <= 2:
        raise BadInput(f"temperature is {request.temperature}: it lies between 0 and 2")
