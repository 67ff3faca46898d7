"""The socket seen from the page: coming back, being sent away, and each failure's own sentence."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from syrinx.testing.audio import sine

from .conftest import OpenPage, listen
from .mock_server import MockServer


def test_a_dropped_socket_is_resumed_and_listening_goes_on(page: Page, server: MockServer) -> None:
    listen(page, server)
    server.close(1011)
    expect(page.locator("#problem")).to_contain_text("Connection lost, reconnecting.")
    hello = server.wait_for("hello", count=2)
    assert (hello["conversation_id"], hello["resume"]) == ("talk-1", "secret-1")
    server.wait_for("start_listening", count=2)
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#passing")).to_have_text("Back again. The conversation goes on.")


def test_a_reply_under_way_stops_with_the_socket_and_its_rest_is_marked(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    server.sentence(1, 0, "This was heard. ", at_ms=0)
    server.sentence(1, 1, "This was not.", at_ms=1500)
    server.send_sound(sine(300, duration_ms=3000).pcm)
    page.wait_for_function("syrinx.player.playedMs > 100")
    server.close(1011)
    expect(page.locator(".unheard")).to_have_text("This was not.")
    assert page.evaluate("syrinx.player.turn") is None


def test_a_page_loaded_anew_shows_what_was_said_before(page: Page, server: MockServer) -> None:
    server.history = [
        {"turn": 1, "role": "user", "speaker": None, "text": "Hello?", "heard": "Hello?"},
        {"turn": 1, "role": "assistant", "speaker": "Ada", "text": "Hello to you.", "heard": "Hello"},
    ]
    page.reload()
    expect(page.locator(".line .words")).to_have_text(["Hello?", "Hello to you. not heard"])


def test_a_past_reply_of_several_speakers_shows_each_of_them(page: Page, server: MockServer) -> None:
    server.history = [
        {"turn": 1, "role": "user", "speaker": "", "text": "Hello?", "heard": "Hello?"},
        {"turn": 1, "role": "assistant", "speaker": "Ada", "text": "I like the sea.", "heard": "I like the sea."},
        {"turn": 1, "role": "assistant", "speaker": "Ben", "text": "And I the hills.", "heard": "And I"},
        {"turn": 1, "role": "assistant", "speaker": "Ada", "text": "True.", "heard": ""},
    ]
    page.reload()
    expect(page.locator(".line .who")).to_have_text(["You", "Ada", "Ben", "Ada"])
    expect(page.locator(".line .words")).to_have_text(
        ["Hello?", "I like the sea.", "And I the hills.", "True. not heard"]
    )
    expect(page.locator(".unheard")).to_have_text([" the hills.", "True."])


def test_an_engine_chosen_before_the_server_began_anew_is_told_again(page: Page, server: MockServer) -> None:
    page.click("#open-settings")
    page.select_option("#choice-llm", "ollama")
    assert server.wait_for("set")["llm"] == "ollama"
    server.close(1011)
    assert server.wait_for("set", count=2)["llm"] == "ollama"
    expect(page.locator("#choice-llm")).to_have_value("ollama")


def test_what_is_chosen_and_cleared_while_the_server_is_away_is_told_when_it_is_back(
    page: Page, server: MockServer
) -> None:
    page.click("#open-settings")
    page.select_option("#voice", "flite:slt")
    page.select_option("#choice-llm", "ollama")
    server.wait_for("set", count=2)
    server.accept = False
    server.close(1011)
    expect(page.locator("#problem")).to_contain_text("Connection lost")
    page.select_option("#voice", "")
    page.select_option("#choice-llm", "")
    page.check("[aria-label='Ben answers next']")
    expect(page.locator("#settings-problem")).to_have_text("Not connected: it is told as soon as the server is back.")
    with page.expect_websocket() as tried:
        page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(100)
    assert tried.value.is_closed()
    for each in server.options["engines"]["llm"]:
        each["chosen"] = each["name"] == "ollama"  # the talk that goes on has it still
    server.accept = True
    page.evaluate("dispatchEvent(new Event('online'))")
    assert server.wait_for("hello", count=2)["voice"] is None
    server.wait_for("set", count=4)
    assert server.received("set")[2:] == [{"type": "set", "llm": None}, {"type": "set", "character": "Ben"}]
    expect(page.locator("#settings-problem")).to_be_hidden()
    expect(page.locator("#choice-llm option:checked")).to_have_text("Automatic: Companion (a simple script, built in)")


def test_a_conversation_that_is_gone_begins_anew_and_says_so(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="Hello?", final=True)
    expect(page.locator(".person")).to_have_count(1)
    page.evaluate("sessionStorage.setItem('syrinx.conversation', JSON.stringify({ id: 'talk-0', token: 'old' }))")
    server.close(1011)
    expect(page.locator(".divider")).to_contain_text("no longer remembered")


SENT_AWAY = {
    4001: "This conversation goes on in another window.",
    4003: "The talk was closed after a long silence.",
    4008: "The server closed the talk.",
}


def test_each_way_of_being_sent_away_has_its_sentence_and_waits_for_a_press(page: Page, server: MockServer) -> None:
    for number, (code, sentence) in enumerate(SENT_AWAY.items(), start=1):
        server.close(code)
        expect(page.locator("#problem strong")).to_have_text(sentence)
        page.wait_for_timeout(500)
        assert server.hellos == number
        page.click("#problem button")
        server.wait_for("hello", count=number + 1)
        expect(page.locator("#problem")).to_be_hidden()


def test_a_stopping_server_is_come_back_to_unasked(page: Page, server: MockServer) -> None:
    server.close(4000)
    expect(page.locator("#problem strong")).to_have_text("The server is stopping.")
    server.wait_for("hello", count=2)
    expect(page.locator("#problem")).to_be_hidden()


def test_after_a_long_silence_one_press_talks_again(page: Page, server: MockServer) -> None:
    listen(page, server)
    server.close(4003)
    expect(page.locator("#state-words")).to_have_text("Not connected: press to talk")
    page.click("#voice-button")
    hello = server.wait_for("hello", count=2)
    assert "resume" not in hello
    server.wait_for("start_listening", count=2)


def test_a_token_is_asked_for_used_and_kept(open_page: OpenPage, server: MockServer) -> None:
    server.token = "reed"
    page = open_page(connected=False)
    expect(page.locator("#problem strong")).to_have_text("This server asks for a token.")
    page.fill("#problem input", "wrong")
    page.click("#problem button")
    expect(page.locator("#problem strong")).to_have_text("The server did not accept that token.")
    page.fill("#problem input", "reed")
    page.click("#problem button")
    page.wait_for_function("document.body.dataset.state === 'idle'")
    expect(page.locator("#problem")).to_be_hidden()
    page.reload()
    page.wait_for_function("document.body.dataset.state === 'idle'")


def test_a_server_that_never_answers_is_told_from_a_lost_one(open_page: OpenPage, server: MockServer) -> None:
    server.accept = False
    page = open_page(connected=False)
    expect(page.locator("#problem strong")).to_have_text("The server does not answer.")
    server.accept = True
    page.click("#problem button")
    page.wait_for_function("document.body.dataset.state === 'idle'")


def test_an_error_says_what_the_server_said(page: Page, server: MockServer) -> None:
    server.send("error", code="rate_limited", message="at most 50 messages a second", retryable=True, retry_after_s=2.2)
    expect(page.locator("#problem")).to_have_text(
        "Too much at once. At most 50 messages a second. Try again in 3 s.Understood"
    )  # fmt: skip
    server.send("error", code="engine_unavailable", message="espeak is missing: run syrinx doctor", retryable=False)
    expect(page.locator("#problem")).to_contain_text("Espeak is missing: run syrinx doctor.")
    page.click("#problem button")
    expect(page.locator("#view-system")).to_be_visible()


def test_typing_while_the_server_is_away_keeps_the_text(page: Page, server: MockServer) -> None:
    server.accept = False
    server.close(1011)
    expect(page.locator("#problem")).to_be_visible()
    page.fill("#typed", "Still here")
    page.press("#typed", "Enter")
    expect(page.locator("#typing-problem")).to_contain_text("Not connected")
    expect(page.locator("#typed")).to_have_value("Still here")


def test_choices_of_another_day_that_the_server_lacks_are_let_go(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(before="localStorage.setItem('syrinx.voice', '\"gone\"')")
    assert server.wait_for("hello")["voice"] == "gone"
    assert server.wait_for("hello", count=2)["voice"] is None
    expect(page.locator("#passing")).to_contain_text("not on this server")


def test_sound_is_dropped_rather_than_late_when_the_line_is_slow(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(
        before="Object.defineProperty(WebSocket.prototype, 'bufferedAmount', { get: () => 40000 });"
    )  # fmt: skip
    page.click("#voice-button")
    page.wait_for_function("syrinx.socket.soundFramesDropped > 3")
    assert server.sound_frames() == 0
