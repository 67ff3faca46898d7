from __future__ import annotations

import itertools
import time
from datetime import datetime

import pytest

from syrinx.engines.llm.companion import LANGUAGES, Companion, provider
from syrinx.engines.llm.contract import Message, ReplyRequest
from syrinx.errors import EngineUnavailable

NOW = datetime(2026, 11, 21, 14, 5)  # noqa: DTZ001  # the companion tells the clock's hours as they are
OTHERS = [language for language in LANGUAGES if language != "en"]


class Person:
    """Talks to a companion and remembers the talk, as a conversation does."""

    def __init__(self, language: str = "en", *, system: str | None = None, now: datetime = NOW) -> None:
        self.companion = Companion(lambda: now)
        self.language = language
        self.messages: list[Message] = [] if system is None else [Message(role="system", text=system)]

    async def says(self, text: str, *, max_tokens: int | None = None) -> str:
        self.messages.append(Message(role="user", text=text))
        request = ReplyRequest(messages=tuple(self.messages), language=self.language, max_tokens=max_tokens)
        reply = "".join([delta.text async for delta in self.companion.reply(request)])
        self.messages.append(Message(role="assistant", text=reply))
        return reply


def test_it_says_of_itself_that_it_is_no_language_model() -> None:
    capabilities = Companion().capabilities
    assert (capabilities.model, capabilities.is_language_model) == ("companion", False)
    assert not provider.info.remote


async def test_the_first_reply_answers_and_says_that_there_is_no_language_model() -> None:
    person = Person()
    first = await person.says("What time is it?")
    assert first.startswith("By the clock of this machine, it is 2:05 in the afternoon.")
    assert "no language model" in first
    assert "no language model" not in await person.says("What's the date?")


@pytest.mark.parametrize("asked", ["How do I add a language model?", "Can I use Ollama here", "are you chat gpt"])
async def test_asked_for_a_model_it_names_every_way(asked: str) -> None:
    reply = await Person().says(asked)
    for way in ("System view", "syrinx models pull", "Ollama", "OPENROUTER_API_KEY", "OPENAI_API_KEY", "settings"):
        assert way in reply
    assert reply.count("language model") == 1, "it is not said twice"


@pytest.mark.parametrize("asked", ["What is the capital of France?", "why is the sky blue", "Who won the match?"])
async def test_it_never_pretends_to_know(asked: str) -> None:
    person = Person()
    await person.says("hello")
    reply = await person.says(asked)
    assert "script" in reply or "beyond me" in reply


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("what day is it", "Today is Saturday, the 21st of November 2026."),
        ("count to seven", "All right. One, two, three, four, five. Six, seven."),
        ("Count down from 3!", "All right. Three, two, one."),
        ("please count from nineteen to twenty one", "All right. Nineteen, twenty, twenty-one."),
        ("count to a million", "That is further than I can count, for I stop at one hundred."),
        ("spell owl", "Owl is spelled O, W, L."),
        ("what is two plus three", "That makes five."),
        ("What's 7 times 8?", "That makes fifty-six."),
        ("what is three minus five", "That makes minus two."),
        ("what is seven divided by two", "That makes three, and one is left over."),
        ("what is one divided by zero", "Nothing can be divided by zero"),
        ("repeat after me: the sun is out", "The sun is out"),
        ("Can you hear me?", "Yes, I hear you. What reached me was: Can you hear me?"),
        ("say the alphabet", "W, X, Y and Z."),
        ("stop", "All right. I will be quiet until you speak."),
        ("my dog is ill", "dog"),
        ("I miss my brother", "your brother"),
        ("i feel like nobody listens to me", "you feel like nobody listens to you"),
        ("i want to see my friends", "you want to see your friends"),
    ],
)
async def test_it_answers_what_a_script_can(asked: str, answer: str) -> None:
    person = Person()
    await person.says("hello")
    reply = await person.says(asked)
    assert answer in reply


@pytest.mark.parametrize(
    ("hour", "greeting", "clock"),
    [
        (0, "Hello", "12:05 at night"),
        (8, "Good morning", "8:05 in the morning"),
        (12, "Good afternoon", "12:05 in the afternoon"),
        (19, "Good evening", "7:05 in the evening"),
        (23, "Hello", "11:05 at night"),
    ],
)
async def test_it_knows_the_hour(hour: int, greeting: str, clock: str) -> None:
    person = Person(now=NOW.replace(hour=hour))
    assert (await person.says("hi there")).startswith(greeting)
    assert clock in await person.says("what time is it")


@pytest.mark.parametrize("day", range(1, 31))
async def test_every_day_of_a_month_has_its_ending(day: int) -> None:
    endings = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}
    assert f"the {day}{endings.get(day, 'th')} of" in await Person(now=NOW.replace(day=day)).says("what's the date")


async def test_it_repeats_what_was_heard_of_its_last_reply() -> None:
    person = Person()
    assert "not said anything yet" in await person.says("say that again")
    person.messages[-1] = Message(role="assistant", text="[SPEAKER0] There was once a")
    assert await person.says("What did you say?") == "I said: There was once a"
    assert await person.says("What did you say?") == "I said: There was once a"


async def test_a_story_is_long_enough_to_interrupt_and_another_one_is_another() -> None:
    person = Person()
    await person.says("hello")
    first = await person.says("Tell me a story")
    second = await person.says("another one")
    assert min(len(first), len(second)) > 400
    assert first != second


async def test_it_goes_by_the_name_that_it_was_given() -> None:
    system = "You are Wren.\nYour voice: soft.\nYou are heard, not read: answer briefly."
    assert "I am Wren," in await Person(system=system).says("who are you")
    assert "I am Syrinx," in await Person(system="You are a helpful assistant.").says("who are you")


