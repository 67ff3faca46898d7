"""Talks that the server keeps: listed, searched, read, gone on with, taken along, deleted; and one that is not kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer
from .mock_talks import message

SEA = "It glows where it breaks. Small creatures light up in it."


@pytest.fixture
def page(open_page: OpenPage, server: MockServer) -> Page:
    server.talks.add("talk-0", "A recipe for bread", message(1, "How is bread made?"))
    server.talks.add(
        "talk-9", "Tell me about the sea", message(1, "Tell me about the sea"),
        message(1, SEA, speaker="Ada", heard="It glows where it breaks."),
    )  # fmt: skip
    opened = open_page()
    opened.click("#open-talks")
    expect(opened.locator("#talks li")).to_have_count(2)
    return opened


def test_a_talk_is_found_by_its_words_and_read_with_what_was_not_heard(page: Page) -> None:
    page.fill("#talks-search", "creatures")
    expect(page.locator("#talks li")).to_have_count(1)
    expect(page.locator("#talks mark")).to_have_text("creatures")
    page.click(".talk-open")
    expect(page.locator("#talk-read-title")).to_be_focused()
    expect(page.locator("#talk-messages .unheard")).to_have_text(" Small creatures light up in it.")
    expect(page.locator("#talk-messages .unheard-note")).to_have_text("not heard")
    page.click("#talks-back")
    page.fill("#talks-search", "nowhere")
    expect(page.locator("#talks-found")).to_have_text("Nothing was found.")


def test_a_talk_goes_on_where_it_ended(page: Page, server: MockServer) -> None:
    page.click(".talk-open >> text=Tell me about the sea")
    page.click("#talk-go-on")
    hello = server.wait_for("hello", count=2)
    assert hello["conversation_id"] == "talk-9"
    assert "resume" not in hello
    expect(page.locator("#talks-sheet")).to_be_hidden()
    expect(page.locator("#conversation .person .words")).to_have_text("Tell me about the sea")
    expect(page.locator("#passing")).to_have_text("The talk goes on where it ended.")
    expect(page.locator(".divider")).to_have_count(0)
    page.click("#open-talks")
    expect(page.locator("#talks li").first).to_contain_text("this talk")


def test_one_that_is_gone_meanwhile_is_said_and_a_new_one_begins(page: Page, server: MockServer) -> None:
    page.click(".talk-open >> text=Tell me about the sea")
    expect(page.locator("#talk-go-on")).to_be_visible()
    server.talks.kept.clear()
    page.click("#talk-go-on")
    server.wait_for("hello", count=3)
    expect(page.locator("#passing")).to_have_text("That talk is no longer there: a new one has begun.")
    expect(page.locator("#welcome")).to_be_visible()


def test_a_new_one_leaves_the_old_one_kept(page: Page, server: MockServer) -> None:
    page.click("#talks-close")
    server.send("transcript", turn=1, text="Good evening.", final=True)
    expect(page.locator("#conversation .words")).to_have_text("Good evening.")
    page.click("#open-talks")
    page.click("#talks-new")
    assert "conversation_id" not in server.wait_for("hello", count=2)
    expect(page.locator("#welcome")).to_be_visible()
    assert not server.received("reset")


def test_a_talk_is_renamed_taken_along_and_deleted(page: Page, server: MockServer) -> None:
    page.click(".talk-open >> text=Tell me about the sea")
    page.click("#talk-rename")
    page.fill("#talk-rename-form input", "The sea at night")
    page.keyboard.press("Enter")
    expect(page.locator("#talk-read-title")).to_have_text("The sea at night")
    with page.expect_download() as download:
        page.click("[data-talk-export=markdown]")
    assert download.value.suggested_filename == "the-sea-at-night.md"
    page.click("#talk-delete")
    page.click("#talk-confirm >> text=Delete it")
    expect(page.locator("#talks li")).to_have_count(1)
    page.get_by_role("button", name="Delete A recipe for bread").click()
    page.locator(".talks .talk-step").get_by_role("button", name="Delete it").click()
    expect(page.locator("#talks-found")).to_have_text("None yet: talk, and it stands here.")
    changed = [(verb, path) for verb, path, _ in server.talks.asked if verb != "GET"]
    assert changed == [
        ("PATCH", "/api/conversations/talk-9"),
        ("DELETE", "/api/conversations/talk-9"),
        ("DELETE", "/api/conversations/talk-0"),
    ]


def test_all_are_deleted_after_a_question(page: Page, server: MockServer) -> None:
    page.click("#talks-delete-all")
    expect(page.get_by_role("button", name="Keep them")).to_be_focused()
    page.click("text=Delete all of them")
    expect(page.locator("#talks li")).to_have_count(0)
    assert ("DELETE", "/api/conversations?all=true", {}) in server.talks.asked
    expect(page.locator("#talks-search")).to_be_focused()
    expect(page.locator("#talks-keep")).to_be_checked()
    assert not server.received("set")


def delete_in_the_list(page: Page) -> None:
    page.get_by_role("button", name="Delete This very one").click()
    page.locator(".talks .talk-step").get_by_role("button", name="Delete it").click()


def delete_while_reading(page: Page) -> None:
    page.click(".talk-open >> text=This very one")
    page.click("#talk-delete")
    page.click("#talk-confirm >> text=Delete it")


def delete_all(page: Page) -> None:
    page.click("#talks-delete-all")
    page.click("text=Delete all of them")


@pytest.mark.parametrize("delete", [delete_in_the_list, delete_while_reading, delete_all])
def test_the_open_talk_is_not_said_to_be_kept_once_it_was_deleted(
    page: Page, server: MockServer, delete: Callable[[Page], None]
) -> None:
    page.click("#talks-close")
    server.talks.add("talk-1", "This very one", message(1, "Hello?"))
    page.click("#open-talks")
    delete(page)
    expect(page.locator("#talks-keep-note")).to_contain_text("This talk was deleted: what is said in it from now on is")
    expect(page.locator("#talks-keep")).not_to_be_checked()
    expect(page.locator("#talks-keep")).to_be_disabled()
    expect(page.locator("#talks-new")).to_be_focused()
    assert server.wait_for("set")["keep"] is False
    server.close(1011)
    assert server.wait_for("hello", count=2)["keep"] is False
    expect(page.locator("#open-talks")).to_have_attribute("aria-label", "Earlier talks. This one is not kept")
    server.new_talk = "talk-2"
    page.click("#talks-new")
    assert server.wait_for("hello", count=3)["keep"] is True
    expect(page.locator("#open-talks")).to_have_attribute("aria-label", "Earlier talks")
    page.click("#open-talks")
    expect(page.locator("#talks-keep")).to_be_checked()


def test_words_that_were_said_since_the_list_came_are_among_all_talks(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="Hello?", final=True)
    expect(page.locator("#conversation .words")).to_have_text("Hello?")
    delete_all(page)
    expect(page.locator("#talks-keep-note")).to_contain_text("This talk was deleted")


def test_a_talk_that_is_not_to_be_kept_is_said_at_once_and_at_every_hello(page: Page, server: MockServer) -> None:
    expect(page.locator("#talks-keep")).to_be_checked()
    page.click("#talks-keep")
    assert server.wait_for("set")["keep"] is False
    expect(page.locator("#talks-keep-note")).to_contain_text("What is said from now on is forgotten")
    page.reload()
    assert server.wait_for("hello", count=2)["keep"] is False
    button = page.get_by_role("button", name="Earlier talks. This one is not kept")
    button.click()
    page.click("#talks-keep")
    assert server.wait_for("set", count=2)["keep"] is True
    expect(page.locator("#open-talks")).to_have_attribute("aria-label", "Earlier talks")


def test_a_talk_that_is_to_be_kept_again_while_the_server_is_away_is_kept_when_it_is_back(
    page: Page, server: MockServer
) -> None:
    page.click("#talks-keep")
    server.wait_for("set")
    server.accept = False
    server.close(1011)
    expect(page.locator("#problem")).to_contain_text("Connection lost")
    page.click("#talks-keep")
    server.accept = True
    page.evaluate("dispatchEvent(new Event('online'))")
    assert server.wait_for("hello", count=2)["keep"] is True
    assert len(server.received("set")) == 1


def test_a_talk_that_is_to_be_kept_while_hello_is_answered_is_said_to_be(
    open_page: OpenPage, server: MockServer
) -> None:
    server.slow_to_be_ready = True
    page = open_page(before="sessionStorage.setItem('syrinx.unkept', 'true')", connected=False)
    assert server.wait_for("hello, unanswered")["keep"] is False
    page.click("#open-talks")
    page.click("#talks-keep")
    server.slow_to_be_ready = False
    assert server.wait_for("set")["keep"] is True
    page.click("#talks-close")
    page.click("#open-talks")
    expect(page.locator("#talks-sheet")).to_be_visible()
    expect(page.locator("#talks-keep")).to_be_checked()


def test_a_share_that_is_used_up_is_said_in_the_talk(open_page: OpenPage, server: MockServer) -> None:
    page = open_page()
    server.send("error", code="quota_reached", message="at most 150 characters a day are spoken", retryable=False)
    expect(page.locator("#problem")).to_contain_text("Not enough of your share for today is left.")
    expect(page.locator("#problem")).to_contain_text("At most 150 characters a day are spoken.")


@pytest.mark.parametrize("width", [390, 800])
def test_the_way_to_the_talks_hides_no_words(open_page: OpenPage, server: MockServer, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 700})
    server.send("transcript", turn=1, text="What came before the printed book? " * 40, final=True)
    words = page.locator("#conversation p").last
    expect(words).to_be_visible()
    button, line = page.locator("#open-talks").bounding_box(), words.bounding_box()
    assert button is not None
    assert line is not None
    assert line["x"] + line["width"] <= button["x"]
