"""English words and phrases by what they leave to be said behind them: what a turn is judged by."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split(","))


# Function words.
SUBJECTS: Final = _words("i you he she it we they there that this")
NOMINATIVES: Final = _words("i he she we they you it")
CONTRACTED_SUBJECTS: Final = _words(
    "i'm i'll i'd i've you're you'll you'd you've he's he'll he'd she's she'll she'd it's it'll it'd we're we'll we'd "
    "we've they're they'll they'd they've that's that'll there's there'll let's"
)
OBJECTS: Final = _words("me him her us them you it")
BE: Final = _words("is are was were am")
DO: Final = _words("do does did")
AUXILIARIES: Final = BE | DO | _words("can could will would should shall have has had may might must")
NEGATED: Final = _words(
    "isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't"
)
DETERMINERS: Final = _words("a an the my your his her our their its some any no every this these those another")
POSSESSIVES: Final = _words("my your his our their its")
CONJUNCTIONS: Final = _words("and but or so because")
SUBORDINATORS: Final = _words("if when while although though unless since once whenever until after before as")
LONGER_SUBORDINATORS: Final = _phrases("as soon as, as long as, even if, even though, every time, the first time")
QUESTION_WORDS: Final = _words("what where who whom which whose why how when what's where's who's how's when's why's")
FRONTS_OBJECT: Final = _words("what who whom which whose what's who's")
ANSWERING: Final = _words("yes no yeah yep nope sure oh okay ok well and but so please")
STRANDED: Final = _words("to for with about from at of in on by like into through over")
STRANDING: Final = _words("what who where which whose what's who's where's")
OBJECT_IN_FRONT: Final = _words("think know say do mean want like feel need")
OPEN_PREPOSITIONS: Final = _words("after near behind beside beneath towards across along despite")
BEFORE_AFTER: Final = _words("day week month year ever look looked soon")
SLUICED: Final = _words("why where who when")

# Verbs and adjectives by what they still want behind them.
WANTING_OBJECT: Final = _words(
    "want wants wanted need needs needed bring brings brought give gives gave put puts get gets got make makes made "
    "take takes took buy buys bought send sends sent find finds found use uses tell tells told show shows showed let "
    "say says said think thought mean means meant guess suppose enjoy enjoys include includes contain contains become "
    "became becomes seem seems seemed sounds looks feels felt cost costs depends consists tends hope believe believed "
    "wish prefer recommend suggest invite bought trying going planning wondering looking talking thinking supposed "
    "able used have having went getting making taking buying bringing finding telling saying wearing explain describe"
)
GIVING: Final = _words(
    "tell tells told telling give gives gave giving show shows showed showing bring brings brought send sends sent "
    "remind reminds reminded let lets teach taught lend lent buy bought get got make makes made asked offered promised "
    "wish want wants wanted"
)
INFINITIVE_WANTING_OBJECT: Final = _words("order book visit discuss mention add set change reserve borrow cook watch")
TAKING_THAT: Final = _words(
    "say says said saying think thinks thought thinking believe believed hope hoped mean means meant feel felt sure "
    "glad happy afraid sorry is was so now given except such told promised noticed realised realized suppose guess "
    "wish understand decided agreed heard"
)
KNOWING: Final = _words("know remember understand think believe like want need see mean")
HEDGES: Final = _words("really quite exactly actually honestly even just")
LIKING: Final = _words("want like love rather hope")
ADVERBS: Final = _words("always never often also just still already sometimes almost nearly hardly")
DEGREES: Final = _words("very so too quite really pretty more less much extremely")
ATTRIBUTIVES: Final = _words(
    "good bad big small little large old new young nice great long short other different favourite favorite best next "
    "whole main real only own certain special beautiful wonderful lovely terrible huge tiny red blue green black white "
    "brown yellow cold hot warm strange funny interesting important difficult easy quick second third double single "
    "friendly fresh cheap expensive"
)
NUMBERS: Final = _words(
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred thousand"
)
BEFORE_COUNT: Final = _words("for about another with of and have has had bought need want last next around over")
PARTICLES: Final = _words("in on")
BEFORE_PARTICLE: Final = _words("it them that this me him her us come go hang hold log move turned switched carry")
IMPERATIVES: Final = _words(
    "play stop set tell call remind turn open close show send read sing give start pause skip wake help let add find "
    "make take put bring please ask write wait look listen repeat explain switch go come try book order search check"
)

# Whole phrases.
OPENERS: Final = _phrases(
    "in my opinion, in my view, for example, for instance, first of all, on the other hand, on the one hand, by the "
    "way, in other words, to be honest, to be fair, as far as i know, in fact, in general, as a result, at first, "
    "after that, after all, in addition, above all, in that case, in this case, believe it or not, as you know, as i "
    "said, as usual, well, so, anyway, actually, honestly, basically, now, listen, look, then, also, i mean, you know, "
    "let me see, let's see, let me think, what i mean is, the thing is, at the same time, in the meantime"
)
TRAILING_OPENERS: Final = _phrases("for example, for instance, i mean, you know, first of all, on the other hand")
CLOSERS: Final = _phrases(
    "please, thank you, thanks, thank you very much, thanks a lot, very much, right now, if you like"
)
TIMES: Final = _words(
    "today tomorrow tonight yesterday now morning afternoon evening night weekend week month year years months weeks "
    "days hours minutes seconds o'clock pm am ago again soon later yet monday tuesday wednesday thursday friday "
    "saturday sunday"
)
TIME_PHRASE: Final = (
    TIMES | NUMBERS | _words("in on at the next last this every one a few by until of and for late early")
)
ENDS_WELL: Final = _words(
    "anywhere somewhere everywhere there here home together anymore either too instead already enough though "
    "everything everyone anything alone away outside myself yourself"
)
CLOSING_TAGS: Final = _phrases(
    "and you, or not, me too, as well, and so on, or something, isn't it, aren't you, don't you"
)
HEDGED_ANSWERS: Final = _words("maybe perhaps probably possibly")
DENIALS: Final = _words("hope guess probably maybe course afraid certainly absolutely definitely better why or think")
BEFORE_SO: Final = _words("think hope guess suppose say said told believe afraid")
PASTS: Final = _words("was were went had did came saw got lost met found took left told said")