async def test_only_what_was_said_last_is_answered_where_two_utterances_are_one_message() -> None:
    person = Person()
    await person.says("hello")
    assert (await person.says("tell me a story\nno wait, what time is it")).startswith("By the clock")


async def test_the_same_talk_gets_the_same_words() -> None:
    talks = [Person() for _ in range(2)]
    lines = ["hello", "i feel tired", "my work is hard", "because of the noise", "nothing in particular today at all"]
    replies = [[await person.says(line) for line in lines] for person in talks]
    assert replies[0] == replies[1]
    assert len(set(replies[0])) == len(lines)


async def test_it_does_not_say_the_same_twice_in_a_row() -> None:
    person = Person()
    replies = [await person.says("hm") for _ in range(6)]
    assert all(first != second for first, second in itertools.pairwise(replies))


async def test_the_limit_on_tokens_is_kept() -> None:
    assert await Person().says("tell me a story", max_tokens=1) in ("Gladly.", "With", "Yes,")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_first_clause_comes_early_in_every_language(language: str) -> None:
    first = await Person(language).says("hello")
    assert min(first.find(mark) for mark in ".,?!,。、।" if mark in first) < 40


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "es",
            (
                "Hola",
                "¿Qué hora es?",
                "¿Quién eres?",
                "Repítelo",
                "¿Cómo añado un modelo de lenguaje?",
                "Gracias",
                "Adiós",
            ),
        ),
        (
            "fr",
            (
                "Bonjour",
                "Quelle heure est-il ?",
                "Qui es-tu ?",
                "Répète",
                "Comment ajouter un modèle ?",
                "Merci",
                "Au revoir",
            ),
        ),
        (
            "de",
            (
                "Hallo",
                "Wie spät ist es?",
                "Wer bist du?",
                "Noch mal",
                "Wie kommt das Sprachmodell her?",
                "Danke",
                "Tschüss",
            ),
        ),
        ("it", ("Ciao", "Che ore sono?", "Chi sei?", "Ripeti", "Come aggiungo un modello?", "Grazie", "Arrivederci")),
        ("pt", ("Olá", "Que horas são?", "Quem é você?", "Repete", "Como instalo um modelo?", "Obrigada", "Tchau")),
        ("zh", ("你好", "现在几点了?", "你是谁?", "再说一遍", "怎么添加语言模型?", "谢谢", "再见")),
        (
            "ja",
            (
                "こんにちは",
                "今何時ですか?",
                "あなたは誰ですか",
                "もう一度",
                "言語モデルを追加したい",
                "ありがとう",
                "さようなら",
            ),
        ),
        ("hi", ("नमस्ते", "कितने बजे हैं?", "आप कौन हैं?", "फिर से कहिए", "भाषा मॉडल कैसे जोड़ें?", "धन्यवाद", "अलविदा")),
    ],
)
async def test_the_other_languages_have_their_honest_set(language: str, lines: tuple[str, ...]) -> None:
    person = Person(f"{language}-XX", system="You are Wren.")
    greeting, clock, who, again, how_to, thanks, goodbye = [await person.says(line) for line in lines]
    notice = greeting[len(greeting) // 2 :]
    assert "14:05" in clock
    assert notice not in clock, "only the first reply carries the notice"
    assert "Wren" in who
    assert who in again
    assert "OPENROUTER_API_KEY" in how_to
    assert "Ollama" in how_to
    assert "syrinx models pull qwen2.5-0.5b" in how_to
    listening = await person.says("42")
    assert len({greeting, clock, who, again, how_to, thanks, goodbye, listening}) == 8


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "I want to kill myself"),
        ("en", "sometimes i don't want to live"),
        ("es", "Quiero morir"),
        ("fr", "Je veux mourir"),
        ("de", "Ich will sterben"),
        ("it", "Voglio morire"),
        ("pt", "Quero morrer"),
        ("zh", "我不想活了"),
        ("ja", "死にたい"),
        ("hi", "मैं मरना चाहता हूँ"),
    ],
)
async def test_despair_is_never_given_back_but_sent_to_people_who_can_help(language: str, said: str) -> None:
    person = Person(language)
    first, second = await person.says(said), await person.says(said)
    assert first == second, "nothing else is said beside it"
    calls = ("Call", "Llama", "Appelez", "Ruf", "Chiama", "Ligue", "打电话", "電話", "फ़ोन")
    assert any(call in second for call in calls)


@pytest.mark.parametrize("language", OTHERS)
async def test_no_other_language_falls_back_to_english(language: str) -> None:
    person = Person(language)
    for line in ("1", "2?", "3"):
        assert not {"the", "you", "is"} & set((await person.says(line)).lower().split())


async def test_a_language_that_it_does_not_speak_is_answered_in_english() -> None:
    assert "language model" in await Person("nl").says("Hallo")


async def test_a_very_long_utterance_is_answered_at_once() -> None:
    began = time.perf_counter()
    assert await Person().says("i want to tell you that " * 100_000)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("text", ["?", "...", "[SPEAKER0]", "💤", "say", "count", "i am", "count to", "\u200b"])
async def test_odd_utterances_get_an_answer_too(text: str) -> None:
    assert (await Person().says(text)).strip()


async def test_options_are_refused() -> None:
    assert provider.check({}).available
    assert not provider.check({"colour": "red"}).available
    with pytest.raises(EngineUnavailable, match="'colour'"):
        provider.open({"colour": "red"})
