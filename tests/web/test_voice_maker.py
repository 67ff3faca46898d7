"""Adding a voice: a recording, consent, a name; the making watched, stopped, found again; and what can go wrong."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import OpenPage
from .mock_server import MockServer
from .mock_speech import tone, wav_of
from .mock_voices import NOISY, consent

WAV = {"name": "me.wav", "mimeType": "audio/wav", "buffer": wav_of(tone(3000))}


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    opened = open_page(path="#voices")
    opened.click("#add-voice")
    expect(opened.locator("#consent-phrase")).to_contain_text("River, candle, seven.")
    return opened


def choose(page: Page) -> None:
    page.set_input_files("#maker-file", files=[WAV])  # pyright: ignore[reportArgumentType]
    expect(page.locator(".take-row")).to_have_count(1)


def attest(page: Page) -> None:
    page.check("#maker-whose [value=attested]", force=True)
    page.check("#consent-tick")


def read_aloud(page: Page, press: str = "#consent-record") -> None:
    page.click(press)
    expect(page.locator("#consent-passed")).to_have_text("0:01")
    page.click("#consent-stop")


def begin(page: Page, server: MockServer, name: str = "Robin") -> None:
    choose(page)
    attest(page)
    page.fill("#maker-name", name)
    page.click("#maker-create")
    expect(page.locator("#maker-stage")).to_have_text("Waiting for its turn")
    assert server.voices.job is not None


def test_a_recording_and_a_spoken_consent_become_a_voice_to_talk_with(page: Page, server: MockServer) -> None:
    page.click("#maker-record")
    expect(page.locator("#maker-left")).to_have_text("0:28 to go")
    page.click("#maker-stop")
    expect(page.locator(".take-row")).to_contain_text("Take 1, 0:02")
    read_aloud(page)
    expect(page.locator("#consent-told")).to_have_text("Understood: your consent is recorded.")
    assert page.locator("#consent-phrase del").all_inner_texts() == ["a"]
    page.fill("#maker-name", "Robin")
    page.keyboard.press("Enter")
    expect(page.locator("#maker-work-title")).to_have_text("Making Robin")
    expect(page.locator("#maker-stage")).to_have_text("Waiting for its turn")
    server.voices.advance("learning", 0.6)
    expect(page.locator("#maker-stage")).to_have_text("Learning the voice")
    expect(page.get_by_role("progressbar", name="Making Robin")).to_have_attribute("aria-valuenow", "64")
    server.voices.complete()
    expect(page.locator("#maker-done-title")).to_be_focused()
    expect(page.locator("#maker-sample .strip-time")).to_have_text("0:03")
    expect(page.locator(".voice-card h3")).to_have_text("Robin")
    (_, phrase), (_, order) = server.voices.changes("POST")
    assert phrase["phrase_id"] == "phrase_1"
    assert phrase["recording"] > 1000
    assert {**order, "recording": 0} == {
        "name": "Robin", "language": "en", "consent_id": "cons_000000000063", "recording": 0,
    }  # fmt: skip
    page.click("#maker-talk")
    assert server.wait_for("set")["voice"] == "voice_000000000001"


def test_what_was_not_understood_is_marked_and_read_again(page: Page, server: MockServer) -> None:
    words = [{"text": "River,", "understood": True}, {"text": "candle,", "understood": False}]
    told = {"code": "consent_not_understood", "message": "not understood: candle", "retryable": True, "words": words}
    server.voices.refusals = [(400, told)]
    page.click("#consent-record")
    page.click("#consent-stop")
    expect(page.locator("#consent-problem")).to_contain_text("That was too short.")
    read_aloud(page, "#consent-problem >> text=Read it again")
    expect(page.locator("#consent-problem")).to_contain_text("Not enough of it was understood.")
    expect(page.locator("#consent-phrase ins")).to_have_text("River,")
    expect(page.locator("#consent-phrase del")).to_have_text("candle,")
    read_aloud(page, "#consent-problem >> text=Read it again")
    expect(page.locator("#consent-told")).to_have_text("Understood: your consent is recorded.")


def test_a_check_of_a_sentence_that_was_replaced_meanwhile_does_not_count(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/voices/consents", hold)
    read_aloud(page)
    expect(page.locator("#consent-told")).to_have_text("Listening to what you read.")
    expect(page.locator("#consent-record")).to_be_disabled()
    page.select_option("#maker-language", "de")
    expect(page.locator("#consent-phrase")).to_have_attribute("lang", "de")
    expect(page.locator("#consent-record")).to_be_enabled()
    held[0].fulfill(status=201, json=consent(1))
    expect(page.locator("#consent-told")).to_be_empty()
    expect(page.locator("#consent-legend")).to_be_hidden()
    choose(page)
    page.click("#maker-create")
    expect(page.locator("#maker-fault")).to_contain_text("Read the sentence of step 2")


def test_a_sentence_that_is_replaced_while_it_is_read_is_not_sent(page: Page, server: MockServer) -> None:
    page.click("#consent-record")
    expect(page.locator("#consent-passed")).to_have_text("0:01")
    page.select_option("#maker-language", "de")
    expect(page.locator("#consent-recording")).to_be_hidden()
    expect(page.locator("#consent-phrase")).to_have_attribute("lang", "de")
    expect(page.locator("#consent-record")).to_be_enabled()
    assert server.voices.changes("POST") == []


def test_nothing_is_made_before_there_is_a_recording_and_consent(page: Page, server: MockServer) -> None:
    page.click("#maker-create")
    expect(page.locator("#maker-fault")).to_contain_text("Record something in step 1 first")
    choose(page)
    expect(page.locator("#maker-fault")).to_be_hidden()
    page.click("#maker-create")
    expect(page.locator("#maker-fault")).to_contain_text("Read the sentence of step 2")
    page.check("#maker-whose [value=attested]", force=True)
    page.click("#maker-create")
    expect(page.locator("#consent-tick")).to_be_focused()
    assert server.voices.changes("POST") == []


def test_advice_comes_while_it_is_made_and_may_be_followed_or_not(page: Page, server: MockServer) -> None:
    begin(page, server)
    server.voices.advance("learning", 0.5, advice=[NOISY])
    expect(page.locator("#maker-advice")).to_contain_text("There is noise behind your voice.")
    page.click("#maker-anyway")
    expect(page.locator("#maker-advice")).to_be_hidden()
    server.voices.complete()
    expect(page.locator("#maker-done-title")).to_have_text("Robin is there")
    page.click("#maker-another")
    begin(page, server, "Another")
    server.voices.advance("learning", 0.5, advice=[NOISY])
    page.click("#maker-anew")
    expect(page.locator("#maker-record")).to_be_visible()
    assert server.voices.changes("DELETE") == [("/api/voices/jobs/job_0f1e2d3c4b5a6978", {})]
    expect(page.locator(".take-row")).to_have_count(1)


def test_a_making_is_found_again_after_the_page_was_loaded_anew(page: Page, server: MockServer) -> None:
    begin(page, server)
    page.reload()
    expect(page.locator("#maker-work-title")).to_have_text("Making Robin")
    server.voices.advance("speaking", 0.8)
    expect(page.locator("#maker-stage")).to_have_text("Speaking a first sentence")
    server.voices.complete()
    expect(page.locator("#maker-done-title")).to_have_text("Robin is there")
    page.reload()
    expect(page.locator(".voice-card")).to_have_count(1)
    expect(page.locator("#voice-maker")).to_be_hidden()


def test_a_making_whose_server_was_away_is_asked_for_again_and_not_sent_twice(page: Page, server: MockServer) -> None:
    page.route("**/api/voices/jobs/**", lambda route: route.abort())
    begin(page, server)
    expect(page.locator("#maker-problem")).to_contain_text("The server does not answer.")
    page.unroute("**/api/voices/jobs/**")
    server.voices.complete()
    page.click("#maker-problem >> text=Ask again")
    expect(page.locator("#maker-done-title")).to_have_text("Robin is there")
    assert [path for path, _ in server.voices.changes("POST")].count("/api/voices") == 1


def test_a_key_that_is_wanted_meanwhile_is_taken_where_it_is_asked_for(open_page: OpenPage) -> None:
    page = open_page(path="#voices")
    wants = {"code": "unauthorized", "message": "a key, please", "retryable": False}
    page.route("**/api/voices/consent-phrase*", lambda route: route.fulfill(status=401, json=wants))
    page.click("#add-voice")
    page.fill("#consent-problem input[type=password]", "syx_1")
    page.unroute("**/api/voices/consent-phrase*")
    with page.expect_request("**/api/voices/consent-phrase*") as asked:
        page.click("#consent-problem >> text=Use it")
    assert asked.value.headers["authorization"] == "Bearer syx_1"
    expect(page.locator("#consent-phrase")).to_contain_text("I agree")


def test_a_making_that_is_cancelled_leaves_the_recording(page: Page, server: MockServer) -> None:
    begin(page, server)
    page.click("#maker-cancel")
    expect(page.locator("#maker-create")).to_be_focused()
    expect(page.locator(".take-row")).to_have_count(1)
    assert len(server.voices.changes("DELETE")) == 1


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("bad_audio", "Audio too short: 1.2 s, at least 2 s are needed", "Audio too short: 1.2 s"),
        ("engine_unavailable", "Chatterbox service not available: it does not answer", "What learns voices is not"),
        ("clone_interrupted", "The server stopped in the middle of it", "The server stopped in the middle of it."),
    ],
    ids=["short", "unavailable", "interrupted"],
)
def test_a_making_that_fails_says_why(page: Page, server: MockServer, code: str, message: str, words: str) -> None:
    begin(page, server)
    server.voices.fail(code, message)
    expect(page.locator("#maker-problem")).to_contain_text(words)
    expect(page.locator(".take-row")).to_have_count(1)
    page.reload()
    expect(page.locator("#voice-maker")).to_be_hidden()


def test_files_that_cannot_be_taken_are_refused_here(page: Page, server: MockServer) -> None:
    page.set_input_files("#maker-file", files=[{"name": "none.wav", "mimeType": "audio/wav", "buffer": b""}])
    expect(page.locator("#maker-problem")).to_contain_text("The file is empty.")
    page.evaluate("""() => {
      const transfer = new DataTransfer();
      const file = new File(["x"], "film.mp4", { type: "video/mp4" });
      Object.defineProperty(file, "size", { value: 60e6 });
      transfer.items.add(file);
      const event = new DragEvent("drop", { bubbles: true, cancelable: true });
      Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], files: [file] } });
      document.body.dispatchEvent(event);
    }""")
    expect(page.locator("#maker-problem")).to_contain_text("film.mp4 has 60 MB; 50 MB are taken.")
    choose(page)
    attest(page)
    server.voices.refusals = [(413, {"code": "too_large", "message": "File too large", "retryable": False})]
    page.click("#maker-create")
    expect(page.locator("#maker-problem")).to_contain_text("The file is too large.")


def test_a_microphone_that_is_refused_is_said_and_given_back_when_the_view_is_left(open_page: OpenPage) -> None:
    refuse = """
      globalThis.tracks = [];
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      globalThis.refused = true;
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        if (refused) throw new DOMException("no", "NotAllowedError");
        const stream = await ask(wanted);
        tracks.push(...stream.getTracks());
        return stream;
      };"""
    page = open_page(path="#voices", before=refuse)
    page.click("#add-voice")
    page.click("#maker-record")
    expect(page.locator("#maker-problem")).to_contain_text("The microphone is not allowed here.")
    page.evaluate("refused = false")
    page.click("#maker-problem >> text=Try again")
    expect(page.locator("#maker-recording")).to_be_visible()
    page.click("#link-talk")
    page.wait_for_function("tracks.length > 0 && tracks.every((track) => track.readyState === 'ended')")


def test_the_words_to_read_and_the_sentence_are_in_the_language_that_is_spoken(page: Page) -> None:
    assert page.locator("#maker-language option").all_inner_texts() == ["Arabic", "English", "German"]
    page.select_option("#maker-language", "de")
    expect(page.locator("#maker-text")).to_contain_text("Regenbogen")
    expect(page.locator("#consent-phrase")).to_have_attribute("lang", "de")
    page.select_option("#maker-language", "ar")
    expect(page.locator("#maker-text")).to_contain_text("in your own words")


def test_a_server_that_wants_spoken_consent_offers_nothing_else(open_page: OpenPage, server: MockServer) -> None:
    server.voices.verified_only = True
    page = open_page(path="#voices")
    expect(page.locator("#voices-none")).to_be_visible()
    page.click("#add-voice")
    expect(page.locator("#consent-phrase")).to_be_visible()
    expect(page.locator("#maker-whose")).to_be_hidden()
