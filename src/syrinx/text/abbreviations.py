"""Words whose full stop may not end a sentence, and words that begin one, by language.

Each list answers one question about a word before `". "`:

* NEVER: the sentence goes on, whatever follows (`Dr. Smith`, `z. B. heute`);
* BEFORE_DIGIT: it goes on if a digit follows (`No. 5`), else it ends (`No. I do not.`);
* BEFORE_CAPITAL: it ends if a capitalised word follows that names no day, month or time zone (`3 p.m. Tomorrow`);
* any other abbreviation and any single letter: it ends only if the next word is one that begins sentences (STARTERS).
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER_ANYWHERE: Final = _words("dr prof vs cf e.g i.e ph.d viz resp ca approx")

NEVER: Final[dict[str, frozenset[str]]] = {
    "en": _words("mr mrs ms mx messrs gen col sgt capt lt cmdr adm maj rev hon pres gov sen rep supt mt eg ie"),
    "es": _words("sr sra srta sres dra prof profa lic ing arq ej p.ej gral cap mons fdo vda avda av dpto d dña"),
    "fr": _words("m mm mme mmes mlle mlles mgr me pr p.ex env st c.-à-d c.à.d av bd"),
    "de": _words(
        "hr hrn fr frl z.b d.h u.a z.t u.u i.d.r v.a s.o s.u bzw ggf evtl inkl exkl zzgl ca bspw sog vgl dipl ing "
        "hl abs nr tel str geb verh gest usf zb dh"
    ),
    "it": _words("sig sigg sig.ra sig.na dott dott.ssa ing avv prof prof.ssa arch geom rag on sen gen mons p.es es v"),
    "pt": _words("sr sra srta dra exmo exma profa eng arq p.ex av gal cel cap ilmo ilma"),
}

BEFORE_DIGIT: Final[dict[str, frozenset[str]]] = {
    "en": _words("no nos p pp fig figs vol vols ch chap sec art eq nr ver v op"),
    "es": _words("no núm nº n.º pág págs p pp fig vol cap art tel"),
    "fr": _words("no nº p pp fig vol chap art tél tel env"),
    "de": _words("s abb bd kap art tab aufl"),
    "it": _words("n num p pag pagg fig vol cap art tel"),
    "pt": _words("n nº núm p pág págs fig vol cap art tel"),
}

BEFORE_CAPITAL: Final[dict[str, frozenset[str]]] = {
    "en": _words("a.m p.m am pm etc et.al al"),
    "es": _words("a.m p.m etc"),
    "fr": _words("etc"),
    "de": _words("usw etc u.v.m"),
    "it": _words("ecc etc"),
    "pt": _words("etc a.m p.m"),
}

SOMETIMES: Final[dict[str, frozenset[str]]] = {
    "en": _words(
        "inc ltd co corp llc bros jr sr esq ave blvd rd st ft dept univ assn est jan feb apr jun jul aug sep sept "
        "oct nov dec tue tues thu thur thurs fri eds"
    ),
    "es": _words("ud uds vd vds ee uu cía ene feb abr jun jul ago sept oct nov dic s.a"),
    "fr": _words("ex cie ste janv févr avr juil sept oct nov déc ltd s.a"),
    "de": _words("jan feb mär apr jun jul aug sep sept okt nov dez jh jhd gmbh st std min mio mrd"),
    "it": _words("feb apr giu lug ago ott nov dic s.p.a s.r.l"),
    "pt": _words("ex cia ltda jan fev abr jun jul ago out nov dez s.a"),
}

STARTERS: Final[dict[str, frozenset[str]]] = {
    "en": _words(
        "the a an this that these those it its he she they we you i his her their our my your there here then but "
        "and so or if when while where what who why how which after before although because since in on at for "
        "from to with however moreover meanwhile next finally first also as once every each some many most no not "
        "yes let is are was were do does did can could will would should have has had let's it's i'm he's she's "
        "they're we're that's there's don't today tomorrow yesterday maybe perhaps please now just still"
    ),
    "es": _words(
        "el la los las un una unos unas este esta esto ese esa eso yo tú él ella nosotros ellos ellas usted "
        "ustedes y pero o si cuando donde qué quién cómo por para en de con sin no sí también luego entonces "
        "después antes hoy mañana ayer ahora además sin hay es son fue su sus mi mis tu tus nos me te se le lo"
    ),
    "fr": _words(
        "le la les l un une des ce cet cette ces je tu il elle on nous vous ils elles mais et ou si quand où que "
        "qui comment pourquoi pour dans en avec sans puis ensuite alors donc après avant aujourd'hui demain hier "
        "maintenant oui non son sa ses mon ma mes leur c'est j'ai il d'abord enfin"
    ),
    "de": _words(
        "der die das ein eine einen einem einer dieser diese dieses ich du er sie es wir ihr und aber oder wenn "
        "als weil da dann danach dort hier heute morgen gestern jetzt nun was wer wie wo warum wann mit ohne für "
        "in im am an auf bei nach vor zum zur mein meine sein seine ihre unser ja nein nicht auch doch so man "
        "bitte vielleicht"
    ),
    "it": _words(
        "il lo la i gli le l un uno una questo questa questi quello quella io tu lui lei noi voi loro ma e o se "
        "quando dove che chi come perché per in di con senza poi quindi dopo prima oggi domani ieri adesso ora sì "
        "no non anche suo sua mio mia è sono c'è"
    ),
    "pt": _words(
        "o a os as um uma este esta isto esse essa isso eu tu ele ela nós eles elas você vocês e mas ou se quando "
        "onde que quem como por para em no na de com sem depois antes então hoje amanhã ontem agora sim não "
        "também seu sua meu minha é são há"
    ),
}

NO_SENTENCE_AFTER_TIME: Final = _words(
    "est edt cst cdt mst mdt pst pdt gmt utc bst cet monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december"
)

NONE: Final[frozenset[str]] = frozenset()


def never_ends(language: str) -> frozenset[str]:
    """Words of `language` whose full stop never ends a sentence, without that full stop, in lower case."""
    return _NEVER_ANYWHERE | NEVER.get(language, NONE)
