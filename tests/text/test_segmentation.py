"""Sentences out of a stream: what ends one and what does not, how early it leaves, any chunking alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx.errors import BadInput
from syrinx.text import Segment, SentenceSegmenter, split_sentences
from syrinx.text.punctuation import breaks_grapheme


def segments_of(
    text: str,
    *,
    chunk: int | None = None,
    language: str = "en",
    first_clause: bool = True,
    min_chars: int | None = None,
    max_chars: int | None = None,
) -> list[Segment]:
    segmenter = SentenceSegmenter(
        language=language, first_clause=first_clause, min_chars=min_chars, max_chars=max_chars
    )
    size = chunk or max(1, len(text))
    released = [segment for at in range(0, len(text), size) for segment in segmenter.feed(text[at : at + size])]
    return [*released, *segmenter.flush()]


def texts_of(
    text: str,
    *,
    language: str = "en",
    first_clause: bool = True,
    min_chars: int | None = None,
    max_chars: int | None = None,
) -> list[str]:
    segments = segments_of(text, language=language, first_clause=first_clause, min_chars=min_chars, max_chars=max_chars)
    return [segment.text for segment in segments]


SENTENCES: dict[str, list[list[str]]] = {
    "en": [
        ["Hello there!", "How are you?", "I am fine."],
        ["Dr. Smith met Mrs. Jones and Prof. Lee.", "They talked."],
        ["J. R. R. Tolkien wrote it.", "He liked trees."],
        ["We met at 3 p.m.", "Tomorrow we meet again."],
        ["The train leaves at 3 p.m. Monday from platform two."],
        ["It starts at 9 a.m. EST on the dot."],
        ["He moved to the U.S.", "The weather was better."],
        ["The U.S. Army is large."],
        ["Pi is 3.14 and not 3.15.", "Right?"],
        ["It is 3.", "Then comes 4."],
        ["Version 2.0.1 fixes v1.9.", "Install it."],
        ["See https://example.com/a.b?c=d.e for more.", "Or write to jo.doe@mail.example.org!", "Bye."],
        ["Use e.g. a spoon, i.e. cutlery, etc. if you must."],
        ["Bring forks, knives, etc.", "We have the rest."],
        ["Well... maybe not.", "Wait...", "What was that?"],
        ["He said “Stop. Don't move.” and left.", "Nobody moved."],
        ['She asked "Why? How?" and sat down.'],
        ["“Stop!” he cried.", "I stopped."],
        ['He said "Stop."', "Then he left."],
        ["We came (at last! It took hours.) and ate.", "Good."],
        ["(This stands alone. It is an aside.)", "Then it goes on."],
        ["He paid (finally!) Bob's bill."],
        ["No. 5 is alive.", "No.", "I disagree."],
        ["Is that so?!", "Yes!!!", "Good."],
        ["Look at `foo. Bar` first.", "Then run it."],
        ["Great!😀", "Next one."],
        ["I am sad :( but it passes.", "It does."],
        ["Acme Inc. makes anvils.", "They are heavy."],
        ["So do I.", "Then we agree."],
        ["What is 5 + 5?", "It is 10.", "See Fig. 3 for more."],
        ["no stop at the end"],
        ["Plan B.", "Then we go."],
    ],
    "es": [
        ["El Sr. García llegó.", "¿Vienes?", "¡Sí!"],
        ["Trae fruta, p. ej. manzanas.", "Gracias."],
        ["Vive en EE. UU. desde 2010.", "Le gusta."],
        ["Cuesta 3,14 euros.", "Es barato."],
        ["La Dra. Pérez vive en la Avda. Mayor.", "Es médica."],
    ],
    "fr": [
        ["M. Dupont et Mme. Durand sont là.", "Ils parlent."],
        ["« Bonjour ! » dit-il.", "Elle rit."],
        ["Il dit : « Oui. Non. »", "Puis il part."],
        ["Ça coûte 3,50 euros !", "C'est cher ?", "Oui."],
    ],
    "de": [
        ["Das ist z. B. gut.", "Oder d. h. nicht schlecht."],
        ["Am 3. Oktober ist frei.", "Das ist der 3. Versuch."],
        ["Er kam um 5.", "Dann ging er."],
        ["Peter sagte: „Halt! Stopp!“", "Dann lief er."],
        ["Hr. Dr. Müller wohnt in der Hauptstr. 5.", "Er ist nett."],
    ],
    "it": [
        ["Il sig. Rossi e il dott. Bianchi parlano.", "Poi vanno via."],
        ["Costa 3,14 euro.", "È poco."],
        ["Porta pane, vino, ecc.", "Poi torna."],
    ],
    "pt": [
        ["O Sr. Silva e a Dra. Souza chegaram.", "Estão bem?"],
        ["Custa 3,14 reais.", "É barato!"],
        ["Traga frutas, p. ex. maçãs.", "Obrigado."],
    ],
    "zh": [
        ["你好。", "今天天气很好！", "我们去公园吧？"],
        ["他说：「你好。我来了。」", "然后走了。"],
        ["“你好。”", "他走了。"],
        ["圆周率是3.14。", "对吗？"],
        ["我……不知道。", "你呢？"],
    ],
    "ja": [
        ["こんにちは。", "お元気ですか？", "はい！"],
        ["彼は「行く。」と言った。", "それから出かけた。"],
        ["「どこ？」", "彼女は笑った。"],
    ],
    "hi": [
        ["नमस्ते।", "आप कैसे हैं?", "मैं ठीक हूँ।"],
        ["यह 3.14 है।", "ठीक है!"],
    ],
    "ko": [["안녕하세요.", "반갑습니다!"]],
}


@pytest.mark.parametrize(
    ("language", "sentences"), [(language, case) for language, cases in SENTENCES.items() for case in cases]
)
def test_sentences_are_cut_where_a_reader_would(language: str, sentences: list[str]) -> None:
    joiner = "" if language in {"zh", "ja"} else " "
    assert split_sentences(joiner.join(sentences), language=language) == sentences


@pytest.mark.parametrize(
    ("stream", "released"),
    [
        ("Hello there!", []),
        ("Hello there! ", ["Hello there! "]),
        ("It is 3.", []),
        ("It is 3.1", []),
        ("It is 3. ", ["It is 3. "]),
        ("We met Dr. ", []),
        ("We met at 3 p.m. ", []),
        ("We met at 3 p.m. Tomorrow", []),
        ("We met at 3 p.m. Tomorrow ", ["We met at 3 p.m. "]),
        ('He said "Stop." ', []),
        ('He said "Stop." T', ['He said "Stop." ']),
        ("Really now... ", []),
        ("Really now... N", ["Really now... "]),
        ("A heading\n", []),
        ("A heading\nT", ["A heading\n"]),
        ("A heading\n\n", ["A heading\n\n"]),
    ],
)
def test_a_sentence_leaves_with_the_character_that_decides_it(stream: str, released: list[str]) -> None:
    segmenter = SentenceSegmenter()
    assert [segment.text for character in stream for segment in segmenter.feed(character)] == released


@pytest.mark.parametrize(("language", "stream"), [("zh", "你好。"), ("ja", "元気ですか？"), ("hi", "नमस्ते।")])
def test_stops_that_need_no_space_release_at_once(language: str, stream: str) -> None:
    assert [segment.text for segment in SentenceSegmenter(language=language).feed(stream)] == [stream]


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("en", "When I got home last night, the dog was happy.", "When I got home last night, "),
        ("en", "I would love to help you, but I need more time.", "I would love to help you, "),
        ("en", "There are three things to know: time, money and love.", "There are three things to know: "),
        ("en", "That is a good question — let me think about it.", "That is a good question — "),
        ("en", "It is late already; go to bed now.", "It is late already; "),
        ("es", "Cuando llegué a casa ayer, el perro dormía.", "Cuando llegué a casa ayer, "),
        ("fr", "Quand je suis rentré hier, le chien dormait.", "Quand je suis rentré hier, "),
        ("de", "Als ich gestern nach Hause kam, schlief der Hund.", "Als ich gestern nach Hause kam, "),
        ("it", "Quando sono tornato a casa, il cane dormiva.", "Quando sono tornato a casa, "),
        ("pt", "Quando cheguei em casa ontem, o cão dormia.", "Quando cheguei em casa ontem, "),
        ("zh", "今天的天气真的很好，我们去公园吧。", "今天的天气真的很好，"),
        ("ja", "今日はとても天気がいいので、散歩に行きましょう。", "今日はとても天気がいいので、"),
        ("hi", "जब मैं कल घर पहुँचा, तो कुत्ता सो रहा था।", "जब मैं कल घर पहुँचा, "),
    ],
)
def test_a_first_clause_that_sounds_natural_leaves_early(language: str, text: str, first: str) -> None:
    segments = segments_of(text, chunk=1, language=language)
    assert segments[0].text == first
    assert segments[0].is_clause
    assert len(segments) == 2
    assert not segments[1].is_clause
    assert texts_of(text, language=language, first_clause=False) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "However, I would go.",
        "Well, you know, it rains.",
        "I really like apples, pears and plums.",
        "We have been to London, Paris, and Rome.",
        "I have always wanted to see Paris, France.",
        "It was on the 21st of November, 2026.",
        "The meeting will be at 10:30 today.",
        "It costs about 1,000 dollars now.",
        "The code (in theory, at least) works.",
        'She said "in my opinion, yes" and left.',
        "Please do come in, friend.",
        "Run `the first thing, then stop` now.",
    ],
)
def test_a_clause_that_would_sound_odd_alone_waits_for_its_sentence(text: str) -> None:
    assert texts_of(text) == [text]


def test_only_the_first_segment_is_ever_a_clause() -> None:
    text = "When I got home last night, the dog was happy, but the cat was not, and so it goes on."
    assert [segment.is_clause for segment in segments_of(text)] == [True, False]


def test_short_sentences_join_the_next_but_the_first_leaves_at_once() -> None:
    assert texts_of("Yes. No. Oh. I see what you mean. Fine.") == ["Yes. ", "No. Oh. I see what you mean. ", "Fine."]


def test_lists_are_one_segment_per_item_and_their_numbers_end_nothing() -> None:
    text = "You need:\n\n1. Two fresh eggs. Or three.\n2. Some milk\n- a. bread\n- butter\n\nThat is all."
    assert split_sentences(text) == [
        "You need:", "1. Two fresh eggs.", "Or three.", "2. Some milk", "- a. bread", "- butter", "That is all.",
    ]  # fmt: skip


def test_a_fenced_block_is_one_segment_however_long() -> None:
    block = "```python\n" + 'print("a. B")\n' * 60 + "```\n"
    assert texts_of("Here it is:\n" + block + "Run it now.") == ["Here it is:\n", block, "Run it now."]


def test_a_fence_that_never_closes_is_one_segment() -> None:
    assert texts_of("See this:\n\n~~~\na. B\n\nc. D\n") == ["See this:\n\n", "~~~\na. B\n\nc. D\n"]


def test_a_table_row_is_never_cut() -> None:
    text = "| Name. First | Age |\n|---|---|\n| Bob. Jr. | 3. |\n\nThat is it."
    rows = texts_of(text, min_chars=0)
    assert rows[0] == "| Name. First | Age |\n"
    assert "| Bob. Jr. | 3. |\n" in rows[1]


def test_a_wrapped_line_goes_on_with_its_sentence() -> None:
    text = "This is a long line of text that an editor wrapped at nearly\nSeventy characters. It goes on\nhere. Done."
    assert split_sentences(text) == [
        "This is a long line of text that an editor wrapped at nearly\nSeventy characters.",
        "It goes on\nhere.",
        "Done.",
    ]


def test_a_break_in_the_lines_ends_a_paragraph_and_so_does_the_end() -> None:
    segments = segments_of("First one here.\nSecond one is here. Third one is here.")
    assert [segment.ends_paragraph for segment in segments] == [True, False, True]


def test_a_run_on_sentence_is_parted_at_a_clause_then_at_a_word() -> None:
    clause = texts_of("one two three four five six, seven eight nine ten eleven", first_clause=False, max_chars=40)
    assert clause[0] == "one two three four five six, "
    words = texts_of("word " * 30, max_chars=42)
    assert all(set(piece.split()) == {"word"} and len(piece) <= 42 for piece in words)


def test_chinese_without_any_stop_is_parted_between_characters() -> None:
    text = "我们今天一起去公园散步然后回家吃饭" * 12
    pieces = texts_of(text, language="zh")
    assert all(len(piece) <= 80 for piece in pieces)
    assert len(pieces) == 3
    assert "".join(pieces) == text


def test_a_cut_never_parts_a_grapheme() -> None:
    family = "👩‍👩‍👧‍👦"
    pieces = texts_of("é̂" * 30 + family * 10 + "क्षि" * 30 + "🇩🇪" * 20, max_chars=20, min_chars=0)
    text = "".join(pieces)
    at = 0
    for piece in pieces[:-1]:
        at += len(piece)
        assert not breaks_grapheme(text, at)


def test_an_unclosed_bracket_holds_nothing_back_for_ever() -> None:
    text = "This (is a slip of the pen. " + "Here is another sentence of the reply. " * 6
    segmenter = SentenceSegmenter()
    released = [segment for character in text for segment in segmenter.feed(character)]
    assert len(released) >= 5


def test_feeding_after_the_end_is_refused() -> None:
    segmenter = SentenceSegmenter()
    segmenter.flush()
    assert segmenter.flush() == []
    with pytest.raises(RuntimeError, match="new stream needs a new"):
        segmenter.feed("more")


@pytest.mark.parametrize(("low", "high"), [(5, 4), (-1, 10), (0, 0)])
def test_impossible_lengths_are_refused(low: int, high: int) -> None:
    with pytest.raises(BadInput, match="min_chars <= max_chars"):
        SentenceSegmenter(min_chars=low, max_chars=high)


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                ". ", ".", "! ", "?", "... ", "…", "\n", "\n\n", " ", " ", ", ", "; ", ": ", " — ", "(", ")", "“",
                "”", '"', "「", "」", "。", "！", "，", "、", "`", "```", "\n```\n", "~~~\n", "| a ", "|\n", "- ",
                "1. ", "12", "3.14", "Dr. ", "p.m. ", "U.S. ", "The ", "and ", "hello ", "word", "😀", "👩‍👩‍👧", "नमस्ते",
                "।", "漢字かな", "## ", "[", "](", "é̂", "S", "z. B. ", "am 3. ", "«", "»", "„", "*", "**", "\r\n", "\t",
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    pieces=PIECES,
    language=st.sampled_from(["en", "de", "fr", "zh", "ja", "hi", "xx"]),
    max_chars=st.sampled_from([10, 40, 240]),
    cuts=st.lists(st.integers(min_value=1, max_value=30), min_size=1, max_size=20),
)
def test_chunking_never_changes_the_segments(pieces: list[str], language: str, max_chars: int, cuts: list[int]) -> None:
    text = "".join(pieces)
    low = min(16, max_chars)
    whole = segments_of(text, language=language, max_chars=max_chars, min_chars=low)
    assert segments_of(text, chunk=1, language=language, max_chars=max_chars, min_chars=low) == whole
    segmenter = SentenceSegmenter(language=language, max_chars=max_chars, min_chars=low)
    ragged: list[Segment] = []
    at = step = 0
    while at < len(text):
        size = cuts[step % len(cuts)]
        ragged += segmenter.feed(text[at : at + size])
        at, step = at + size, step + 1
    assert ragged + segmenter.flush() == whole
    assert "".join(segment.text for segment in whole) == text
    assert [segment.index for segment in whole] == list(range(len(whole)))
    for segment in whole:
        assert len(segment.text) <= max_chars or segment.text.lstrip().startswith(("```", "~~~"))
