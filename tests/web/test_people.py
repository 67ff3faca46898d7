"""The People view: who one is and what is left, keys and their secrets, everything about oneself, what was done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import syrinx

from .conftest import OpenPage
from .mock_people import SECRET, event, key
from .mock_server import MockServer

SOURCES = Path(syrinx.__file__).parent
NOTED = re.compile(r"(?:audit|noted?)\([^()]*?\"([a-z_]+\.[a-z_]+)\"")
"""An action where it is written into the audit log."""


@pytest.fixture
def page(open_page: OpenPage, server: MockServer) -> Page:
    server.people.be("ann")
    server.people.keys = [key("aaaaaaaaaaaaaaaa", "My laptop"), key("bbbbbbbbbbbbbbbb", "Kitchen speaker")]
    opened = open_page(path="#people")
    expect(opened.locator(".key")).to_have_count(2)
    return opened


def row(page: Page, name: str) -> Locator:
    return page.locator(".key").filter(has=page.locator("h3", has_text=name))


def test_on_an_open_server_everybody_is_one_person_and_nothing_is_limited(open_page: OpenPage) -> None:
    page = open_page(path="#people")
    expect(page.locator("#who-name")).to_have_text("The one user of this server")
    expect(page.locator("#who-how")).to_contain_text("open on this machine")
    expect(page.locator("#left .quiet")).to_have_text(3 * ["not limited"])
    expect(page.locator("#keys-none")).to_have_text("No key yet. None is needed on this machine.")
    expect(page.locator("#log-none")).to_be_visible()


def test_what_one_may_and_what_of_it_is_left_is_said_in_words(page: Page) -> None:
    expect(page.locator("#who-name")).to_have_text("ann")
    expect(page.locator("#who-may")).to_have_text(
        "You may have recordings written down; have texts spoken; and talk, and read the talks that are kept."
    )
    expect(page.locator("#left")).to_contain_text("4,200 of 100,000 characters left today")
    assert page.locator("#left .bar").count() == 2
    expect(row(page, "My laptop")).to_contain_text("this page’s own")


def test_a_key_is_made_and_its_secret_is_shown_once(page: Page, server: MockServer) -> None:
    page.click("#new-key")
    expect(page.locator("[data-scope=voices]")).to_be_hidden()
    expect(page.locator(".operators")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#key-form .inline-problem")).to_contain_text("Say what the key is for")
    page.fill("#key-form [name=name]", "Door bell")
    page.keyboard.press("Enter")
    expect(page.locator("#key-form .inline-problem")).to_contain_text("Tick at least one thing")
    page.check("[data-scope=speak] input")
    page.select_option("#key-form [name=until]", "")
    page.click("text=Make the key")
    expect(page.locator("#key-secret-title")).to_be_focused()
    expect(page.locator("#key-secret-text")).to_have_value(SECRET)
    page.click("#key-secret-done")
    expect(page.locator("#key-secret-text")).to_have_value("")
    expect(row(page, "Door bell")).to_contain_text("until it is revoked")
    assert server.people.changes("POST") == [
        ("/api/keys", {"name": "Door bell", "scopes": ["speak"], "expires_at": None}),
    ]


def test_a_key_is_replaced_with_a_day_to_change_it_and_revoked_after_a_question(page: Page, server: MockServer) -> None:
    kitchen = row(page, "Kitchen speaker")
    kitchen.get_by_role("button", name="Replace").click()
    page.get_by_role("button", name="Replace it").click()
    expect(page.locator("#key-secret-text")).to_have_value(SECRET)
    expect(page.locator(".key.replaced")).to_contain_text("being replaced")
    page.locator(".key.live").filter(has_text="Kitchen").get_by_role("button", name="Revoke").click()
    page.keyboard.press("Escape")
    row(page, "My laptop").get_by_role("button", name="Revoke").click()
    expect(row(page, "My laptop")).to_contain_text("This page uses it")
    page.get_by_role("button", name="Revoke it").click()
    expect(row(page, "My laptop")).to_have_count(0)
    page.click("#keys-ended")
    expect(row(page, "My laptop")).to_contain_text("revoked · this page’s own")
    assert server.people.changes("DELETE") == [("/api/keys/aaaaaaaaaaaaaaaa", {})]
    assert server.people.changes("POST") == [("/api/keys/bbbbbbbbbbbbbbbb/rotate", {"overlap_s": 86400})]


def test_operators_see_everybodys_keys_and_set_limits(open_page: OpenPage, server: MockServer) -> None:
    server.people.keys = [key("cccccccccccccccc", "Of Ben", user="ben")]
    page = open_page(path="#people")
    expect(page.locator("#keys-whose")).to_be_visible()
    page.check("#keys-whose [value=everybody]", force=True)
    expect(row(page, "Of Ben")).to_contain_text("of ben")
    page.click("#new-key")
    page.fill("#key-form [name=name]", "For Cleo")
    page.check("[data-scope=talk] input")
    page.fill("#key-form [name=user]", "cleo")
    page.fill("#key-form [name=characters_per_day]", "5000")
    server.people.refusals = [(400, {"code": "bad_input", "message": "cleo has 100 keys", "retryable": False})]
    page.click("text=Make the key")
    expect(page.locator("#key-form .inline-problem")).to_have_text("Cleo has 100 keys.")
    page.click("text=Make the key")
    expect(row(page, "For Cleo")).to_contain_text("At most 5,000 characters a day.")
    assert server.people.changes("POST")[-1][1]["user"] == "cleo"


def test_operators_see_who_is_here_and_whose_keys_are_whose(open_page: OpenPage, server: MockServer) -> None:
    of_cleo = key("dddddddddddddddd", "Of Cleo", user="cleo")
    server.people.keys = [key("cccccccccccccccc", "Of Ben", user="ben"), of_cleo]
    page = open_page(path="#people")
    ben = page.locator(".user").filter(has=page.locator("h3", has_text="ben"))
    expect(ben).to_contain_text("1 key · kept: talks, voices")
    ben.get_by_role("button", name="Keys of ben").click()
    expect(page.locator("#keys-title")).to_be_focused()
    expect(page.locator("#keys-only")).to_contain_text("Only those of ben.")
    expect(page.locator(".key h3")).to_have_text(["Of Ben"])
    page.click("#keys-all")
    expect(page.locator(".key h3")).to_have_text(["Of Ben", "Of Cleo"])


def test_who_is_no_operator_is_not_told_who_else_is_here(page: Page, server: MockServer) -> None:
    expect(page.locator("#users-part")).to_be_hidden()
    expect(page.locator("#log-whose")).to_be_hidden()
    assert not [path for path, _ in server.people.changes("GET") if path == "/api/people"]


def test_a_key_is_changed_in_its_name_its_scopes_and_its_limits(open_page: OpenPage, server: MockServer) -> None:
    limits = {"requests_per_minute": 60, "characters_per_day": None, "audio_seconds_per_day": None}
    server.people.keys = [key("cccccccccccccccc", "Kitchen", user="local", limits=limits)]
    page = open_page(path="#people")
    row(page, "Kitchen").get_by_role("button", name="Change").click()
    expect(page.locator("#key-form-title")).to_have_text("Change Kitchen")
    expect(page.locator("#key-form [name=until]")).to_be_hidden()
    expect(page.locator("#key-form [name=user]")).to_be_hidden()
    expect(page.locator("#key-form [name=requests_per_minute]")).to_have_value("60")
    tick = page.locator("[data-scope=talk] input")
    box = tick.bounding_box()
    assert box is not None
    assert box["width"] < 30, "a tick as wide as a line pushes its words out of the form"
    page.fill("#key-form [name=name]", "Living room")
    page.uncheck("[data-scope=listen] input")
    tick.check()
    page.fill("#key-form [name=requests_per_minute]", "0.5")
    page.click("text=Keep the changes")
    expect(page.locator("#key-form .inline-problem")).to_contain_text("A limit is a whole number from 1 on.")
    page.fill("#key-form [name=requests_per_minute]", "")
    page.fill("#key-form [name=characters_per_day]", "5000")
    page.click("text=Keep the changes")
    expect(row(page, "Living room")).to_contain_text("At most 5,000 characters a day.")
    expect(row(page, "Living room").get_by_role("button", name="Change")).to_be_focused()
    kept = {"requests_per_minute": None, "characters_per_day": 5000, "audio_seconds_per_day": None}
    assert server.people.changes("PATCH") == [
        ("/api/keys/cccccccccccccccc", {"name": "Living room", "scopes": ["speak", "talk"], "limits": kept}),
    ]


def test_one_changes_ones_own_key_without_the_limits_that_operators_set(page: Page, server: MockServer) -> None:
    row(page, "Kitchen speaker").get_by_role("button", name="Change").click()
    expect(page.locator(".operators")).to_be_hidden()
    page.fill("#key-form [name=name]", "Bedroom")
    page.keyboard.press("Enter")
    expect(row(page, "Bedroom")).to_be_visible()
    assert server.people.changes("PATCH")[0][1] == {"name": "Bedroom", "scopes": ["speak", "listen"]}


def test_everything_about_one_is_exported_and_deleted_only_by_ones_name(page: Page, server: MockServer) -> None:
    with page.expect_download() as download:
        page.click("#data-export")
    assert download.value.suggested_filename == "syrinx-ann.zip"
    expect(page.locator("#data-told")).to_contain_text("Exported")
    page.click("#data-delete")
    really = page.get_by_role("button", name="Delete everything")
    expect(really).to_be_disabled()
    page.fill("#data-confirm input", "an")
    expect(really).to_be_disabled()
    page.keyboard.type("n")
    page.keyboard.press("Enter")
    expect(page.locator("#data-told")).to_have_text("Deleted: 1 voice, 12 conversations, 2 keys.")
    expect(page.locator("#keys-none")).to_be_visible()
    assert server.people.changes("DELETE") == [("/api/people/me", {"confirm": "ann"})]


def test_who_deletes_everything_with_the_key_of_the_page_is_told_so(page: Page, server: MockServer) -> None:
    server.people.key_after = "syx_2"
    page.click("#data-delete")
    page.fill("#data-confirm input", "ann")
    page.keyboard.press("Enter")
    expect(page.locator("#people-problem")).to_contain_text("Deleted: 1 voice, 12 conversations, 2 keys.")
    expect(page.locator("#people-problem")).to_contain_text("The key of this page ended with it.")


def test_what_was_done_is_told_in_words_page_by_page(open_page: OpenPage, server: MockServer) -> None:
    actions = ["voice.delete", "key.revoked", "person.exported"]
    server.people.events = [event(number, actions[number % 3]) for number in range(30, 0, -1)]
    server.people.events[0]["outcome"] = "refused"
    page = open_page(path="#people")
    rows = page.locator(".log tbody tr")
    expect(rows).to_have_count(25)
    expect(rows.nth(0)).to_contain_text("Voice deleted, refused")
    expect(rows.nth(1)).to_contain_text("Everything about a person exported")
    page.click("#log-more")
    expect(rows).to_have_count(30)
    expect(page.locator("#log-more")).to_be_hidden()


def test_what_an_operator_did_for_somebody_is_not_laid_at_their_door(open_page: OpenPage, server: MockServer) -> None:
    server.people.events = [
        event(2, "voice.delete", details={"by": "token"}),
        event(1, "voice.delete", details={"by": "olga@here.example"}),
    ]
    page = open_page(path="#people")
    told = page.locator(".log tbody td:nth-child(2)")
    expect(told).to_have_text(["Voice deleted, by the operator’s token", "Voice deleted, by olga@here.example"])


def test_all_that_the_server_writes_into_its_log_is_told_in_words(open_page: OpenPage, server: MockServer) -> None:
    written = {action for path in SOURCES.rglob("*.py") for action in NOTED.findall(path.read_text())}
    assert {"key.created", "voice.delete", "person.exported", "door.refused"} <= written
    server.people.events = [event(number, action) for number, action in enumerate(sorted(written), start=1)][::-1]
    page = open_page(path="#people")
    expect(page.locator(".log tbody tr")).to_have_count(len(written))
    told = page.locator(".log tbody td:nth-child(2)").all_inner_texts()
    assert [words for words in told if "." in words] == []
    page.check("#log-whose [value=everybody]", force=True)
    expect(page.locator(".log th").nth(1)).to_have_text("Who")
    assert server.people.asked[-1][1] == "/api/audit?limit=25&everybody=true"


def test_who_brings_no_key_is_asked_for_one_calmly(open_page: OpenPage, server: MockServer) -> None:
    server.people.be("ann")
    server.people.wanted_key = "syx_1"
    page = open_page(path="#people")
    expect(page.locator("#people-problem")).to_contain_text("This server wants to know who you are.")
    page.fill("#people-problem input[type=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#people-problem")).to_contain_text("The server does not know that key.")
    page.fill("#people-problem input[type=password]", "syx_1")
    page.check("#people-problem [name=remember]")
    page.click("#people-problem >> text=Use it")
    expect(page.locator("#who-name")).to_have_text("ann")
    kept = "[JSON.parse(sessionStorage.getItem('syrinx.token')), JSON.parse(localStorage.getItem('syrinx.token'))]"
    assert page.evaluate(kept) == ["syx_1", "syx_1"]
    page.click("#forget-key")
    expect(page.locator("#people-problem")).to_contain_text("This server wants to know who you are.")
    assert page.evaluate(kept) == [None, None]
