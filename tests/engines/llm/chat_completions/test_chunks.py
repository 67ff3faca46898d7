from __future__ import annotations

import json

import pytest

from syrinx.engines.llm.chat_completions.chunks import ReplyChunk, read_chunk
from syrinx.errors import EngineError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"choices": [{"delta": {"content": "Hi"}}]}, ReplyChunk(text="Hi")),
        ({"choices": [{"delta": {"content": None, "role": "assistant"}}]}, ReplyChunk()),
        ({"choices": [], "usage": {"total_tokens": 3}}, ReplyChunk()),
        ({"choices": None}, ReplyChunk()),
        ({"choices": [{"delta": None, "finish_reason": "stop"}]}, ReplyChunk(finish_reason="stop")),
        ({"choices": [{"delta": {"reasoning": "hm"}}]}, ReplyChunk(reasoned=True)),
        ({"choices": [{"delta": {"reasoning_content": "hm", "content": ""}}]}, ReplyChunk(reasoned=True)),
        ({"choices": [{"delta": {"refusal": "I would rather not."}}]}, ReplyChunk(text="I would rather not.")),
        ({"choices": [{"message": {"content": "whole"}}]}, ReplyChunk(text="whole")),
        (
            {"choices": [{"delta": {"content": [{"type": "thinking", "text": "x"}, {"type": "text", "text": "Hi"}]}}]},
            ReplyChunk(text="Hi"),
        ),
        ({"error": {"code": 502}, "choices": []}, ReplyChunk(error={"code": 502})),
        ({"choices": [{"error": {"code": 502}}]}, ReplyChunk(error={"code": 502})),
        ({"object": "error", "message": "x"}, ReplyChunk(error={"object": "error", "message": "x"})),
    ],
)
def test_a_chunk_is_read_for_what_is_to_be_said(data: object, expected: ReplyChunk) -> None:
    assert read_chunk(json.dumps(data)) == expected


@pytest.mark.parametrize("payload", ["{broken", "[]", '"text"', "null"])
def test_what_is_no_json_object_is_refused(payload: str) -> None:
    with pytest.raises(EngineError, match="JSON"):
        read_chunk(payload)
