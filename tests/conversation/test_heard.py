from __future__ import annotations

import pytest

from syrinx.conversation.heard import HeardReply
from syrinx.speech.events import SpokenWord


def words(text: str, *, at_ms: float, word_ms: float) -> tuple[SpokenWord, ...]:
    spoken: list[SpokenWord] = []
    place = 0
    for number, word in enumerate(text.split()):
        place = text.index(word, place)
        spoken.append(SpokenWord(text=word.strip(".,!?"), at_ms=at_ms + number * word_ms, start_char=place))
    return tuple(spoken)


def told(reply: HeardReply, played_ms: float) -> str:
    return " ".join(part.heard for part in reply.parts(played_ms))


@pytest.fixture
def two_sentences() -> HeardReply:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="Hello there, friend. ", at_ms=0, spoken=True)
    reply.words(0, words("Hello there, friend. ", at_ms=0, word_ms=300))
    reply.sentence_ended(0, 1000)
    reply.sentence(index=1, speaker="Ada", text="How are you today?", at_ms=1200, spoken=True)
    reply.words(1, words("How are you today?", at_ms=1200, word_ms=300))
    reply.sentence_ended(1, 2500)
    return reply


@pytest.mark.parametrize(
    ("played_ms", "heard"),
    [
        (0, ""),
        (1, "Hello"),
        (299, "Hello"),
        (301, "Hello there"),
        (650, "Hello there, friend"),
        (1000, "Hello there, friend."),
        (1100, "Hello there, friend."),
        (1250, "Hello there, friend. How"),
        (1850, "Hello there, friend. How are you"),
        (9999, "Hello there, friend. How are you today?"),
    ],
)
def test_a_reply_that_was_cut_off_ends_with_the_word_being_spoken(
    two_sentences: HeardReply, played_ms: float, heard: str
) -> None:
    assert told(two_sentences, played_ms) == heard


def test_without_word_times_the_cut_is_by_proportion_and_behind_a_whole_word() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="one two three four five", at_ms=0, spoken=True)
    reply.sentence_ended(0, 2300)
    assert told(reply, 450) == "one two"
    assert told(reply, 1000) == "one two three"


def test_a_sentence_still_being_made_is_measured_by_the_usual_rate_of_speech() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="one two three four five six seven", at_ms=0, spoken=True)
    assert told(reply, 500) == "one two"


def test_a_cut_may_fall_between_the_characters_of_a_script_without_spaces() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="今日はとても良い天気", at_ms=0, spoken=True)
    reply.sentence_ended(0, 1000)
    assert told(reply, 300) == "今日はと"


def test_words_that_stand_nowhere_in_the_text_are_measured_by_proportion() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="$3.50 please", at_ms=0, spoken=True)
    reply.words(0, (SpokenWord(text="three", at_ms=0, start_char=None),))
    reply.sentence_ended(0, 1200)
    assert told(reply, 900) == "$3.50 please"


def test_a_sentence_without_sound_is_heard_when_its_place_is_reached() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="Look: ", at_ms=0, spoken=True)
    reply.sentence_ended(0, 500)
    reply.sentence(index=1, speaker="Ada", text="`x = 1` ", at_ms=700, spoken=False)
    reply.sentence(index=2, speaker="Ada", text="That is all.", at_ms=700, spoken=True)
    assert told(reply, 600) == "Look:"
    assert told(reply, 700) == "Look: `x = 1`"


def test_a_reply_of_text_alone_is_heard_whole() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="Nobody can say this.", at_ms=0, spoken=False)
    assert told(reply, 0) == "Nobody can say this."


def test_every_run_of_a_speaker_is_a_part_of_its_own() -> None:
    reply = HeardReply()
    for index, (speaker, text) in enumerate([("Ada", "One. "), ("Ada", "Two. "), ("Ben", "Three. "), ("Ada", "Four.")]):
        reply.sentence(index=index, speaker=speaker, text=text, at_ms=index * 1000.0, spoken=True)
        reply.sentence_ended(index, index * 1000.0 + 900)
    parts = reply.parts(2950)
    assert [(part.speaker, part.text, part.heard) for part in parts] == [
        ("Ada", "One. Two.", "One. Two."),
        ("Ben", "Three.", "Three."),
        ("Ada", "Four.", ""),
    ]


def test_nothing_behind_the_cut_is_heard() -> None:
    reply = HeardReply()
    for index, text in enumerate(["One two three. ", "Four. "]):
        reply.sentence(index=index, speaker="Ada", text=text, at_ms=index * 1000.0, spoken=index == 0)
    reply.sentence_ended(0, 1000)
    assert told(reply, 100) == "One"


def test_of_a_sentence_that_broke_off_only_the_words_spoken_are_heard_and_the_next_one_follows() -> None:
    reply = HeardReply()
    texts = ["One is whole. ", "This one breaks off here. ", "And this is the third."]
    for index, text in enumerate(texts):
        reply.sentence(index=index, speaker="Ada", text=text, at_ms=index * 2000.0, spoken=True)
        reply.words(index, words(text, at_ms=index * 2000.0, word_ms=300))
        reply.sentence_ended(index, index * 2000.0 + (800 if index == 1 else 1500), broke_off=index == 1)
    assert told(reply, 2400) == "One is whole. This one"
    assert told(reply, 3500) == "One is whole. This one breaks"
    assert told(reply, 4400) == "One is whole. This one breaks… And this"
    (whole,) = reply.parts(0, all_of_it=True)
    assert whole.heard == "One is whole. This one breaks… And this is the third."
    assert whole.text == "".join(texts)


def test_a_sentence_that_broke_off_without_word_times_is_measured_by_the_usual_rate_of_speech() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="one two three four five six seven", at_ms=0, spoken=True)
    reply.sentence_ended(0, 500, broke_off=True)
    assert told(reply, 9999) == "one two"


def test_a_word_announced_behind_the_break_is_not_heard() -> None:
    reply = HeardReply()
    reply.sentence(index=0, speaker="Ada", text="one two three", at_ms=0, spoken=True)
    reply.words(0, words("one two three", at_ms=0, word_ms=300))
    reply.sentence_ended(0, 300, broke_off=True)
    assert told(reply, 9999) == "one"


def test_another_speaker_goes_on_behind_a_break_in_a_part_of_their_own() -> None:
    reply = HeardReply()
    for index, (speaker, text) in enumerate([("Ada", "One two three. "), ("Ben", "Four.")]):
        reply.sentence(index=index, speaker=speaker, text=text, at_ms=index * 1000.0, spoken=True)
        reply.words(index, words(text, at_ms=index * 1000.0, word_ms=300))
        reply.sentence_ended(index, index * 1000.0 + 400, broke_off=index == 0)
    assert [part.heard for part in reply.parts(0, all_of_it=True)] == ["One two", "Four."]
