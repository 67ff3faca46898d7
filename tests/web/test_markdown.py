"""A reply's markdown marks: shown as what they mean, harmless, and never in the way of words being spoken."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from syrinx.testing.audio import sine

from .mock_server import MockServer

RENDER = """async (sentences) => {
  const { freshMarks, readMarks, styledNodes } = await import("./js/markdown.js");
  const place = document.createElement("p");
  let marks = freshMarks();
  for (const sentence of sentences) {
    const read = readMarks(sentence, marks);
    marks = read.after;
    place.append(...styledNodes(read, 0, read.characters.length));
  }
  return place.innerHTML;
}"""

CASES = [
    (["Plain words."], "Plain words."),
    (["A **bold** word, an *italic* and _another_."],
     "A <strong>bold</strong> word, an <em>italic</em> and <em>another</em>."),
    (["**Bold and *both*.**"], "<strong>Bold and </strong><strong><em>both</em></strong><strong>.</strong>"),
    (["**It goes on. ", "And ends** here."], "<strong>It goes on. </strong><strong>And ends</strong> here."),
    (["**Never closed.\n", "\n", "A new paragraph."], "<strong>Never closed.</strong>\n\nA new paragraph."),
    (["2 * 3 * 4 is 24, 2 ** 3 is 8."], "2 * 3 * 4 is 24, 2 ** 3 is 8."),
    (["A snake_case_name and *an unclosed one."], "A snake_case_name and *an unclosed one."),
    (["Say `x * y * z` and `a`."], "Say <code>x * y * z</code> and <code>a</code>."),
    (["One ` alone."], "One ` alone."),
    ([r"Not \*this\*."], "Not *this*."),
    (["- one\n", "* two\n", "  - below\n", "1. first"], "•&nbsp;one\n•&nbsp;two\n\u2003•&nbsp;below\n1. first"),
    (["A - b."], "A - b."),
    (["# Title\n", "Text #1."], "<strong>Title</strong>\nText #1."),
    (["```python\n", "a = **b\n", "```\n", "After **it**."], "<code>a = **b\n</code>After <strong>it</strong>."),
    (["<img src=x onerror=alert(1)> **<b>**"],
     "&lt;img src=x onerror=alert(1)&gt; <strong>&lt;b&gt;</strong>"),
]  # fmt: skip


def test_marks_become_emphasis_lists_and_code_and_nothing_else(page: Page) -> None:
    for sentences, html in CASES:
        assert page.evaluate(RENDER, sentences) == html, sentences


def test_words_being_spoken_are_marked_inside_emphasis(page: Page, server: MockServer) -> None:
    text = "So **very good** it is."
    words = [("So", 0), ("very", 5), ("good", 10), ("it", 17), ("is.", 20)]
    server.start_sound(1)
    server.sentence(1, 0, text, at_ms=0)
    timed = [{"text": word, "at_ms": 100 * at, "start_char": char} for at, (word, char) in enumerate(words)]
    server.send("words", turn=1, index=0, words=timed, exact=True)
    server.send_sound(sine(300, duration_ms=1500).pcm)
    expect(page.locator(".word")).to_have_text(["So", "very", "good", "it", "is."])
    assert page.locator(".word strong").all_inner_texts() == ["very", "good"]
    expect(page.locator(".reply .words")).to_have_text("So very good it is.")


def test_what_was_not_heard_is_cut_at_its_place_within_marks(page: Page, server: MockServer) -> None:
    text = "So **very good** it is."
    server.send("reply", turn=1, speaker="Ada", delta=f"{text} And *more*.")
    server.start_sound(1)
    server.sentence(1, 0, text, at_ms=0)
    server.stop_sound(1, "interrupted", heard="So **very")
    expect(page.locator(".unheard-note")).to_have_text("not heard")
    assert "".join(page.locator(".unheard").all_text_contents()).strip() == "good it is. And more."
    assert page.locator(".unheard strong").all_text_contents() == ["good"]
    assert page.locator(".unheard em").all_text_contents() == ["more"]
