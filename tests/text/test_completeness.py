"""How finished words sound: everyday talk, complete and cut off, in nine languages; nods and counts."""

from __future__ import annotations

import pytest

from syrinx.text import completeness, is_backchannel, word_count

COMPLETE: dict[str, list[str]] = {
    "en": [
        "yes",
        "no thanks",
        "hello",
        "what time is it",
        "i don't know",
        "can you help me",
        "that sounds great",
        "i live in berlin",
        "how are you",
        "what are you looking for",
        "turn it on",
        "yes i do",
        "no it isn't",
        "tell me a story",
        "where are you from",
        "i'm fine and you",
        "stop",
        "good morning",
        "set a timer for ten minutes",
        "i would like a cup of tea",
        "who are you talking to",
        "my name is anna",
        "what's the weather like",
        "thank you very much",
        "i think so",
        "me too",
        "is it going to rain tomorrow",
        "call my mother please",
        "i went to the shop and bought some bread",
        "why not",
        "when does the train leave",
        "sing me a song",
        "when i get home i will call you",
        "okay let's do it",
        "is there anything i can do",
        "that's what i want",
        "could you turn the lights off",
        "please remind me tomorrow at eight",
        "never mind",
        "i know what it is",
        "that's not what i meant",
        "maybe later",
    ],
    "es": ["hola", "qué hora es", "me gusta mucho el café", "no gracias", "vivo en madrid", "yo también"],
    "fr": [
        "bonjour",
        "quelle heure est-il",
        "je voudrais un café",
        "non merci",
        "moi aussi",
        "il fait beau aujourd'hui",
    ],
    "de": ["hallo", "wie spät ist es", "ich hätte gern einen kaffee", "nein danke", "ich auch", "ich wohne in berlin"],
    "it": ["ciao", "che ore sono adesso", "vorrei un caffè", "no grazie", "abito a roma", "anche io"],
    "pt": ["olá", "que horas você chega", "eu gosto de café", "não obrigado", "moro em lisboa", "eu também"],
    "zh": ["你好", "现在几点了", "今天天气怎么样", "我喜欢喝咖啡", "好的", "你可以帮我吗"],
    "ja": ["はい", "今何時ですか", "コーヒーが好きです", "東京に住んでいます", "ありがとう", "教えてください"],
    "hi": ["नमस्ते", "समय क्या हुआ है", "मुझे चाय पसंद है", "नहीं", "मैं दिल्ली में रहता हूँ", "आप कैसे हैं"],
}

CUT_OFF: dict[str, list[str]] = {
    "en": [
        "um",
        "and then i",
        "i want to",
        "i was thinking about the",
        "can you tell me if",
        "my name is",
        "i went to the",
        "because",
        "so what i mean is",
        "i would like a",
        "and",
        "it's a kind of",
        "if you want",
        "well i think",
        "we need",
        "i don't know if",
        "the thing is that",
        "he said he was",
        "could you please give me the",
        "when i get home",
        "i have been looking for",
        "what i really want is",
        "i live in",
        "it costs about",
        "she told me that she",
        "let me see uh",
        "turn on the",
        "my",
        "i saw him with his",
        "yesterday we",
        "do you have any idea whether",
        "i like it but",
        "it was very",
        "there is",
        "can you remind me to",
        "we should probably",
        "last night i had a dream where",
        "how do i get from london to",
        "i was wondering if you could",
        "and after that we",
        "it depends on",
        "let me tell you",
        "i'd like to order",
        "what about the",
    ],
    "es": ["quiero un", "me llamo juan y", "porque", "voy a la", "no sé si", "eh"],
    "fr": ["je voudrais un", "parce que", "je vais à la", "je ne sais pas si", "euh", "et puis je"],
    "de": ["ich möchte ein", "weil", "ich gehe in die", "ich weiß nicht ob", "äh", "und dann hat der"],
    "it": ["vorrei un", "perché il", "vado alla", "non so se", "ehm", "e poi la"],
    "pt": ["eu quero um", "porque o", "vou para a", "não sei se", "eu gosto de", "e depois o"],
    "zh": ["我想要一个", "因为", "我昨天去了他的", "如果", "我觉得但是", "然后我"],
    "ja": ["私は", "コーヒーを", "東京に", "昨日友達と", "雨が降ったけど", "えっと"],
    "hi": ["मैं", "मुझे एक", "दिल्ली में", "लेकिन", "मैं चाहता हूँ कि", "राम और"],
}


@pytest.mark.parametrize("language", COMPLETE)
def test_nine_in_ten_utterances_are_judged_rightly(language: str) -> None:
    right = [completeness(text, language) >= 0.5 for text in COMPLETE[language]]
    right += [completeness(text, language) < 0.5 for text in CUT_OFF[language]]
    wrong = [text for text, ok in zip(COMPLETE[language] + CUT_OFF[language], right, strict=True) if not ok]
    assert sum(right) / len(right) >= 0.9, wrong


def test_there_are_enough_english_cases_to_trust_the_figure() -> None:
    assert len(COMPLETE["en"]) + len(CUT_OFF["en"]) >= 60


