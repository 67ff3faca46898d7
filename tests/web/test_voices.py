"""The Voices view: one's own voices heard, renamed, set, compared and deleted, their consent shown; the gallery."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .mock_server import MockServer, engine

MINE = "voice_000000000001"


def offer(server: MockServer, name: str, **facts: object) -> None:
    """A voice of the person's own, which the talk's options name too."""
    made = server.voices.add(name, **facts)
    shown = {"id": made["voice_id"], "name": name, "language": "en", "gender": "female", "engine": "flite"}
    server.options["voices"].append(shown)


@pytest.fixture
def page(open_page: OpenPage, server: MockServer) -> Page:
    offer(server, "Ada’s voice")
    opened = open_page(path="#voices")
    expect(opened.locator(".voice-card")).to_have_count(1)
    return opened


def card(page: Page, name: str = "Ada’s voice") -> Locator:
    return page.locator(".voice-card").filter(has=page.locator("h3", has_text=name))


def test_without_a_voice_it_says_what_one_is_for(open_page: OpenPage) -> None:
    page = open_page(path="#voices")
    expect(page.locator("#voices-none")).to_contain_text("No voice of your own yet.")
    expect(page.locator("#voices-asking")).to_be_hidden()


def test_a_voice_says_who_speaks_it_and_what_it_rests_on(page: Page, server: MockServer) -> None:
    told = card(page)
    expect(told).to_contain_text(
        "Approximate: no engine here has learned it, so the nearest voice speaks, slt, at its pitch."
    )
    expect(told.locator(".verified")).to_have_text("Consent spoken aloud and understood")
    told.locator("summary", has_text="Consent").click()
    expect(told.locator(".facts")).to_contain_text("River, candle, seven.")
    expect(told.locator(".facts")).to_contain_text("92 % of the words")
    server.options["engines"]["tts"].append(engine("chatterbox", "A Chatterbox server", remote=True))
    server.voices.add("Robin", is_verified=False, voice_match="exact", engine="chatterbox", nearest_voice=None)
    page.reload()
    expect(card(page, "Robin")).to_contain_text("Learned by A Chatterbox server.")
    expect(card(page, "Robin").locator(".attested")).to_have_text("Consent on record, not verified")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("attested", "Stated by the one who made the voice; not spoken by the person"),
        ("recorded", "in words that are always the same: it may be an old one"),
        ("sworn", "sworn"),
    ],
)
def test_a_consent_says_of_what_kind_it_is(open_page: OpenPage, server: MockServer, kind: str, words: str) -> None:
    made = server.voices.add("Robin", is_verified=False)
    server.voices.consents[made["consent_id"]]["kind"] = kind
    page = open_page(path="#voices")
    card(page, "Robin").locator("summary", has_text="Consent").click()
    expect(card(page, "Robin").locator(".facts")).to_contain_text(words)


def test_it_says_where_recordings_go(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(path="#voices")
    lines = page.locator("[data-recording-destination]")
    expect(lines).to_have_text(2 * ["What you record stays on the server that runs Syrinx, until you delete it."])
    server.options["engines"]["tts"].append(
        engine("chatterbox_server", "Chatterbox server", remote=True, learns=True, destination="voices.example")
    )
    page.reload()
    kept = "What you record is kept on the server that runs Syrinx, until you delete it"
    expect(lines).to_have_text(2 * [f"{kept}, and is sent to voices.example as well."])
    server.options["engines"]["stt"][0].update(remote=True)
    page.reload()
    told = f"{kept}, and is sent to voices.example and to PocketSphinx (basic, built in) as well."
    expect(lines).to_have_text(2 * [told])


def test_its_sample_is_heard_and_sought(page: Page) -> None:
    strip = card(page).locator(".strip")
    expect(strip.locator(".strip-time")).to_have_text("0:03")
    strip.get_by_role("button", name="Play the sample").click()
    expect(strip.get_by_role("button", name="Pause the sample")).to_be_visible()
    strip.get_by_role("slider").press("End")
    expect(strip.get_by_role("button", name="Play the sample")).to_be_visible()


def test_it_is_renamed_in_place_and_a_refusal_leaves_the_words_to_be_mended(page: Page, server: MockServer) -> None:
    card(page).get_by_role("button", name="Rename").click()
    name = page.locator(".rename-form input")
    expect(name).to_be_focused()
    server.voices.refusals = [(422, {"code": "bad_input", "message": "that name is taken", "retryable": False})]
    name.fill("Grandmother")
    name.press("Enter")
    expect(page.locator(".card-fault")).to_have_text("That name is taken.")
    name.press("Enter")
    expect(page.locator(".voice-card h3")).to_have_text("Grandmother")
    assert server.voices.changes("PATCH")[-1] == (f"/api/voices/{MINE}", {"name": "Grandmother"})


def test_how_it_speaks_is_kept_and_heard_at_once(page: Page, server: MockServer) -> None:
    card(page).locator("summary", has_text="How it speaks").click()
    expect(page.get_by_label("Warmth")).to_be_hidden()
    page.get_by_label("Pitch", exact=False).first.fill("-2")
    card(page).locator(".listen").click()
    expect(card(page).locator(".listen")).to_have_text("Stop")
    settings = {"pitch_semitones": -2, "pace": 1, "warmth": 0}
    assert server.voices.changes("PATCH") == [(f"/api/voices/{MINE}", {"settings": settings})]
    order = server.speech.orders[-1]
    assert (order["voice"], order["language"]) == (MINE, "en")


def test_deleting_says_what_goes_and_asks(page: Page, server: MockServer) -> None:
    card(page).get_by_role("button", name="Delete").click()
    expect(card(page)).to_contain_text("Its recording, what engines learned from it, its sample and its consent")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    card(page).get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator("#voices-none")).to_be_visible()
    assert server.voices.changes("DELETE") == [(f"/api/voices/{MINE}", {})]
    expect(page.locator("#own-voices-title")).to_be_focused()


def test_a_consent_that_is_taken_back_silences_the_voice(page: Page, server: MockServer) -> None:
    card(page).locator("summary", has_text="Consent").click()
    page.get_by_role("button", name="Take the consent back").click()
    expect(card(page)).to_contain_text("The voice then speaks nowhere any more")
    page.get_by_role("button", name="Take it back").click()
    expect(card(page)).to_contain_text("It does not speak any more. Its recording stays")
    expect(card(page).locator(".voice-marks")).not_to_contain_text("Consent")
    expect(card(page).locator("dt", has_text="Taken back")).to_be_visible()
    for name in ("Take the consent back", "Talk with"):
        expect(card(page).get_by_role("button", name=name)).to_be_hidden()
    assert server.voices.changes("POST") == [("/api/voices/consents/cons_000000000001/revoke", {})]
    page.reload()
    card(page).get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator(".voice-card")).to_have_count(0)


def test_talk_speaks_with_it_and_it_stands_first_in_the_lists(page: Page, server: MockServer) -> None:
    card(page).get_by_role("button", name="Talk with").click()
    assert server.wait_for("set")["voice"] == MINE
    expect(page.locator("#passing")).to_have_text("Ada’s voice speaks from the next reply on.")
    group = page.locator("#voice optgroup").first
    assert group.get_attribute("label") == "My voices: English"
    expect(page.locator("#voice")).to_have_value(MINE)
    page.click("#link-speak")
    expect(page.locator("#speak-voice optgroup").first).to_have_attribute("label", "My voices: English")


def test_two_are_compared_on_the_same_words(page: Page, server: MockServer) -> None:
    one, other = page.locator("#compare-a").bounding_box(), page.locator("#compare-b").bounding_box()
    assert one is not None
    assert other is not None
    assert one["y"] == other["y"]
    page.select_option("#compare-a", MINE)
    page.select_option("#compare-b", "flite:slt")
    page.fill("#compare-text", "One and the same.")
    page.click("[data-compare=a]")
    expect(page.locator("[data-compare=a]")).to_have_text("Stop")
    page.click("[data-compare=b]")
    expect(page.locator("[data-compare=a]")).to_have_text("Hear one")
    expect(page.locator("[data-compare=b]")).to_have_text("Stop")
    heard = [(order["voice"], order["text"]) for order in server.speech.orders]
    assert heard == [(MINE, "One and the same."), ("flite:slt", "One and the same.")]


def test_the_gallery_has_the_engines_voices_by_language(page: Page, server: MockServer) -> None:
    shown = page.locator("#gallery li")
    expect(shown).to_have_count(3)
    page.fill("#gallery-filter", "woman f3")
    expect(page.locator("#gallery-count")).to_have_text("No voice fits.")
    page.fill("#gallery-filter", "female")
    expect(shown).to_have_count(2)
    page.fill("#gallery-filter", "")
    page.select_option("#gallery-language", "de")
    expect(page.locator("#gallery-count")).to_have_text("1 voice")
    shown.get_by_role("button", name="Hear German").click()
    expect(shown.get_by_role("button", name="Stop German")).to_be_visible()
    assert server.speech.orders[-1]["voice"] == "espeak:de"


def test_a_server_that_wants_a_key_is_given_one_for_this_tab_or_for_good(
    open_page: OpenPage, server: MockServer
) -> None:
    server.voices.add("Ada’s voice")
    page = open_page(path="#voices")
    expect(page.locator(".voice-card")).to_have_count(1)
    wants = {"code": "unauthorized", "message": "a key, please", "retryable": False}
    page.route("**/api/voices?*", lambda route: route.fulfill(status=401, json=wants))
    page.click("#link-talk")
    page.click("#link-voices")
    expect(page.locator("#voices-problem")).to_contain_text("This server asks for a token.")
    page.unroute("**/api/voices?*")
    page.fill("#voices-problem input[type=password]", "syx_1")
    page.click("#voices-problem >> text=Use it")
    expect(page.locator("#voices-problem")).to_be_hidden()
    kept = "[sessionStorage.getItem('syrinx.token'), localStorage.getItem('syrinx.token')]"
    assert page.evaluate(kept) == ['"syx_1"', None]
