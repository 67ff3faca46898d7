from __future__ import annotations

import json

import pytest

from syrinx.engines.llm.chat_completions.event_stream import EventStream
from syrinx.errors import EngineError


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 1000])
def test_payloads_are_the_same_however_the_bytes_are_cut(piece_bytes: int) -> None:
    data = ': OPENROUTER PROCESSING\r\n\r\ndata: {"a": "grüß dich 你好 🌙"}\r\n\r\ndata:[DONE]\r\n\r\n'.encode()
    stream = EventStream()
    payloads: list[str] = []
    for start in range(0, len(data), piece_bytes):
        payloads += stream.feed(data[start : start + piece_bytes])
    assert payloads == ['{"a": "grüß dich 你好 🌙"}', "[DONE]"]
    assert stream.finish() == []


def test_unicode_line_separators_inside_a_payload_do_not_cut_it() -> None:
    text = json.dumps({"a": "one\u2028two\u0085three"}, ensure_ascii=False)
    assert EventStream().feed(f"data: {text}\n\n".encode()) == [text]


def test_events_without_blank_lines_between_them_are_told_apart() -> None:
    assert EventStream().feed(b'data: {"a":1}\ndata: {"a":2}\n') == ['{"a":1}', '{"a":2}']


def test_a_last_line_without_an_end_is_not_lost() -> None:
    stream = EventStream()
    assert stream.feed(b'data: {"a":1}') == []
    assert stream.finish() == ['{"a":1}']


def test_other_fields_and_comments_are_left_out() -> None:
    assert EventStream().feed(b": hello\nevent: message\nid: 7\nretry: 3\n\n") == []


def test_an_error_field_becomes_an_error_object() -> None:
    (payload,) = EventStream().feed(b'error: {"code":500,"message":"no memory"}\n\n')
    assert json.loads(payload) == {"error": {"code": 500, "message": "no memory"}}


def test_an_endless_line_is_refused() -> None:
    stream = EventStream()
    with pytest.raises(EngineError, match="no event stream"):
        stream.feed(b"x" * (1 << 20) + b"xx")
