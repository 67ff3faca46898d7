"""When the microphone is heard: automatic listening, and what is pressed in between."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from .conftest import OpenPage, listen
from .mock_server import MockServer

NO_ECHO_CANCELLATION = """
  MediaStreamTrack.prototype.getSettings = () => ({ echoCancellation: false });
"""


def refuse(error: str) -> str:
    return f"""navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "{error}"));"""


def sending_now(page: Page, server: MockServer) -> bool:
    before = server.sound_frames()
    page.wait_for_timeout(200)
    return server.sound_frames() > before


def test_the_microphone_is_sent_as_16_khz_frames_while_listening(page: Page, server: MockServer) -> None:
    listen(page, server)
    expect(page.locator("#state-words")).to_have_text("Listening")
    assert server.wait_for("hello")["input_sample_rate"] == 16_000
    page.wait_for_timeout(1000)
    times = [at for at, _ in server.sound]
    samples = sum(len(pcm) // 2 for _, pcm in server.sound)
    assert {len(pcm) for _, pcm in server.sound} == {1024}
    assert 0.8 <= samples / 16_000 / (times[-1] - times[0]) <= 1.25
    assert any(any(pcm) for _, pcm in server.sound)


def test_another_rate_is_resampled_without_losing_or_folding_sound(open_page: OpenPage, server: MockServer) -> None:
    # A browser that refuses 16 kHz: the worklet has to resample. Its filter is measured on pure tones.
    page = open_page()
    measured: list[list[float]] = page.evaluate("""async () => {
      const results = [];
      for (const [rate, tone] of [[48000, 1000], [44100, 1000], [48000, 11000], [8000, 1000]]) {
        const context = new OfflineAudioContext(1, rate, rate);
        await context.audioWorklet.addModule("js/capture-worklet.js");
        const oscillator = new OscillatorNode(context, { frequency: tone });
        const node = new AudioWorkletNode(context, "syrinx-capture", { numberOfOutputs: 0 });
        const frames = [];
        node.port.onmessage = (event) => frames.push(new Int16Array(event.data.pcm));
        oscillator.connect(node);
        oscillator.start();
        await context.startRendering();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const samples = frames.flatMap((frame) => [...frame]).slice(2000, -600);
        const peak = Math.max(...samples.map(Math.abs)) / 32767;
        const crossings = samples.filter((sample, at) => at > 0 && sample >= 0 && samples[at - 1] < 0).length;
        results.push([frames.length * 512, peak, (crossings * 16000) / samples.length]);
      }
      return results;
    }""")
    for total, peak, frequency_hz in (measured[0], measured[1], measured[3]):
        assert 15_000 <= total <= 16_000
        assert abs(peak - 1) < 0.03
        assert abs(frequency_hz - 1000) < 5
    # 11 kHz cannot be told at 16 kHz; what is left of it must not be heard as 5 kHz.
    assert measured[2][1] < 0.01


def test_without_barge_in_listening_stops_with_the_reply_and_goes_on_after_it(
    open_page: OpenPage, server: MockServer
) -> None:
    page = open_page(before=NO_ECHO_CANCELLATION)
    listen(page, server)
    server.start_sound(1)
    page.wait_for_function("syrinx.listening.stoppedAutomatically")
    assert not sending_now(page, server)
    expect(page.locator("#state-words")).to_have_text("Ada is speaking, the microphone waits")
    server.stop_sound(1)
    page.wait_for_function("syrinx.listening.sending")
    assert sending_now(page, server)
    # The server stops and starts by the same rule: nothing is said about it.
    assert not server.received("stop_listening")
    assert len(server.received("start_listening")) == 1


def test_a_reply_to_typed_words_does_not_open_the_microphone(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    server.stop_sound(1)
    page.wait_for_timeout(100)
    assert page.evaluate("syrinx.listening") == {"wanted": False, "sending": False, "stoppedAutomatically": False}


def test_with_barge_in_the_microphone_stays_open_during_the_reply(page: Page, server: MockServer) -> None:
    listen(page, server)
    assert server.wait_for("set")["barge_in"] is True
    server.start_sound(1)
    expect(page.locator("#state-words")).to_have_text("Ada is speaking")
    assert sending_now(page, server)


def test_pressing_stop_during_the_reply_wins_over_automatic_listening(page: Page, server: MockServer) -> None:
    listen(page, server)
    server.start_sound(1)
    page.click("#voice-button")
    server.wait_for("stop_listening")
    server.stop_sound(1)
    page.wait_for_timeout(100)
    assert page.evaluate("syrinx.listening.sending") is False
    assert not sending_now(page, server)


def test_pressing_talk_during_the_reply_ends_it_and_listens(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(before=NO_ECHO_CANCELLATION)
    listen(page, server)
    server.start_sound(1)
    page.wait_for_function("syrinx.listening.stoppedAutomatically")
    page.click("#voice-button")
    server.wait_for("tts_interrupt")
    server.wait_for("start_listening", count=2)
    assert sending_now(page, server)


def test_the_switch_turns_barge_in_off_and_is_remembered(page: Page, server: MockServer) -> None:
    listen(page, server)
    server.wait_for("set")
    page.click("#open-settings")
    page.uncheck("#barge-in")
    assert server.wait_for("set", count=2)["barge_in"] is False
    page.reload()
    page.wait_for_function("document.body.dataset.state === 'idle'")
    page.click("#open-settings")
    expect(page.locator("#barge-in")).not_to_be_checked()


def test_space_talks_and_stops_but_not_while_typing(page: Page, server: MockServer) -> None:
    page.keyboard.press("Space")
    server.wait_for("start_listening")
    page.keyboard.press("Space")
    server.wait_for("stop_listening")
    page.focus("#typed")
    page.keyboard.type("a b")
    expect(page.locator("#typed")).to_have_value("a b")
    assert len(server.received("start_listening")) == 1


def test_a_refused_microphone_says_what_to_press(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(before=refuse("NotAllowedError"))
    page.click("#voice-button")
    expect(page.locator("#problem")).to_contain_text("The microphone is not allowed here.")
    expect(page.locator("#problem")).to_contain_text("typing works")
    expect(page.locator("#problem button")).to_have_text("Try again")
    expect(page.locator("#voice-button")).to_have_attribute("aria-pressed", "false")
    assert not server.received("start_listening")


def test_a_missing_microphone_is_told_from_a_refused_one(open_page: OpenPage) -> None:
    page = open_page(before=refuse("NotFoundError"))
    page.click("#voice-button")
    expect(page.locator("#problem")).to_contain_text("No microphone was found.")


def test_a_microphone_held_by_another_program_is_told_from_both(open_page: OpenPage) -> None:
    page = open_page(before=refuse("NotReadableError"))
    page.click("#voice-button")
    expect(page.locator("#problem")).to_contain_text("Another program may be holding it.")


def test_an_insecure_address_says_why_there_is_no_microphone(open_page: OpenPage) -> None:
    page = open_page(before="Object.defineProperty(globalThis, 'isSecureContext', { value: false });")
    page.click("#voice-button")
    expect(page.locator("#problem")).to_contain_text("This address is not secure")


def test_a_microphone_that_is_unplugged_stops_listening_and_says_so(open_page: OpenPage, server: MockServer) -> None:
    remember = """
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wish) => {
        const stream = await open(wish);
        globalThis.openedTrack = stream.getAudioTracks()[0];
        return stream;
      };"""
    page = open_page(before=remember)
    listen(page, server)
    page.evaluate("openedTrack.dispatchEvent(new Event('ended'))")
    expect(page.locator("#problem")).to_contain_text("The microphone went away.")
    server.wait_for("stop_listening")
    page.click("#problem button")
    server.wait_for("start_listening", count=2)
    expect(page.locator("#problem")).to_be_hidden()


def test_stopping_lets_the_device_go(page: Page, server: MockServer) -> None:
    listen(page, server)
    page.click("#voice-button")
    server.wait_for("stop_listening")
    stopped = time.monotonic()
    page.wait_for_timeout(150)
    assert all(at <= stopped + 0.05 for at, _ in server.sound)
    assert page.evaluate("syrinx.capture.contextHz") is None
