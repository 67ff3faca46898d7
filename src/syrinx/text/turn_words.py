"""Words that tell how a turn stands, by language: those that leave it open, that answer alone, that only nod."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _endings(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split(","))


FILLERS: Final[dict[str, frozenset[str]]] = {
    "en": _words("um uh er erm uhm ehm eh hmm ah"),
    "es": _words("eh em este pues mmm bueno"),
    "fr": _words("euh heu ben bah mmm"),
    "de": _words("äh ähm öh hm also tja"),
    "it": _words("ehm eh mmm cioè allora"),
    "pt": _words("é ahn hum tipo então eh"),
    "hi": _words("मतलब उम्म अं"),
}

OPEN_WORDS: Final[dict[str, frozenset[str]]] = {
    "en": _words(
        "a an the my your his our their its and or but so because if when while that which who whose whom "
        "although though unless until since whether as than of to for with at by from into onto about between "
        "among through during without within against toward towards upon like is are was were am be been being "
        "has had will would should could can may might must shall does did do i he she we they i'm he's she's "
        "we're they're you're it's that's there's i'll you'll he'll she'll we'll they'll i'd you'd he'd she'd "
        "we'd they'd i've you've we've they've there's what's where's who's let's gonna wanna gotta very every "
        "each another some any these those this such quite rather in on until not isn't aren't wasn't weren't "
        "don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't and/or plus except "
        "including called named especially probably basically just only even both either neither maybe also"
    ),
    "es": _words(
        "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra y e o u pero porque si cuando que "
        "aunque mientras como de a en con por para sin sobre entre hasta desde hacia según del al es son está "
        "están era fue ser estar ha han he hay muy más yo se me te le lo nos quiero necesito tengo quisiera voy "
        "este cada otro otra ni"
    ),
    "fr": _words(
        "le la les l un une des du de d mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs et ou "
        "mais donc car parce que qu si quand lorsque comme à au aux en dans sur sous avec sans pour par chez vers "
        "entre est sont était suis es ai as ont a je j tu il elle on nous ils elles me te se ne très plus ce "
        "cette ces qui dont c'est j'ai chaque veux voudrais"
    ),
    "de": _words(
        "der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner dein deine sein "
        "seine ihr ihre unser unsere und oder aber weil dass wenn ob als obwohl damit denn sondern in im an am "
        "auf aus bei mit nach von vom zu zum zur für über unter durch gegen ohne um wegen ist sind war bin hat "
        "habe haben wird werden ich er wir man sehr ganz jeder jede jedes kein keine diese dieser dieses welche "
        "wie möchte will kann muss"
    ),
    "it": _words(
        "il lo la i gli le l un uno una mio mia miei tuo tua suo sua nostro e ed o ma perché se quando che mentre "
        "come di a da in con su per tra fra del dello della dei delle al allo alla ai alle dal dalla nel nella "
        "sul sulla è sono era ho hai ha hanno io mi ti si molto più ogni questo questa quindi voglio vorrei devo "
        "né"
    ),
    "pt": _words(
        "o a os as um uma uns umas meu minha meus minhas seu sua seus suas e ou mas porque se quando que embora "
        "como de do da dos das em no na nos nas com por para sem sobre entre até desde ao à é são está estou era "
        "foi tem tenho eu me te se muito mais cada outro outra este esta esse essa quero preciso vou nem pelo "
        "pela"
    ),
    "hi": _words(
        "का के की को में से पर और या कि लेकिन अगर मैं हम वह यह वो ये मेरा मेरी मेरे आपका आपकी आपके उसका उसकी उसके "
        "ने तो जो जब क्योंकि बहुत एक लिए तक इसलिए मगर मुझे अपना अपनी अपने कोई"
    ),
}
"""Articles, possessives, conjunctions, prepositions, auxiliaries, subjects: words that a sentence hardly ends with."""

OPEN_ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "zh": _endings(
        "的 和 跟 与 或 或者 但 但是 因为 所以 如果 虽然 我 我们 你们 他 她 在 是 把 被 给 很 非常 还有 然后 那个 "
        "这个 就是 对于 关于 从 向 比 想 要 一个 嗯 呃 可以"
    ),
    "ja": _endings(
        "は が を に で と の も へ から けど けれど ので のに し て って とか や そして でも だから もし あの "
        "その えっと えーと まあ なんか たら れば ながら という"
    ),
}
"""What a text without spaces ends with if it goes on: particles, conjunctions, subjects, fillers."""

CLOSED_ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "zh": _endings(
        "吗 呢 吧 了 啊 呀 好的 谢谢 你好 再见 是的 不是 对 什么 哪里 谁 多少 我爱你 怎么样 我也是 告诉我 帮我 "
        "想要 需要"
    ),
    "ja": _endings(
        "です ます でした ました ません ですか ますか か だ よ ね な ください ない たい した った んだ はい "
        "いいえ ありがとう だよね でしょう さようなら こんにちは お願い 待って やめて 教えて 見て 来て いいから "
        "大丈夫"
    ),
}

SHORT_ANSWERS: Final[dict[str, frozenset[str]]] = {
    "en": _phrases(
        "yes, no, yeah, yep, yup, nope, nah, ok, okay, sure, right, fine, good, great, thanks, hello, hi, hey, "
        "bye, goodbye, stop, wait, please, sorry, maybe, exactly, absolutely, definitely, never, always, nothing, "
        "cool, correct, true, false, why, what, who, where, when, how, really, perfect, welcome, cheers, help, "
        "next, repeat, continue, done, i do, i don't, i am, i'm not, i can't, i can, i did, i didn't, i will, "
        "i won't, i have, i was, it is, it isn't, it does, they are, they do, we are, we do, so do i, so am i, "
        "me too, not yet, not really, of course, go on, hold on, hang on, come on, come in, i guess so, "
        "i think so, i hope so, if you like, and you, why not, i see, that's it, that is it, "
        "there it is, here it is, no it isn't, what is it, who is it, how so, is it, isn't it, don't, i know, "
        "if so, or not, i wouldn't, i haven't, i would, i should, i could, as well"
    ),
    "es": _phrases(
        "sí, si, no, vale, claro, gracias, hola, adiós, bueno, ok, perfecto, exacto, nada, nunca, por favor, qué, "
        "por qué, cómo, quién, dónde, cuándo, yo también, yo no, así es, ya está, lo es, no lo sé, de nada, "
        "tal vez, y tú, estoy bien"
    ),
    "fr": _phrases(
        "oui, non, merci, bonjour, salut, d'accord, ok, bien sûr, voilà, jamais, rien, peut-être, exactement, si, "
        "pourquoi, quoi, qui, où, comment, moi aussi, moi non plus, et toi, et vous, ça va, s'il te plaît, "
        "c'est ça, je suis, comme ça"
    ),
    "de": _phrases(
        "ja, nein, danke, hallo, tschüss, genau, klar, gut, okay, ok, bitte, vielleicht, nie, nichts, warum, was, "
        "wer, wo, wann, wie, ich auch, ich nicht, und du, und dir, doch, na gut, das ist es, bis dann, "
        "ich bin da, ich weiß, ich will"
    ),
    "it": _phrases(
        "sì, si, no, grazie, ciao, certo, va bene, ok, prego, forse, mai, niente, esatto, perché, che, chi, dove, "
        "quando, come, anch'io, anche io, e tu, lo so, così così, non lo so, perché no, a dopo, ce l'ho"
    ),
    "pt": _phrases(
        "sim, não, obrigado, obrigada, olá, oi, tchau, claro, ok, certo, talvez, nunca, nada, por quê, o quê, "
        "o que, quem, onde, quando, como, eu também, e você, por favor, tudo bem, tá bom, já está, eu sei, isso é"
    ),
    "zh": _phrases(
        "是, 不, 好, 好的, 对, 不是, 没有, 你好, 谢谢, 再见, 可以, 不要, 当然, 是的, 没问题, 我知道, 为什么, "
        "什么, 我也是, 想, 要, 不可以"
    ),
    "ja": _phrases(
        "はい, いいえ, うん, ううん, ええ, そう, いや, どうも, ありがとう, こんにちは, もちろん, なぜ, どうして, "
        "何, だめ, もしもし, 私も, さあ"
    ),
    "hi": _phrases(
        "हाँ, हां, नहीं, जी, जी हाँ, ठीक, ठीक है, अच्छा, नमस्ते, धन्यवाद, शुक्रिया, क्यों, क्या, कौन, कहाँ, कब, कैसे, कभी नहीं, मैं भी, आप"
    ),
}
"""Whole utterances that are complete however short: answers, greetings, commands, one-word questions."""

CLOSERS: Final[dict[str, frozenset[str]]] = {
    "es": _phrases("por favor, gracias, muchas gracias, mañana, hoy, ahora mismo, esta noche"),
    "fr": _phrases("s'il te plaît, s'il vous plaît, merci, merci beaucoup, demain, aujourd'hui, ce soir, maintenant"),
    "de": _phrases("bitte, danke, vielen dank, danke schön, heute, heute abend, morgen früh, jetzt"),
    "it": _phrases("per favore, per piacere, grazie, grazie mille, domani, oggi, stasera, adesso"),
    "pt": _phrases("por favor, obrigado, obrigada, muito obrigado, amanhã, hoje, agora mesmo, esta noite"),
    "hi": _phrases("धन्यवाद, शुक्रिया, प्लीज़, प्लीज"),
}
"""What a sentence that has all it needs likes to end with: thanks, a plea, a time."""

BACKCHANNELS: Final[dict[str, frozenset[str]]] = {
    "en": _phrases(
        "uh huh, mm hmm, mhm, mm, m, hm, hmm, mmhmm, uhhuh, uh, um, ah, oh, aha, ha, wow, yeah, yes, yep, yup, "
        "ok, okay, right, sure, i see, got it, cool, nice, great, good, really, oh really, true, exactly, "
        "of course, go on, i know, alright, all right, haha, huh, fine, oh yeah, no way, makes sense, "
        "that's right"
    ),
    "es": _phrases(
        "ajá, aja, mm, mhm, hm, sí, si, ya, vale, claro, ok, bueno, ah, oh, entiendo, ya veo, exacto, bien, "
        "de acuerdo, ah sí, eh"
    ),
    "fr": _phrases(
        "mm, mhm, hm, oui, ouais, d'accord, ok, ah, oh, ah bon, je vois, voilà, bien sûr, exactement, c'est ça, "
        "super, hein, euh"
    ),
    "de": _phrases(
        "mm, mhm, hm, aha, ja, ach so, achso, ach ja, genau, okay, ok, klar, stimmt, gut, verstehe, ah, oh, echt, "
        "na ja, naja, schön, ach"
    ),
    "it": _phrases(
        "mm, mhm, hm, sì, si, ok, va bene, certo, ah, oh, capisco, esatto, giusto, già, bene, ho capito, davvero, eh"
    ),
    "pt": _phrases(
        "mm, mhm, hm, aham, uhum, sim, tá, ok, certo, claro, ah, oh, entendi, entendo, isso, é, pois é, tá bom, "
        "sei, legal, beleza"
    ),
    "zh": _phrases(
        "嗯, 哦, 噢, 啊, 对, 是, 是的, 好, 好的, 行, 明白, 知道, 知道了, 没错, 真的, 原来如此, 对对, 呃, 哈"
    ),
    "ja": _phrases(
        "うん, ええ, はい, へえ, へー, ほう, そう, そうですね, そうですか, なるほど, そっか, あー, ああ, おお, "
        "ふーん, うーん, まあ, たしかに, ほんと, マジ, ん"
    ),
    "hi": _phrases("हाँ, हां, हम्म, हम्, जी, जी हाँ, अच्छा, ठीक, ठीक है, सही, ओह, अरे, वाह, बिल्कुल, समझ गया, समझ गई, ओके, सच"),
}
"""What a listener says without wanting the floor; any string of these is still one (`yeah yeah okay`)."""