LACKING: dict[str, str] = {
    "a clause behind that": "she told me that, i think that, the problem is that, and say that, what i mean is that",
    "a clause behind a conjunction": "and then, we went to the beach because, i was at home but then, he left so that",
    "an object": "can you tell me, i want, did you find, do you have, he gave me, could you bring, yesterday i bought",
    "a verb": "want to, i was going to, we need to, could you, what time does it, do you, i usually, would she",
    "a noun": "a table for, such as, it was a very, my favourite, the weather is, i need another, is there a big",
    "what is known": "i know how, i want to learn how, i don't really know, do you know, do you remember when",
    "all but the opening": "in my opinion, for example, first of all, on the other hand, by the way, as soon as, well",
    "the main clause": "when i get home, if it rains tomorrow, although i like it, if you have time",
    "what the preposition is for": "i'm looking for, what do you think about, she comes from, the house near",
}


@pytest.mark.parametrize("lack", LACKING)
def test_english_that_lacks_something_is_judged_open(lack: str) -> None:
    scores = {text: completeness(text) for text in LACKING[lack].split(", ")}
    assert max(scores.values()) < 0.3, scores


@pytest.mark.parametrize(
    "text",
    [
        "what did he tell you",
        "what are you thinking about",
        "who told you that",
        "i like that",
        "i don't think so",
        "where is he",
        "how much does it cost",
        "if it rains tomorrow we stay at home",
        "when i get home i'll call you",
        "in my opinion it is too expensive",
        "do it",
        "where are you going",
        "he gave me a book",
        "that's what i think",
    ],
)
def test_english_that_only_resembles_something_open_is_judged_complete(text: str) -> None:
    assert completeness(text) >= 0.7


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("we went to the beach", "we went to the beach yesterday"),
        ("they have a dog", "do they have a dog"),
        ("play some music", "play some music please"),
        ("i lost my phone", "i lost my phone on the train this morning"),
        ("maybe", "yes"),
        ("next week", "see you next week"),
        ("my brother and my sister", "my brother and my sister live in rome"),
    ],
)
def test_of_two_that_lack_nothing_the_one_more_surely_at_its_end_scores_more(less: str, more: str) -> None:
    assert completeness(less) + 0.01 < completeness(more)


@pytest.mark.parametrize(
    ("language", "text", "closed"),
    [
        ("es", "pon un poco de música", "pon un poco de música por favor"),
        ("fr", "allume la lumière du salon", "allume la lumière du salon s'il te plaît"),
        ("de", "mach das licht an", "mach das licht an bitte"),
        ("it", "accendi la luce in cucina", "accendi la luce in cucina per favore"),
        ("pt", "liga a luz da cozinha", "liga a luz da cozinha por favor"),
    ],
)
def test_a_plea_closes_a_turn_in_other_languages_too(language: str, text: str, closed: str) -> None:
    assert completeness(text, language) < completeness(closed, language)


@pytest.mark.parametrize(
    ("open_text", "closed_text"),
    [
        ("i like tea,", "i like tea."),
        ("i like tea...", "i like tea"),
        ("you and", "you and me"),
    ],
)
def test_what_is_written_behind_the_words_counts(open_text: str, closed_text: str) -> None:
    assert completeness(open_text) < completeness(closed_text)


def test_no_words_are_not_complete_and_the_score_stays_in_its_range() -> None:
    assert completeness("") == 0.0
    assert completeness(" ... ") == 0.0
    assert all(0.0 <= completeness(text + end) <= 1.0 for text in COMPLETE["en"] for end in ("", ".", ","))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "uh-huh"),
        ("en", "Mm-hmm."),
        ("en", "yeah yeah, okay"),
        ("en", "Mmmm"),
        ("en", "I see."),
        ("en", "Oh really?"),
        ("es", "ajá, claro"),
        ("fr", "ah bon"),
        ("de", "ach so, ja"),
        ("it", "va bene"),
        ("pt", "pois é"),
        ("zh", "嗯嗯，好的"),
        ("ja", "うん、なるほど"),
        ("hi", "अच्छा, ठीक है"),
        ("xx", "mm"),
    ],
)
def test_nods_are_backchannels(language: str, text: str) -> None:
    assert is_backchannel(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "stop"),
        ("en", "wait a moment"),
        ("en", "yeah but no"),
        ("en", "no"),
        ("en", ""),
        ("en", "..."),
        ("en", "I see a cat"),
        ("es", "para"),
        ("de", "ja aber"),
        ("zh", "好的但是"),
        ("ja", "はい待って"),
        ("hi", "रुको"),
    ],
)
def test_words_that_want_the_floor_are_not(language: str, text: str) -> None:
    assert not is_backchannel(text, language)


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("hello", 1), ("well, - I don't know!", 4), ("今天天气很好", 3), ("नमस्ते आप कैसे हैं", 4)]
)
def test_words_are_counted(text: str, count: int) -> None:
    assert word_count(text) == count
