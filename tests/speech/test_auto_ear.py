"""Several ears as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from syrinx.audio import PcmChunk, silence
from syrinx.engines.stt.contract import DETECT, SpeechToText, Transcript, TranscriptionRequest
from syrinx.errors import BadInput, EngineBusy, EngineUnavailable, SyrinxError, UnknownEngine, UnknownLanguage
from syrinx.speech import AutoEar
from syrinx.testing.audio import sine
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.stt_conformance import SttConformance, Utterance, frames_of, listen

SAID = silence(duration_ms=400, sample_rate_hz=16_000)
LOUD, SOFT = (sine(200, duration_ms=900, sample_rate_hz=16_000, amplitude=by) for by in (0.8, 0.2))


class Ears:
    """Opened by name; counts what is leased, and fails where it is told to."""

    def __init__(self, **engines: ScriptedStt) -> None:
        self.engines = engines
        self.order: tuple[str, ...] = tuple(engines)
        self.fails: dict[str, SyrinxError] = {}
        self.leased: list[str] = []
        self.open = 0
        self.asked: list[str] = []

    def choose(self, language: str) -> Sequence[str]:
        self.asked.append(language)
        return self.order

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[SpeechToText, None]:
        if name in self.fails:
            raise self.fails[name]
        self.leased.append(name)
        self.open += 1
        try:
            yield self.engines[name]
        finally:
            self.open -= 1

    def ear(self) -> AutoEar:
        capabilities = next(iter(self.engines.values())).capabilities
        return AutoEar(choose=self.choose, lease=self.lease, capabilities=capabilities)

    async def hear(self, request: TranscriptionRequest | None = None) -> Transcript:
        final = (await listen(self.ear(), frames_of(SAID), request))[-1]
        assert self.open == 0
        return final


def saying(text: str, **more: str) -> ScriptedStt:
    return ScriptedStt((SttScript(text=text, **more),))  # pyright: ignore[reportArgumentType]


class TestAutoEar(SttConformance):
    @pytest.fixture
    async def stt(self) -> SpeechToText:
        def by_loudness(first: PcmChunk) -> SttScript:
            peak = int(abs(first.samples()).max())
            if not peak:
                return SttScript()
            return SttScript(text="a loud tone" if peak > 12_000 else "a soft tone", partials=((300, "a"),))

        return Ears(only=ScriptedStt(by_loudness)).ear()

    @pytest.fixture
    def utterances(self) -> tuple[Utterance, ...]:
        return (Utterance(audio=LOUD, word="loud"), Utterance(audio=SOFT, word="soft"))


async def test_the_first_that_is_chosen_hears_and_says_so() -> None:
    ears = Ears(keen=saying("clear"), dull=saying("murky"))
    final = await ears.hear(TranscriptionRequest(language="en-GB"))
    assert (final.text, final.engine) == ("clear", "keen")
    assert ears.asked == ["en-GB"]


async def test_the_choice_is_made_anew_for_every_utterance() -> None:
    ears = Ears(old=saying("murky"), new=saying("clear"))
    assert (await ears.hear()).engine == "old"
    ears.order = ("new", "old")
    assert (await ears.hear()).engine == "new"


async def test_one_that_cannot_be_opened_is_passed_over() -> None:
    ears = Ears(broken=saying(""), works=saying("yes"))
    ears.fails["broken"] = EngineUnavailable("its files are gone")
    assert (await ears.hear()).engine == "works"


async def test_where_none_can_be_opened_the_last_reason_is_told() -> None:
    ears = Ears(broken=saying(""))
    ears.fails["broken"] = EngineUnavailable("its files are gone")
    with pytest.raises(EngineUnavailable, match="its files are gone"):
        await ears.hear()
    ears.order = ()
    with pytest.raises(EngineUnavailable, match="syrinx doctor"):
        await ears.hear()


async def test_one_that_was_removed_since_it_was_chosen_is_passed_over() -> None:
    ears = Ears(gone=saying(""), works=saying("yes"))
    ears.fails["gone"] = UnknownEngine("there is no stt engine named 'gone'")
    assert (await ears.hear()).engine == "works"


async def test_who_cannot_what_is_asked_for_is_passed_over_while_another_can() -> None:
    english = saying("only English")
    able = ScriptedStt((SttScript(text="good day"),), languages=("en", "de"), detects_language=True, translates=True)
    ears = Ears(english=english, able=able)
    assert (await ears.hear(TranscriptionRequest(language=DETECT))).engine == "able"
    assert (await ears.hear(TranscriptionRequest(task="translate"))).engine == "able"
    assert (await ears.hear()).engine == "english"
    ears.fails["able"] = EngineUnavailable("its files are gone")
    with pytest.raises(BadInput, match="english does not translate"):
        await ears.hear(TranscriptionRequest(task="translate"))
    assert ears.open == 0


async def test_a_busy_one_is_not_passed_over() -> None:
    ears = Ears(busy=saying(""), idle=saying("yes"))
    ears.fails["busy"] = EngineBusy("all places are taken", retry_after_s=1.0)
    with pytest.raises(EngineBusy):
        await ears.hear()


async def test_what_one_learnt_of_a_speaker_is_never_handed_to_another() -> None:
    first, second = saying("a", adaptation="first's own"), saying("b", adaptation="second's own")
    ears = Ears(first=first, second=second)
    learnt = (await ears.hear()).adaptation
    await ears.hear(TranscriptionRequest(adaptation=learnt))
    ears.order = ("second",)
    await ears.hear(TranscriptionRequest(adaptation=learnt))
    assert [request.adaptation for request in first.requests] == [None, "first's own"]
    assert [request.adaptation for request in second.requests] == [None]


async def test_what_the_chosen_one_cannot_is_refused_by_name() -> None:
    ears = Ears(plain=saying("yes"))
    with pytest.raises(UnknownLanguage, match=r"plain .*name it"):
        await ears.hear(TranscriptionRequest(language=DETECT))
    with pytest.raises(BadInput, match=r"plain does not translate"):
        await ears.hear(TranscriptionRequest(task="translate"))
    assert not ears.engines["plain"].requests
