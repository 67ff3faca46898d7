"""The companion in English: it answers what a script can truly answer, and otherwise listens and gives back.

Rules are tried in order, the first that fits answers. Replies open with a short clause, so that speech can begin early.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from syrinx.engines.llm.companion_script.numbers import counted, summed
from syrinx.engines.llm.companion_script.reflection import given_back
from syrinx.engines.llm.companion_script.repertoire import ALPHABET, JOKES, STORIES, VERSES
from syrinx.engines.llm.companion_script.talk import Talk

Rule = Callable[[re.Match[str], Talk], str | None]
"""None lets the next rule try."""

NOTICE: Final = (
    "One thing, so that you know: no language model is set up here yet, so I am only a small script. "
    "Ask me how to add one, whenever you like."
)
HOW_TO: Final = (
    "Gladly, it takes a few minutes. There is no language model configured here at the moment, and there are several "
    "ways to add one. Get a small one in the System view, or with the command syrinx models pull qwen2.5-0.5b: it "
    "answers as soon as it is here, and your words stay on this machine. Or run Ollama on this machine and fetch a "
    "model with it: your words stay here, too. Or set OPENROUTER_API_KEY, or OPENAI_API_KEY, and start Syrinx again: "
    "then your words go to that service. Or enter the address and the model of any other server in the settings."
)
CRISIS: Final = (
    "I am glad that you said it, and please do not stay alone with it. I am only a script and cannot help as you "
    "need it now. Call someone whom you trust, a crisis line, or the emergency number where you are. If you want "
    "to speak while you wait, I am listening."
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LONGEST_ECHO = 300


def reply(talk: Talk) -> str:
    said = _answer(talk)
    if talk.is_first and said != CRISIS and "language model" not in said:
        return f"{said} {NOTICE}"
    return said


def _answer(talk: Talk) -> str:
    for pattern, rule in _RULES:
        found = pattern.search(talk.words)
        if found is not None and (said := rule(found, talk)):
            return said
    return _listen(talk)


def _listen(talk: Talk) -> str:
    words = talk.words.removesuffix("?").strip()
    if 3 <= len(words.split()) <= 8:
        heard = given_back(words)
        opening = talk.pick((f"I see, {heard}.", f"So, {heard}.", f"{heard.capitalize()}, you say."))
        return f"{opening} {talk.pick(_INVITATIONS)}"
    return f"{talk.pick(('I see.', 'Mm, I hear you.', 'Go on.', 'I am listening.'))} {talk.pick(_INVITATIONS)}"


_INVITATIONS = (
    "Tell me more about that.",
    "What does that mean to you?",
    "How did that come about?",
    "And what is the most important part of it?",
    "What would you like to happen next?",
)


def _part_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "morning"
    if 12 <= hour < 18:
        return "afternoon"
    return "evening" if 18 <= hour < 22 else "night"


def _time(_: re.Match[str], talk: Talk) -> str:
    part = _part_of_day(talk.now.hour)
    when = "at night" if part == "night" else f"in the {part}"
    clock = f"{(talk.now.hour - 1) % 12 + 1}:{talk.now.minute:02}"
    return f"By the clock of this machine, it is {clock} {when}."


def _date(_: re.Match[str], talk: Talk) -> str:
    day = talk.now.day
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"Today is {_DAYS[talk.now.weekday()]}, the {day}{ending} of {_MONTHS[talk.now.month - 1]} {talk.now.year}."


def _repeat(_: re.Match[str], talk: Talk) -> str:
    if talk.is_first:
        return "I have not said anything yet. But I am here, and I hear you."
    return f"I said: {talk.earlier[-1].removeprefix('I said: ')}"


def _echo(found: re.Match[str], talk: Talk) -> str | None:
    wanted = re.search(rf"{re.escape(found['verb'])}\W+(.+)", talk.said, re.IGNORECASE)
    return wanted.group(1)[:1].upper() + wanted.group(1)[1:_LONGEST_ECHO] if wanted else None


def _who(_: re.Match[str], talk: Talk) -> str:
    return (
        f"I am {talk.name}, for now only a script and no person. I know the time and a few stories, and I can listen. "
        "A language model would make better conversation: ask me how to add one."
    )


def _abilities(_: re.Match[str], __: Talk) -> str:
    return (
        "A few small things, honestly. I can tell you the time and the date, count, spell a word, do small sums, "
        "tell a story, a verse or a joke, and say again what I said. You can interrupt me at any moment, just by "
        "speaking. Beyond that I only listen, for I am a script: ask me how to add a language model, and we can "
        "really talk."
    )


def _spell(found: re.Match[str], _: Talk) -> str | None:
    word = found["word"]
    return f"{word.capitalize()} is spelled {', '.join(word.upper())}." if word.isalpha() else None


def _hearing(_: re.Match[str], talk: Talk) -> str:
    return f"Yes, I hear you. What reached me was: {talk.said}" + ("" if talk.said[-1:] in ".?!" else ".")


def _greet(_: re.Match[str], talk: Talk) -> str:
    part = _part_of_day(talk.now.hour)
    hello = "Hello" if part == "night" else f"Good {part}"
    again = "it is good to hear you." if talk.is_first else "it is good to hear you again."
    asked = talk.pick(("What is on your mind?", "How is your day going?", "What shall we talk about?"))
    return f"{hello}, {again} {asked}"


def _feeling(found: re.Match[str], talk: Talk) -> str:
    state = given_back(found["state"])
    verb = "feel" if found["be"] == "feel" else "are"
    return talk.pick(
        (
            f"I hear you, you {verb} {state}. What has brought that on?",
            f"Thank you for telling me that you {verb} {state}. When did it begin?",
            f"So you {verb} {state}. What would you want someone to know about it?",
        )
    )


def _wish(found: re.Match[str], talk: Talk) -> str:
    wish = given_back(found["wish"])
    return talk.pick(
        (
            f"I see, {wish}. What would it change for you?",
            f"Let us stay with that: {wish}. What stands in the way?",
        )
    )


def _opinion(found: re.Match[str], talk: Talk) -> str:
    view = given_back(found["view"])
    return talk.pick((f"Mm, {view}. What makes you think so?", f"That is how you see it: {view}. Was it always so?"))


def _memory(found: re.Match[str], talk: Talk) -> str:
    return f"I am listening. What comes to mind first when you think of {given_back(found['what'])}?"


def _mine(found: re.Match[str], talk: Talk) -> str:
    mine = found["mine"]
    return talk.pick((f"Ah, your {mine}. Tell me more about that.", f"Your {mine}, I see. What should I know there?"))


def _question(_: re.Match[str], talk: Talk) -> str:
    return talk.pick(
        (
            (
                "That I do not know. I am only a script, and guessing would be pretending. What do you make of it "
                "yourself?"
            ),
            "Good question, and beyond me. A language model could try to answer it, I can only listen. Why do you ask?",
            "I cannot tell you that, being a script. But I am curious: what answer would you hope for?",
        )
    )


def _of(*choices: str) -> Rule:
    return lambda _, talk: talk.pick(choices)


def _on(pattern: str, rule: Rule) -> tuple[re.Pattern[str], Rule]:
    return re.compile(pattern), rule


_RULES: Final[tuple[tuple[re.Pattern[str], Rule], ...]] = (
    # First of all, for giving these words back as any others would be cruel.
    _on(
        r"kill(?:ing)? myself|suicid|end(?:ing)? my life|(?:want|wish|going) to die|(?:hurt|harm)(?:ing)? myself"
        r"|don't want to (?:live|be alive)",
        _of(CRISIS),
    ),
    _on(
        r"^(?:well |okay |ok )?(?:good ?bye|bye|see you|good night|farewell|talk to you later)\b",
        _of(
            "Goodbye, it was good to listen to you. I am here whenever you come back.",
            "Take care. I will be here when you want to talk again.",
        ),
    ),
    _on(
        r"^(?:please )?(?:stop|be quiet|shut up|hush|quiet|silence|never ?mind|that's enough|enough|cancel)\b",
        _of(
            "All right. I will be quiet until you speak.",
        ),
    ),
    _on(
        r"\b(?:say|repeat) (?:that|it|this)\b|what did you (?:just )?say|what was that"
        r"|^(?:pardon|come again|sorry what|repeat)\b(?! after)",
        _repeat,
    ),
    _on(r"^(?:please |can you |could you )*(?P<verb>repeat after me|say after me|say) (?!the alphabet)\w", _echo),
    _on(
        r"language model|\bllm\b|ollama|open ?router|open ?a\.?i\b|api key|chat ?gpt|\bsmarter\b"
        r"|\b(?:add|set up|configure|install|connect) (?:one|a model|the model|it)\b",
        lambda _, __: HOW_TO,
    ),
    _on(
        r"who are you|what are you\b(?! doing)|your name|who (?:made|built) you"
        r"|are you (?:an? )?(?:real|human|person|robot|bot|ai|machine|computer|alive|program|script)\b",
        _who,
    ),
    _on(
        r"what (?:else )?can you|what do you do|^(?:please )?help\b|can you help|how does this work"
        r"|what (?:can|should) i (?:say|ask)",
        _abilities,
    ),
    _on(r"what(?:'s| is)? (?:the )?time|\btime is it|tell me the time|what(?:'s| is) the hour", _time),
    _on(
        r"what(?:'s| is)? (?:the |today's )?(?:date|day|month|year)|\bday is it|which day|what day|today's date", _date
    ),
    _on(r"\bspell (?:the word )?(?P<word>\w{1,30})|how (?:is|do you write) (?:the word )?(?P<_>\w+) spelled", _spell),
    _on(r"\bcount\b", lambda _, talk: counted(talk.words)),
    _on(r"\b(?:alphabet|abc)\b", lambda _, __: ALPHABET),
    _on(r"\bstory\b|\btale\b", _of(*STORIES)),
    _on(r"\b(?:poem|verse|recite|poetry|rhyme|sing|song)\b", _of(*VERSES)),
    _on(r"\bjoke\b|make me laugh|something funny", _of(*JOKES)),
    _on(r"^(?:what|how much|calculate|tell me)\b", lambda _, talk: summed(talk.words)),
    _on(r"can you hear me|do you hear me|are you there|is this (?:thing )?on\b|^test(?:ing)?\b", _hearing),
    _on(
        r"how are you|how(?:'s| is) it going|how do you do|how are things",
        _of(
            "Quite well, thank you, as far as a script can be. And how are you?",
            "All my lines are in order, thank you. How are you today?",
        ),
    ),
    _on(
        r"^(?:thank you|thanks|many thanks|cheers)\b",
        _of("You are welcome. Is there more on your mind?", "Gladly. I am here if there is more."),
    ),
    _on(r"^(?:hello|hallo|hi|hey|good (?:morning|afternoon|evening)|greetings|howdy)\b", _greet),
    _on(
        r"^(?:yes|yeah|yep|sure|of course|exactly|right|okay|ok|mhm)$",
        _of("Good. Tell me more, then.", "I see. And what follows from that?"),
    ),
    _on(
        r"^(?:no|nope|nah|not really|never)$",
        _of("All right, no it is. What would be nearer to it?", "I see. What is it then?"),
    ),
    _on(r"^(?:go on|continue|more|another|another one|and then|what happened next)\b", _of(*STORIES)),
    _on(
        r"^(?:i'm|i am|i feel) (?:very |quite |really )?(?:fine|good|great|well|okay|ok|all right|happy|glad)\b",
        _of("I am glad to hear that. What made it so?", "That is good to hear. What shall we talk about?"),
    ),
    _on(r"^(?:i'm |i am )?(?:so |very )?sorry\b", _of("No need to be. Go on, I am listening.")),
    _on(
        r"\bi(?:'m| am| (?P<be>feel)|'ve been| have been) (?:so |very |really |a bit |just )?(?P<state>\w.+)", _feeling
    ),
    _on(r"\b(?P<wish>i (?:want|need|would like|wish|hope|can't|cannot|must|have to) .+)", _wish),
    _on(r"\bi (?:think|believe|guess|suppose) (?:that )?(?P<view>.+)", _opinion),
    _on(r"\bi (?:remember|dreamed of|dreamt of|dream of|miss) (?P<what>.+)", _memory),
    _on(
        r"\?$|^(?:what|who|whose|where|when|why|which|how|is|are|was|were|do|does|did|can|could|would|will|should)\b"
        r"|^tell me\b",
        _question,
    ),
    _on(r"\bmy (?P<mine>(?:little |old |new |best )?\w+)", _mine),
    _on(r"^because\b", _of("That explains something. Is it the only reason?", "I see. And what lies behind that?")),
    _on(
        r"^you(?:'re| are)\b",
        _of(
            "That may be. I am only a script, and mostly a listener. How does it seem from your side?",
        ),
    ),
)
