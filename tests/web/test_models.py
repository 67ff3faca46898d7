"""Models in the System view: found, got step by step, kept, let go of; and what Talk says of them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import WINDOW, OpenPage
from .mock_server import MockServer

FAST = {"real_time_factor": 0.2, "first_ms": 300, "fast_enough": True}
SLOW = {"real_time_factor": 1.8, "first_ms": 3000, "fast_enough": False}
BETTER = [
    {"kind": "tts", "model": "kokoro", "title": "Kokoro", "size_bytes": 354_000_000,
     "says": "The basic voice is hard to like. Kokoro speaks naturally."},
    {"kind": "stt", "model": "whisper-base", "title": "Whisper base", "size_bytes": 148_000_000,
     "says": "The basic ear mishears much. Whisper base understands you far better."},
]  # fmt: skip


KEEP_WHAT_IS_SAID = """
  globalThis.said = [];
  addEventListener("DOMContentLoaded", () => {
    const region = document.getElementById("announcer");
    new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });
  });
"""


def was_said(page: Page, words: str) -> None:
    """Another announcement may follow at once: all that were made count."""
    page.wait_for_function("words => said.some((one) => one.includes(words))", arg=words)


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[id="model-{name}"]')


def titles(page: Page, kind: str) -> list[str]:
    return page.locator(f"section[aria-labelledby=kind-{kind}] .model-title").all_inner_texts()


def button(page: Page, name: str, words: str) -> Locator:
    return card(page, name).locator("button", has_text=words)


def disk_full() -> dict[str, Any]:
    return {"code": "disk_full", "message": "The disk is full: 86 MB more are needed.", "retryable": True}


def test_models_stand_with_the_engines_and_the_rest_of_a_long_list_is_a_press_away(open_page: OpenPage) -> None:
    page = open_page(path="#system")
    expect(card(page, "kokoro")).to_be_visible()
    assert titles(page, "stt") == ["Whisper base", "Whisper small"]
    assert titles(page, "tts") == ["Kokoro"]
    expect(page.locator("#models-line")).to_contain_text("/home/me/.local/share/syrinx/models, where 123 GB are free")
    base = card(page, "whisper-base")
    expect(base).to_contain_text("Recommended for this machine")
    expect(base.locator(".model-facts")).to_contain_text("148 MB400 MB of memory12 languages")
    expect(base.locator(".model-from")).to_have_text("from Systran/whisper-base")
    expect(base.locator(".model-languages p")).to_be_hidden()
    base.locator("summary").click()
    expect(base.locator(".model-languages p")).to_contain_text("Arabic, Chinese, Dutch, English")
    page.click("text=Show 2 more")
    assert titles(page, "stt") == ["Whisper base", "Whisper small", "Whisper tiny", "Whisper medium"]
    expect(card(page, "whisper-tiny").locator(".model-title")).to_be_focused()
    page.click("text=Show fewer")
    assert titles(page, "stt") == ["Whisper base", "Whisper small"]
    expect(page.locator("text=Show 2 more")).to_be_focused()


def test_getting_one_shows_its_licence_first_then_how_far_it_is_and_what_it_is_good_for_here(
    open_page: OpenPage, server: MockServer
) -> None:
    page = open_page(path="#system", before=KEEP_WHAT_IS_SAID)
    button(page, "whisper-base", "Get it").click()
    step = card(page, "whisper-base").locator(".model-step")
    expect(step).to_be_focused()
    expect(step).to_contain_text("MIT licence. Free for any use.")
    expect(step).to_contain_text("148 MB of the 123 GB that are free")
    expect(step).to_contain_text("fetched from huggingface.co")
    expect(step.locator("a")).to_have_attribute("href", "https://mit.example")
    page.keyboard.press("Escape")
    expect(step).to_be_hidden()
    expect(button(page, "whisper-base", "Get it")).to_be_focused()
    assert not server.asked("POST")
    page.keyboard.press("Enter")
    button(page, "whisper-base", "Accept and get it").click()
    bar = card(page, "whisper-base").locator("[role=progressbar]")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    assert server.asked("POST") == [("/api/models/whisper-base/pull", {"accept_licence": "MIT"})]
    expect(button(page, "whisper-base", "Stop")).to_be_focused()
    figures = card(page, "whisper-base").locator(".figures")
    server.pulling("whisper-base", 62_000_000)
    expect(figures).to_have_text("62 of 148 MB · 3.1 MB a second · about 28 s left")
    expect(bar).to_have_attribute("aria-valuenow", "42")
    was_said(page, "Whisper base: 25 percent.")
    server.pulling("whisper-base", 148_000_000, "checking")
    expect(figures).to_have_text("All here; checking every file")
    server.install("whisper-base", measuring=True)
    expect(card(page, "whisper-base")).to_contain_text("is being measured")
    server.install("whisper-base", measuring=False, ability=FAST, in_use=True)
    expect(card(page, "whisper-base")).to_contain_text(
        "Hears you now. Measured here: about 5 times faster than you speak."
    )
    was_said(page, "Whisper base is installed.")
    assert not page.evaluate("said.some((one) => one.includes('a second'))")


def test_the_server_is_asked_again_only_while_something_is_under_way(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(path="#system", viewport=WINDOW)
    expect(card(page, "kokoro")).to_be_visible()
    page.clock.install()
    asked = len(server.asked("GET"))
    page.clock.run_for(60_000)
    button(page, "kokoro", "Get it").click()
    button(page, "kokoro", "Accept and get it").click()
    expect(button(page, "kokoro", "Stop")).to_be_visible()
    for count in (1, 2):
        server.pulling("kokoro", count * 10_000_000)
        page.clock.run_for(500)
        expect(card(page, "kokoro").locator(".figures")).to_contain_text(f"{count}0 of 354 MB")
        assert len(server.asked("GET")) == asked + count
    show = """(state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(show, "hidden")
    page.clock.run_for(60_000)
    server.pulling("kokoro", 90_000_000)
    page.evaluate(show, "visible")
    expect(card(page, "kokoro").locator(".figures")).to_contain_text("90 of 354 MB")
    # Had one come while nothing was under way or nobody looked, there would be more.
    assert len(server.asked("GET")) == asked + 3


def test_progress_leaves_the_focus_and_an_open_step_where_they_are(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("kokoro", 10_000_000)
    page = open_page(path="#system")
    button(page, "whisper-base", "Get it").click()
    button(page, "whisper-base", "Not now").focus()
    page.evaluate("document.activeElement.dataset.same = 'yes'")
    server.pulling("kokoro", 200_000_000)
    expect(card(page, "kokoro").locator(".figures")).to_contain_text("200 of 354 MB")
    assert page.evaluate("document.activeElement.dataset.same") == "yes"


def test_a_download_is_stopped_and_continued_where_it_was(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("kokoro", 200_000_000)
    page = open_page(path="#system")
    button(page, "kokoro", "Stop").click()
    expect(card(page, "kokoro")).to_contain_text("Stopped: 200 of 354 MB are here and stay for going on.")
    expect(button(page, "kokoro", "Continue")).to_be_focused()
    assert server.asked("DELETE") == [("/api/models/kokoro/pull", None)]
    page.keyboard.press("Enter")
    expect(card(page, "kokoro").locator(".figures")).to_contain_text("200 of 354 MB")


def test_a_failed_download_says_why_and_how_to_go_on(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("kokoro", 200_000_000)
    page = open_page(path="#system", before=KEEP_WHAT_IS_SAID)
    expect(card(page, "kokoro").locator(".figures")).to_be_visible()
    server.stop("kokoro", disk_full())
    expect(card(page, "kokoro").locator(".inline-problem")).to_have_text("The disk is full: 86 MB more are needed.")
    was_said(page, "Kokoro: The disk is full: 86 MB more are needed.")
    expect(button(page, "kokoro", "Continue")).to_be_visible()


def test_what_the_server_refuses_is_said_in_the_card(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(path="#system")
    button(page, "kokoro", "Get it").click()
    server.refusal = (502, {"code": "hub", "message": "huggingface.co does not answer.", "retryable": True})
    button(page, "kokoro", "Accept and get it").click()
    expect(card(page, "kokoro").locator(".inline-problem")).to_have_text("huggingface.co does not answer.")
    button(page, "kokoro", "Accept and get it").click()
    expect(button(page, "kokoro", "Stop")).to_be_visible()
    expect(card(page, "kokoro").locator(".inline-problem")).to_have_count(0)


def test_without_room_nothing_is_offered_but_what_to_do(open_page: OpenPage, server: MockServer) -> None:
    server.models["free_bytes"] = 100_000_000
    page = open_page(path="#system")
    button(page, "kokoro", "Get it").click()
    expect(card(page, "kokoro").locator(".inline-problem")).to_contain_text("254 MB more must be free")
    expect(button(page, "kokoro", "Accept")).to_have_count(0)


def test_an_offline_server_says_so_and_offers_nothing_to_get(open_page: OpenPage, server: MockServer) -> None:
    server.models["offline"] = True
    server.install("whisper-tiny", in_use=True, ability=FAST)
    page = open_page(path="#system")
    expect(page.locator("#models-line")).to_contain_text("set to stay offline")
    expect(card(page, "kokoro")).to_contain_text("Not fetched while the server stays offline.")
    expect(page.locator(".model button", has_text="Get it")).to_have_count(0)
    expect(card(page, "whisper-tiny")).to_contain_text("Hears you now.")


def test_an_installed_one_is_verified_and_removed_after_asking(open_page: OpenPage, server: MockServer) -> None:
    server.install("whisper-base", in_use=True, ability=FAST)
    page = open_page(path="#system")
    button(page, "whisper-base", "Verify").click()
    expect(card(page, "whisper-base")).to_contain_text("Verified: every file is as it was published.")
    server.verification = {"ok": False, "problems": ["model.bin is not what was published."]}
    button(page, "whisper-base", "Verify").click()
    expect(card(page, "whisper-base")).to_contain_text("model.bin is not what was published.")
    button(page, "whisper-base", "Remove").click()
    expect(card(page, "whisper-base").locator(".model-step")).to_contain_text("148 MB become free.")
    button(page, "whisper-base", "Keep it").click()
    assert not server.asked("DELETE")
    button(page, "whisper-base", "Remove").click()
    button(page, "whisper-base", "Remove it").click()
    expect(button(page, "whisper-base", "Get it")).to_be_focused()
    assert server.asked("DELETE") == [("/api/models/whisper-base", None)]


def test_a_slow_a_damaged_and_an_adopted_one_are_told_apart(open_page: OpenPage, server: MockServer) -> None:
    server.install("whisper-medium", ability=SLOW)
    server.install("whisper-small", adopted=True, ability=FAST)
    server.model("kokoro").update(state="damaged", problem="voices.bin is gone.")
    page = open_page(path="#system")
    expect(card(page, "whisper-medium")).to_contain_text("too slow here: not used by itself")
    expect(card(page, "kokoro")).to_contain_text("It is damaged and not used. voices.bin is gone.")
    button(page, "whisper-small", "Remove").click()
    expect(card(page, "whisper-small")).to_contain_text("the files stay in your folder")
    button(page, "kokoro", "Get it anew").click()
    button(page, "kokoro", "Accept and get it").click()
    expect(button(page, "kokoro", "Stop")).to_be_visible()


def test_a_model_from_elsewhere_names_the_site_it_comes_from(open_page: OpenPage, server: MockServer) -> None:
    server.model("kokoro")["hosts"] = ["github.com"]
    page = open_page(path="#system/kokoro")
    expect(card(page, "kokoro").locator(".model-step")).to_contain_text("fetched from github.com.")


def test_an_address_opens_one_model_and_one_that_is_not_there_is_named(open_page: OpenPage) -> None:
    page = open_page(path="#system/whisper-medium")
    expect(card(page, "whisper-medium").locator(".model-step")).to_be_focused()
    expect(card(page, "whisper-medium")).to_be_in_viewport()
    expect(page.locator(".pointed-at")).to_have_count(1)
    page.goto(page.url.split("#")[0] + "#system/whisper-huge")
    expect(page.locator("#models-line")).to_contain_text("There is no model called whisper-huge here.")
    expect(page.locator(".pointed-at")).to_have_count(0)


def test_talk_offers_one_thing_at_a_time_ears_first_and_remembers_a_no(open_page: OpenPage, server: MockServer) -> None:
    server.options["better"] = BETTER
    page = open_page()
    expect(page.locator("#better-words")).to_have_text(
        "The basic ear mishears much. Whisper base understands you far better. (148 MB)"
    )
    page.click("[aria-label='Do not offer Whisper base again']")
    expect(page.locator("#better-words")).to_contain_text("Kokoro speaks naturally.")
    page.reload()
    expect(page.locator("#better-words")).to_contain_text("Kokoro speaks naturally.")
    page.click("#better-show")
    expect(card(page, "kokoro").locator(".model-step")).to_be_focused()
    server.options["better"] = []
    page.click("#link-talk")
    expect(page.locator("#better")).to_be_hidden()


def test_talk_says_what_a_new_model_changes(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("whisper-base", 1_000_000)
    page = open_page(path="#system")
    expect(card(page, "whisper-base").locator(".bar")).to_be_visible()
    server.install("whisper-base", measuring=True)
    expect(card(page, "whisper-base")).to_contain_text("is being measured")
    page.click("#link-talk")
    expect(page.locator("#better")).to_be_hidden()
    assert page.text_content("#passing") == ""  # nobody knows yet whether it keeps up
    server.install("whisper-base", measuring=False, ability=FAST, in_use=True)
    page.click("#link-system")
    expect(card(page, "whisper-base")).to_contain_text("Hears you now.")
    page.click("#link-talk")
    expect(page.locator("#passing")).to_have_text("From your next turn on Whisper base hears you.")


def test_talk_says_of_a_new_model_that_it_is_not_used_where_it_is_not(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("whisper-base", 1_000_000)
    server.pulling("kokoro", 1_000_000)
    page = open_page(path="#system")
    expect(card(page, "kokoro").locator(".bar")).to_be_visible()
    server.install("whisper-base", problem="It does not load.")
    server.install("kokoro", ability=FAST)
    expect(card(page, "kokoro")).to_contain_text("Another one is preferred to it.")
    expect(card(page, "whisper-base")).to_contain_text(
        "Installed, but it could not be tried and is not used by itself. It does not load."
    )
    page.click("#link-talk")
    expect(page.locator("#passing")).to_contain_text("Whisper base is here, but could not be tried.")
    expect(page.locator("#passing")).to_contain_text("Kokoro is here. You can choose it under Voices.")


WORDS = [
    ({"failure": {}}, "It is out of order. Try `syrinx models pull a-1.b` later: it goes on where it was.",
     "It is out of order. Press “Try again” later: it goes on where it was."),
    ({"partial_bytes": 5_000_000}, "Wait some minutes, then `syrinx models pull a-1.b`.",
     "Wait some minutes, then “Continue”."),
    ({"failure": {}}, "Set HF_TOKEN, then `syrinx models pull a`.",
     "Set HF_TOKEN, then “Try again”. The server reads such settings when it starts."),
    ({"state": "damaged"}, "`syrinx models pull a` mends it.", "“Get it anew” mends it."),
    ({"state": "installed"}, "Fetch it again: syrinx models pull a-1.b", "Fetch it again: “Remove” and “Get it”"),
    ({}, "Nothing of a command.", "Nothing of a command."),
]  # fmt: skip


def test_where_the_server_names_a_command_the_card_names_its_button(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("kokoro", 1_000_000)
    page = open_page(path="#system", before=KEEP_WHAT_IS_SAID)
    translate = """async ([model, message]) => (await import("./js/model-words.js")).inPageWords(model, message)"""
    for facts, message, words in WORDS:
        about = {"state": "available", "partial_bytes": 0, "failure": None, **facts}
        assert page.evaluate(translate, [about, message]) == words
    expect(card(page, "kokoro").locator(".bar")).to_be_visible()
    failure = {"code": "hub", "message": "No. Try `syrinx models pull kokoro` later.", "retryable": False}
    server.stop("kokoro", failure)
    server.model("kokoro")["partial_bytes"] = 0
    expect(card(page, "kokoro").locator(".inline-problem")).to_have_text("No. Press “Try again” later.")
    was_said(page, "Kokoro: No. Press “Try again” later.")
    expect(button(page, "kokoro", "Try again")).to_be_visible()


def test_an_address_of_a_half_fetched_one_offers_to_continue(open_page: OpenPage, server: MockServer) -> None:
    server.model("kokoro")["partial_bytes"] = 5_000_000
    page = open_page(path="#system/kokoro")
    expect(card(page, "kokoro").locator(".model-title")).to_be_focused()
    expect(button(page, "kokoro", "Continue")).to_be_visible()


def test_a_slow_one_that_serves_all_the_same_says_so_and_a_persons_choice_goes_before_it(
    open_page: OpenPage, server: MockServer
) -> None:
    server.install("whisper-medium", ability=SLOW, in_use=True)
    page = open_page(path="#system")
    expect(card(page, "whisper-medium")).to_contain_text("Hears you now, but slowly")
    page.click("#link-talk")
    page.click("#open-settings")
    page.select_option("#choice-stt", "pocketsphinx")
    page.keyboard.press("Escape")
    page.click("#link-system")
    expect(card(page, "whisper-medium")).to_contain_text("you chose PocketSphinx (basic, built in)")


def test_a_server_without_models_shows_its_engines_alone(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(before="""
      const ask = globalThis.fetch;
      globalThis.fetch = (path, about) => path === "api/models"
        ? Promise.resolve(new Response('{"detail": "Not Found"}', { status: 404 })) : ask(path, about);
    """, path="#system")  # fmt: skip
    expect(page.locator(".engine")).to_have_count(7)
    expect(page.locator("#models-line")).to_be_hidden()
    expect(page.locator(".model")).to_have_count(0)
