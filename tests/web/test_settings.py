"""The settings sheet and the System view: characters, voices, engines, and what is said about them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer, engine


def open_settings(page: Page) -> None:
    page.click("#open-settings")


def test_a_character_is_added_told_to_the_server_and_kept(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.click("#add-character")
    form = page.locator(".character-form")
    form.locator("[name=name]").fill("Cleo")
    form.locator("[name=persona]").fill("You are curt.")
    form.locator("[name=filter]").fill("german")
    form.locator("[name=voice]").select_option("espeak:de")
    form.locator("[type=submit]").click()
    told = server.wait_for("set")["characters"]
    assert [one["name"] for one in told] == ["Ada", "Ben", "Cleo"]
    assert (told[2]["voice"], told[2]["persona"], told[2]["speed"]) == ("espeak:de", "You are curt.", 1)
    page.reload()
    assert [one["name"] for one in server.wait_for("hello", count=2)["characters"]] == ["Ada", "Ben", "Cleo"]


def test_two_characters_need_two_names(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.click("[aria-label='Edit Ben']")
    page.fill(".character-form [name=name]", "ada")
    page.click(".character-form [type=submit]")
    expect(page.locator(".character-form .inline-problem")).to_have_text(
        "There is a ada already: two need two names."
    )  # fmt: skip
    page.fill(".character-form [name=name]", "Speaker1")
    page.click(".character-form [type=submit]")
    expect(page.locator(".character-form .inline-problem")).to_contain_text("choose another name")
    assert not server.received("set")


def test_characters_are_reordered_removed_and_chosen_by_keyboard(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.focus("[aria-label='Move Ben up']")
    page.keyboard.press("Enter")
    assert [one["name"] for one in server.wait_for("set")["characters"]] == ["Ben", "Ada"]
    page.focus("[aria-label='Ada answers next']")
    page.keyboard.press("Space")
    assert server.wait_for("set", count=2)["character"] == "Ada"
    page.focus("[aria-label='Edit Ben']")
    page.keyboard.press("Enter")
    page.focus(".remove")
    page.keyboard.press("Enter")
    assert [one["name"] for one in server.wait_for("set", count=3)["characters"]] == ["Ada"]


ESPEAK = "espeak-ng (basic, built in)"


def labels_of_voices(page: Page) -> list[str]:
    return page.locator("#voice optgroup").evaluate_all("all => all.map((one) => one.label)")


def test_voices_are_grouped_by_language_and_engine_and_filtered(page: Page) -> None:
    open_settings(page)
    assert labels_of_voices(page) == [
        "American English: flite (basic, English)", f"American English: {ESPEAK}", f"British English: {ESPEAK}",
        f"Arabic: {ESPEAK}", f"German: {ESPEAK}",
    ]  # fmt: skip
    page.fill("#voice-filter", "english female")
    assert page.locator("#voice option").all_inner_texts() == [
        "As the server chooses", "slt, female", "English (America), f3, female",
    ]  # fmt: skip


def offer_kokoro(server: MockServer) -> None:
    server.options["engines"]["tts"].append(engine("kokoro", "Kokoro", blends=True))
    graded = (("am_adam", "F+"), ("af_heart", "A"), ("af_bella", "A-"), ("af_new", ""))
    server.options["voices"] += [
        {"id": voice, "name": voice[3:].title(), "language": "en-US", "gender": "neutral", "engine": "kokoro",
         "grade": grade}
        for voice, grade in graded
    ]  # fmt: skip


def test_the_best_grade_comes_first_and_is_said_in_words(open_page: OpenPage, server: MockServer) -> None:
    offer_kokoro(server)
    page = open_page()
    open_settings(page)
    page.fill("#voice-filter", "kokoro")
    assert page.locator("#voice option").all_inner_texts()[1:] == [
        "Heart, neutral, grade A", "Bella, neutral, grade A-", "Adam, neutral, grade F+", "New, neutral",
    ]  # fmt: skip


def test_a_mix_is_typed_checked_told_and_named(open_page: OpenPage, server: MockServer) -> None:
    offer_kokoro(server)
    page = open_page()
    open_settings(page)
    page.click("#mix summary")
    page.fill("#mix-text", "af_heart + slt")
    page.click("#use-mix")
    expect(page.locator("#mix-problem")).to_contain_text("slt is no voice of Kokoro. It has am_adam, af_heart")
    page.fill("#mix-text", "af_heart + am_adam*none")
    page.press("#mix-text", "Enter")
    expect(page.locator("#mix-problem")).to_have_text("A weight is a number above 0, as in am_adam*0.5.")
    assert not server.received("set")
    page.fill("#mix-text", "af_heart + am_adam*0.5")
    page.click("#use-mix")
    assert server.wait_for("set")["voice"] == "af_heart+am_adam*0.5"
    expect(page.locator("#mix-problem")).to_be_hidden()
    expect(page.locator("#voice option:checked")).to_have_text("Mix of af_heart+am_adam*0.5")


def test_no_mix_is_offered_where_no_engine_can(page: Page) -> None:
    open_settings(page)
    expect(page.locator("#mix")).to_be_hidden()


def test_an_engine_is_chosen_survives_a_reload_and_is_given_back_to_the_server(page: Page, server: MockServer) -> None:
    open_settings(page)
    expect(page.locator("#choice-tts option:checked")).to_have_text("Automatic: flite (basic, English)")
    page.select_option("#choice-tts", "espeak")
    assert server.wait_for("set")["tts"] == "espeak"
    page.reload()
    # Hello has no place for it: a server that speaks with another one is told again.
    assert server.wait_for("set", count=2)["tts"] == "espeak"
    open_settings(page)
    expect(page.locator("#choice-tts")).to_have_value("espeak")
    page.select_option("#choice-tts", label="Automatic")
    told = server.wait_for("set", count=3)
    assert "tts" in told
    assert told["tts"] is None


def test_a_default_that_names_an_engine_is_told_from_the_automatic_choice(
    open_page: OpenPage, server: MockServer
) -> None:
    server.options["defaults"]["tts"] = "espeak"
    page = open_page()
    open_settings(page)
    assert page.locator("#choice-tts option").all_inner_texts()[:2] == [
        "As the server is set: espeak-ng (basic, built in)", "Automatic",
    ]  # fmt: skip
    page.select_option("#choice-tts", "auto")
    assert server.wait_for("set")["tts"] == "auto"


def test_the_automatic_choice_shows_who_spoke_last(page: Page, server: MockServer) -> None:
    server.start_sound(1, engine="espeak")
    open_settings(page)
    expect(page.locator("#choice-tts option:checked")).to_have_text(f"Automatic: {ESPEAK}")


def test_voices_of_the_chosen_language_come_first(page: Page) -> None:
    open_settings(page)
    page.select_option("#language", "de")
    assert [label.split(":")[0] for label in labels_of_voices(page)] == [
        "German", "American English", "American English", "Arabic", "British English",
    ]  # fmt: skip


def test_a_voice_is_let_go_of_with_its_language(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.select_option("#voice", "flite:slt")
    assert server.wait_for("set")["voice"] == "flite:slt"
    page.select_option("#language", "de")
    told = server.wait_for("set", count=2)
    assert (told["language"], told["voice"]) == ("de", None)
    page.select_option("#voice", "espeak:de")
    page.select_option("#language", "de")
    assert server.wait_for("set", count=3)["voice"] == "espeak:de"


def test_what_is_chosen_before_hello_is_answered_is_told(open_page: OpenPage, server: MockServer) -> None:
    server.slow_to_be_ready = True
    page = open_page(connected=False)
    server.wait_for("hello, unanswered")
    open_settings(page)
    expect(page.locator("#voice option[value='flite:slt']")).to_have_count(1)
    page.select_option("#voice", "flite:slt")
    expect(page.locator("#settings-problem")).to_be_hidden()
    server.slow_to_be_ready = False
    assert server.wait_for("set")["voice"] == "flite:slt"


def test_a_language_nobody_hears_says_to_type(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.select_option("#language", "de")
    assert server.wait_for("set")["language"] == "de"
    expect(page.locator("#language-note")).to_contain_text("No ear in use understands German")


def test_the_language_can_be_left_to_the_ear_where_it_finds_it_out(open_page: OpenPage, server: MockServer) -> None:
    page = open_page()
    open_settings(page)
    expect(page.locator("#language option[value=auto]")).to_have_count(0)
    server.options["detects_language"] = True
    page.reload()
    open_settings(page)
    page.select_option("#voice", "flite:slt")
    page.select_option("#language", "auto")
    told = server.wait_for("set", count=2)
    assert told["language"] == "auto"
    assert "voice" not in told
    expect(page.locator("#language-note")).to_have_text("You are answered in the language that you spoke last.")
    page.reload()
    assert server.wait_for("hello", count=3)["language"] == "auto"


def test_the_script_is_called_a_script_and_a_remote_model_says_where_words_go(
    open_page: OpenPage, server: MockServer
) -> None:
    page = open_page()
    expect(page.locator("#llm-line")).to_contain_text("No language model is configured: a simple script answers.")
    companion, remote, _ = server.options["engines"]["llm"]
    companion["chosen"], remote["chosen"], remote["available"] = False, True, True
    page.reload()
    expect(page.locator("#llm-line")).to_have_text(
        "OpenRouter answers. The words of this conversation are sent to openrouter.ai; the sound is not."
    )


def test_a_choice_that_is_refused_is_explained_in_the_sheet(page: Page, server: MockServer) -> None:
    open_settings(page)
    page.select_option("#choice-llm", "ollama")
    assert server.wait_for("set")["llm"] == "ollama"
    server.send("error", code="engine_unavailable", message="Ollama does not answer", retryable=False)
    expect(page.locator("#settings-problem")).to_have_text("Ollama does not answer")


def test_starting_over_empties_the_page_and_tells_the_server(page: Page, server: MockServer) -> None:
    server.send("transcript", turn=1, text="Hello?", final=True)
    expect(page.locator(".line")).to_have_count(1)
    open_settings(page)
    page.click("#reset-conversation")
    assert server.wait_for("reset")["what"] == "conversation"
    expect(page.locator(".line")).to_have_count(0)
    open_settings(page)
    page.click("#reset-voice")
    assert server.wait_for("reset", count=2)["what"] == "voice"


def test_the_system_view_says_what_is_in_use_and_what_mends_what_is_missing(open_page: OpenPage) -> None:
    page = open_page(path="#system")
    expect(page.locator(".engine.in-use .engine-title")).to_have_text(
        ["PocketSphinx (basic, built in)", "flite (basic, English)", "Companion (a simple script, built in)"]
    )
    expect(page.locator(".engine.missing").first).to_contain_text("syrinx engines install faster-whisper")
    expect(page.locator("#system-line")).to_have_text("Syrinx 0.1.0 · protocol 1 · connected")


def test_an_installed_model_is_told_of_once_and_a_press_replaces_its_command(
    open_page: OpenPage, server: MockServer
) -> None:
    server.install("whisper-base", in_use=True)
    server.options["engines"]["stt"] += [
        engine("whisper-base", "Whisper base", chosen=True),
        engine("whisper", "Whisper", available=False, reason="No model.", remedy="syrinx models pull whisper-base"),
    ]
    page = open_page(path="#system")
    expect(page.locator("#model-whisper-base .engine-state")).to_have_text("in use")
    expect(page.locator("section[aria-labelledby=kind-stt] .engine-title")).to_have_text(
        ["PocketSphinx (basic, built in)", "faster-whisper"]
    )
    expect(page.locator(".engine-remedy", has_text="models pull")).to_have_count(0)
    page.click("#link-talk")
    open_settings(page)
    assert page.locator("#choice-stt option").all_inner_texts()[1:] == [
        "PocketSphinx (basic, built in)", "faster-whisper: not available", "Whisper base",
    ]  # fmt: skip


def test_what_serves_is_read_again_when_a_model_has_come(open_page: OpenPage, server: MockServer) -> None:
    server.pulling("qwen2.5-0.5b", 700_000_000)
    page = open_page(path="#system")
    expect(page.locator(".engine.in-use .engine-title").last).to_have_text("Companion (a simple script, built in)")
    server.options["engines"]["llm"][0]["chosen"] = False
    server.options["engines"]["llm"].append(engine("qwen2.5-0.5b", "Qwen 2.5 0.5B", chosen=True))
    server.install("qwen2.5-0.5b", in_use=True)
    expect(page.locator(".engine.in-use .engine-title").last).to_have_text("flite (basic, English)")
    page.click("#link-talk")
    expect(page.locator("#llm-line")).to_have_text("Qwen 2.5 0.5B answers, on the server that runs Syrinx.")


def test_the_theme_can_be_chosen_and_holds_before_the_first_paint(open_page: OpenPage) -> None:
    page = open_page(path="#system", color_scheme="light")
    page.click("#theme-choice label:has([value=dark])")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark == "rgb(22, 21, 19)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
