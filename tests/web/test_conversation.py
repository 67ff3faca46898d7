"""The conversation on the page: words as they are understood, replies in step with their sound, what was not heard."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from syrinx.testing.audio import sine

from .mock_server import MockServer

SENTENCES = ("The first one. ", "Then a second. ", "And the third.")
SENTENCE_MS = 500


def start_reply(server: MockServer, turn: int = 1, *, words: bool = False) -> None:
    """Text and sound of three sentences of half a second each, sent ahead of their playing."""
    for sentence in SENTENCES:
        server.send("reply", turn=turn, speaker="Ada", delta=sentence)
    server.start_sound(turn)
    server.state("speaking", listening=False)
    for index, sentence in enumerate(SENTENCES):
        server.sentence(turn, index, sentence, at_ms=index * SENTENCE_MS)
        if words:
            server.send("words", turn=turn, index=index, words=timed(sentence, index * SENTENCE_MS), exact=True)
        server.send_sound(sine(300, duration_ms=SENTENCE_MS).pcm)
    server.send("audio_stream_sent", turn=turn, duration_ms=len(SENTENCES) * SENTENCE_MS)


def timed(sentence: str, from_ms: float) -> list[dict[str, Any]]:
    words = sentence.split()
    step_ms = SENTENCE_MS / len(words)
    return [
        {"text": word, "at_ms": from_ms + number * step_ms, "start_char": sentence.index(word)}
        for number, word in enumerate(words)
    ]


def reply_text(page: Page) -> str:
    return page.locator(".reply:not(.pending) .words").first.inner_text()


def test_partial_words_are_lighter_and_final_words_replace_them(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="in being", final=False)
    line = page.locator(".person")
    expect(line.locator(".words")).to_have_text("in being")
    expect(line).to_have_class("line person partial")
    server.send("transcript", turn=1, text="In being comparatively modern.", final=True)
    expect(line.locator(".words")).to_have_text("In being comparatively modern.")
    expect(line).to_have_class("line person")
    expect(page.locator("#announcer")).to_have_text("You said: In being comparatively modern.")


def test_words_that_will_not_change_are_firmer_than_the_rest(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="Ünd 𝄞 in being", final=False, stable=8)
    expect(page.locator(".person .words")).to_have_text("Ünd 𝄞 in being")
    assert page.locator(".person .stable").text_content() == "Ünd 𝄞 in"
    styles: list[list[str]] = page.evaluate("""() => [".person .stable", ".person .words"].map((place) => {
      const { color, fontStyle } = getComputedStyle(document.querySelector(place));
      return [color, fontStyle];
    })""")
    assert (styles[0][1], styles[1][1]) == ("normal", "italic")
    assert styles[0][0] != styles[1][0]
    server.send("transcript", turn=1, text="And in being.", final=True, stable=13)
    expect(page.locator(".person .words")).to_have_text("And in being.")
    expect(page.locator(".stable")).to_have_count(0)


def test_words_that_were_no_speech_are_withdrawn(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="uh", final=False)
    expect(page.locator(".person")).to_have_count(1)
    server.send("transcript", turn=1, text="", final=True)
    expect(page.locator(".person")).to_have_count(0)


def test_a_reply_appears_sentence_by_sentence_as_it_sounds(page: Page, server: MockServer) -> None:
    start_reply(server)
    seen: dict[str, float] = page.evaluate("""(sentences) => new Promise((resolve) => {
      const seen = {};
      const look = () => {
        const text = document.querySelector(".reply:not(.pending) .words")?.textContent ?? "";
        for (const sentence of sentences) {
          if (text.includes(sentence.trim())) seen[sentence] ??= syrinx.player.playedMs;
        }
        if (Object.keys(seen).length === sentences.length) resolve(seen);
        else requestAnimationFrame(look);
      };
      look();
    })""", list(SENTENCES))  # fmt: skip
    for index, sentence in enumerate(SENTENCES):
        # Not before its sound, and within a few drawings of it.
        assert index * SENTENCE_MS <= seen[sentence] <= index * SENTENCE_MS + 200


WATCH_WORDS = """() => new Promise((resolve) => {
  const seen = [];
  const look = () => {
    const word = document.querySelector(".word.now")?.textContent;
    if (word && word !== seen.at(-1)?.word) {
      const ahead = [...document.querySelectorAll(".sounding .ahead")].map((one) => one.textContent);
      seen.push({ word, ahead, ms: syrinx.player.playedMs });
    }
    if (word === "third.") resolve(seen);
    else requestAnimationFrame(look);
  };
  look();
})"""


def test_the_word_being_spoken_is_marked_and_those_to_come_are_lighter(page: Page, server: MockServer) -> None:
    start_reply(server, words=True)
    seen: list[dict[str, Any]] = page.evaluate(WATCH_WORDS)
    at_ms = {
        word["text"]: word["at_ms"]
        for number, sentence in enumerate(SENTENCES)
        for word in timed(sentence, number * SENTENCE_MS)
    }
    spoken = list(at_ms)
    # A busy machine draws less often and may skip a word, but none is marked out of order or before its time.
    marked = [one["word"] for one in seen]
    assert marked == [word for word in spoken if word in marked]
    assert len(marked) >= len(spoken) // 2
    for one in seen:
        assert one["ms"] >= at_ms[one["word"]]
        assert all(spoken.index(word) > spoken.index(one["word"]) for word in one["ahead"])
    server.stop_sound(1, played_ms=1500, heard="".join(SENTENCES))
    expect(page.locator(".word.now")).to_have_count(0)


def test_what_an_interruption_cut_off_stays_and_says_that_it_was_not_heard(page: Page, server: MockServer) -> None:
    server.send("reply", turn=1, speaker="Ada", delta="".join(SENTENCES) + " Never even synthesised.")
    start_reply_without_text(server)
    page.wait_for_function("syrinx.player.playedMs > 300")
    server.stop_sound(1, "interrupted", played_ms=700, heard="The first one. Then a")
    expect(page.locator(".unheard-note")).to_have_text("not heard")
    unheard = " ".join("".join(page.locator(".unheard").all_inner_texts()).split())
    assert unheard == "second. And the third. Never even synthesised."
    assert reply_text(page).startswith("The first one. Then a second.")


def start_reply_without_text(server: MockServer) -> None:
    server.start_sound(1)
    for index, sentence in enumerate(SENTENCES):
        server.sentence(1, index, sentence, at_ms=index * SENTENCE_MS)
        server.send_sound(sine(300, duration_ms=SENTENCE_MS).pcm)


def test_a_reply_without_sound_is_shown_at_once(page: Page, server: MockServer) -> None:
    server.state("thinking", listening=False)
    expect(page.locator(".reply.pending .who")).to_have_text("Ada")
    server.send("reply", turn=1, speaker="Ada", delta="Only to be read.")
    server.sentence(1, 0, "Only to be read.", at_ms=0, spoken=False)
    expect(page.locator(".reply:not(.pending) .words")).to_have_text("Only to be read.")
    expect(page.locator(".pending")).to_have_count(0)


def test_a_reply_whose_voice_failed_is_shown_whole(page: Page, server: MockServer) -> None:
    server.send("reply", turn=1, speaker="Ada", delta="One. Two.")
    server.start_sound(1)
    server.sentence(1, 0, "One. ", at_ms=0)
    server.stop_sound(1, "failed", heard="One.")
    expect(page.locator(".reply .words")).to_have_text("One. Two.")
    expect(page.locator(".unheard")).to_have_count(0)


def test_each_speaker_has_a_line_a_name_and_a_colour(page: Page, server: MockServer) -> None:
    server.sentence(1, 0, "I say this. ", at_ms=0, spoken=False, speaker="Ada")
    server.sentence(1, 1, "And I say that.", at_ms=0, spoken=False, speaker="Ben")
    expect(page.locator(".reply .who")).to_have_text(["Ada", "Ben"])
    colours = page.locator(".reply .speaker-shape").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    )  # fmt: skip
    assert colours == ["rgb(47, 143, 118)", "rgb(184, 97, 143)"]


def test_typing_is_sent_shown_once_and_answered(page: Page, server: MockServer) -> None:
    page.fill("#typed", "Who are you?")
    page.press("#typed", "Enter")
    assert server.wait_for("text")["text"] == "Who are you?"
    server.send("transcript", turn=3, text="Who are you?", final=True)
    server.sentence(3, 0, "Ada.", at_ms=0, spoken=False)
    expect(page.locator(".line .words")).to_have_text(["Who are you?", "Ada."])
    expect(page.locator("#typed")).to_have_value("")


def test_a_text_that_is_too_long_is_kept_and_explained(page: Page, server: MockServer) -> None:
    page.fill("#typed", "x" * 4007)
    page.press("#typed", "Enter")
    expect(page.locator("#typing-problem")).to_contain_text("too long by 7 characters")
    assert len(page.input_value("#typed")) == 4007
    assert not server.received("text")


def test_words_said_while_thinking_void_what_was_written_to_the_shorter_question(
    page: Page, server: MockServer
) -> None:
    server.send("transcript", turn=1, text="Tell me", final=True)
    server.send("reply", turn=1, speaker="Ada", delta="What shall I tell?")
    server.send("transcript", turn=1, text="Tell me a story.", final=True)
    server.send("reply", turn=1, speaker="Ada", delta="Once upon a time.")
    server.state("listening", listening=True)
    expect(page.locator(".line .words")).to_have_text(["Tell me a story.", "Once upon a time."])


def test_the_time_line_is_to_scale_and_has_words(page: Page, server: MockServer) -> None:
    server.sentence(1, 0, "Yes.", at_ms=0, spoken=False)
    server.state("listening", listening=True)
    stages = {"endpoint": 200, "transcript": 300, "first_token": 600, "first_sentence": 700, "first_audio": 800}
    server.send("metrics", turn=1, ms={**stages, "first_played": 1000, "end": 9000}, details={})
    button = page.locator(".timeline button")
    expect(button).to_have_attribute("aria-label", "Time line: " + ", ".join([
        "sure that you had finished after 200 milliseconds", "words understood after 300 milliseconds",
        "first word written after 600 milliseconds", "first clause written after 700 milliseconds",
        "first sound made after 800 milliseconds", "first sound heard after 1000 milliseconds.",
    ]))  # fmt: skip
    widths: list[float] = page.locator(".part").evaluate_all("all => all.map((one) => one.offsetWidth)")
    line: float = page.locator(".timeline-line").evaluate("line => line.offsetWidth")
    spans = [200, 100, 300, 100, 100, 200]
    assert all(abs(width - span * line / 2000) <= 1.5 for width, span in zip(widths, spans, strict=True))
    expect(page.locator(".timeline-figures")).to_be_hidden()
    button.click()
    expect(page.locator(".timeline-figures")).to_be_visible()
    page.mouse.move(0, 0)
    # Opened it stays, and hides nothing of the conversation while it does.
    figures, words = page.locator(".timeline-figures"), page.locator(".reply .words")
    assert figures.bounding_box() is not None
    assert figures.evaluate("one => one.getBoundingClientRect().top") >= words.evaluate(
        "one => one.getBoundingClientRect().bottom"
    )


def test_the_time_line_says_who_heard_and_who_spoke(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="Hello?", final=True, engine="pocketsphinx")
    server.start_sound(1, engine="flite")
    server.sentence(1, 0, "Yes.", at_ms=0)
    server.stop_sound(1, heard="Yes.")
    server.send("metrics", turn=1, ms={"endpoint": 200}, details={"answered_by": "companion"})
    who = ["Heard by PocketSphinx (basic, built in)", "Answered by Companion (a simple script, built in)",
           "Spoken by flite (basic, English)"]  # fmt: skip
    expect(page.locator(".timeline-engines li")).to_have_text(who)
    expect(page.locator(".timeline button")).to_have_attribute(
        "aria-label", f"Time line: sure that you had finished after 200 milliseconds. {'. '.join(who)}."
    )


def test_text_of_a_right_to_left_language_runs_from_the_right(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="مرحبا كيف حالك", final=True)
    direction = page.locator(".person .words").evaluate("words => getComputedStyle(words).direction")
    assert direction == "rtl"
