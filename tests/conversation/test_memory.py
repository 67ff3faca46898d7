from __future__ import annotations

import json

import pytest

from syrinx.conversation.heard import HeardPart
from syrinx.conversation.memory import Memory
from syrinx.errors import BadInput


def part(text: str, *, heard: str | None = None, speaker: str = "Ada") -> HeardPart:
    return HeardPart(speaker=speaker, text=text, heard=text if heard is None else heard)


def request(memory: Memory, said: str = "and now?", turn: int = 99) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in memory.messages(system="Be Ada.", turn=turn, said=said)]


def test_the_model_is_told_what_was_heard_and_not_what_was_written() -> None:
    memory = Memory()
    memory.said(1, "hello")
    memory.replied(1, [part("Hello, my friend.", heard="Hello")])
    assert request(memory) == [("system", "Be Ada."), ("user", "hello"), ("assistant", "Hello"), ("user", "and now?")]


def test_what_was_not_heard_at_all_is_no_message() -> None:
    memory = Memory()
    memory.said(1, "hello")
    memory.replied(1, [part("Hello.", heard="")])
    assert request(memory) == [("system", "Be Ada."), ("user", "hello\nand now?")]
    assert memory.entries[1].text == "Hello."


def test_words_that_go_on_with_a_turn_replace_what_was_remembered_of_it() -> None:
    memory = Memory()
    memory.said(1, "tell me a story")
    memory.said(1, "tell me a story about a fox")
    assert [entry.text for entry in memory.entries] == ["tell me a story about a fox"]


def test_a_reply_prepared_to_a_turn_sees_that_turn_once() -> None:
    memory = Memory()
    memory.said(1, "tell me")
    assert request(memory, "tell me a story", turn=1)[1:] == [("user", "tell me a story")]


def test_speakers_are_marked_where_there_are_several() -> None:
    memory = Memory()
    memory.said(1, "hello")
    memory.replied(1, [part("Hi."), part("Hey.", speaker="Ben")])
    messages = memory.messages(system="", turn=2, said="so", tag=lambda name: f"[{name}] ")
    assert messages[2].text == "[Ada] Hi.\n[Ben] Hey."


def test_the_oldest_is_forgotten_past_the_limit_on_messages() -> None:
    memory = Memory(max_messages=4)
    for turn in range(1, 6):
        memory.said(turn, f"question {turn}")
        memory.replied(turn, [part(f"answer {turn}")])
    assert [entry.text for entry in memory.entries] == ["question 4", "answer 4", "question 5", "answer 5"]


def test_the_oldest_is_forgotten_past_the_limit_on_characters_and_no_answer_stands_first() -> None:
    memory = Memory(max_chars=60)
    for turn in range(1, 4):
        memory.said(turn, "q" * 10)
        memory.replied(turn, [part("a" * 20)])
    assert [(entry.turn, entry.role) for entry in memory.entries] == [
        (2, "user"),
        (2, "assistant"),
        (3, "user"),
        (3, "assistant"),
    ]
    memory.said(4, "q" * 25)
    assert [(entry.turn, entry.role) for entry in memory.entries] == [(3, "user"), (3, "assistant"), (4, "user")]


def test_one_message_longer_than_the_limit_is_kept() -> None:
    memory = Memory(max_chars=10)
    memory.said(1, "q" * 100)
    assert len(memory.entries) == 1


def test_a_snapshot_survives_json() -> None:
    memory = Memory()
    memory.said(1, "hello")
    memory.replied(1, [part("Hello, my friend.", heard="Hello")])
    assert Memory.restored(json.loads(json.dumps(memory.snapshot()))).entries == memory.entries


def test_a_snapshot_of_something_else_is_refused() -> None:
    with pytest.raises(BadInput, match="turn, role, speaker, text and heard"):
        Memory.restored([{"role": "user", "content": "hello"}])
