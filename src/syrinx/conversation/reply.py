"""A reply as it is made: the language model's deltas become segments by speaker, the segments become sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from syrinx.conversation.characters import Cast, Character
from syrinx.conversation.settings import MAX_REPLY_CHARS, FallbackVoice
from syrinx.conversation.voice_context import VoiceContext
from syrinx.conversation.written_words import WrittenWords
from syrinx.engines.llm.contract import LanguageModel, ReplyRequest, TextDelta
from syrinx.engines.tts.contract import Phonemes, SpeechRequest, TextToSpeech, TtsCapabilities
from syrinx.errors import EngineEmpty
from syrinx.speech import SpokenSegment, SynthesisRules, speak_ahead
from syrinx.speech.events import SentenceWords, SynthesisEvent
from syrinx.text import Segment, SentenceSegmenter, SpeakerTagParser
from syrinx.text.pronounced_words import speakable_with_phonemes
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciations


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPlan:
    """Who answers, in which voices, and who is told while the reply is being written."""

    cast: Cast
    answering: Character
    language: str
    voice: str | None
    """For characters that name none."""
    context: VoiceContext
    on_text: Callable[[str, str], None]
    """Gets (speaker, delta) as the language model writes; joined, the deltas are the reply as shown."""
    on_segment: Callable[[], None]
    """Called as each segment is complete and before it is spoken."""
    on_cut: Callable[[int], None]
    """Called with the most characters that a reply may have, when the model would have written more."""
    rules: SynthesisRules = field(default_factory=SynthesisRules)
    pronunciations: Pronunciations = NO_PRONUNCIATIONS
    """How the person wants words to be said."""

    def voice_of(self, character: Character) -> str | None:
        return character.voice or self.voice


async def make_reply(
    request: ReplyRequest, plan: ReplyPlan, *, llm: LanguageModel, tts: TextToSpeech, fallback: FallbackVoice | None
) -> AsyncGenerator[SynthesisEvent, None]:
    """The reply's sound and sentences in order, as early as they can be had.

    When the language model fails, what it had written by then is spoken before its error is raised.
    Raises EngineEmpty when it writes nothing. Closing this stops the model and every synthesis.
    """
    written = WrittenWords()
    async with (
        aclosing(llm.reply(request)) as deltas,
        aclosing(spoken_segments(deltas, plan, able=tts.capabilities, written=written)) as segments,
        aclosing(
            speak_ahead(
                segments,
                tts,
                rules=plan.rules,
                fallback=fallback.tts if fallback else None,
                fallback_name=fallback.name if fallback else "",
            )
        ) as speech,
    ):
        async for event in speech:
            told = written.told(event) if isinstance(event, SentenceWords) else event
            if told is not None:
                yield told


async def spoken_segments(
    deltas: AsyncIterator[TextDelta], plan: ReplyPlan, *, able: TtsCapabilities, written: WrittenWords
) -> AsyncGenerator[SpokenSegment, None]:
    """Cut the reply into segments, the first as early as it sounds natural, each in its speaker's voice.

    `written` is told of those that are read otherwise than they are shown.
    """
    writer = _SegmentWriter(plan, able=able, written=written)
    failure: Exception | None = None
    try:
        async for delta in deltas:
            if writer.chars >= MAX_REPLY_CHARS:
                plan.on_cut(MAX_REPLY_CHARS)
                break
            for segment in writer.feed(delta.text):
                yield segment
    except Exception as error:  # noqa: BLE001 - raised below, once what came before it has been handed over
        failure = error
    for segment in writer.flush():
        yield segment
    if failure is not None:
        raise failure
    if not writer.wrote:
        raise EngineEmpty("the language model answered nothing: ask again, or choose another one")


class _SegmentWriter:
    """Splits text by speaker tags, then each speaker's text into sentences."""

    def __init__(self, plan: ReplyPlan, *, able: TtsCapabilities, written: WrittenWords) -> None:
        self._plan = plan
        self._able = able
        self._written = written
        self._names = plan.cast.speaker_names
        self._tags = SpeakerTagParser(tuple(self._names))
        self._speaker = plan.answering
        self._sentences = SentenceSegmenter(language=plan.language)
        self._index = 0
        self._paragraph_begins = True
        self.chars = 0
        self.wrote = False

    def feed(self, delta: str) -> list[SpokenSegment]:
        return [segment for tag, text in self._tags.feed(delta) for segment in self._write(tag, text)]

    def flush(self) -> list[SpokenSegment]:
        written = [segment for tag, text in self._tags.flush() for segment in self._write(tag, text)]
        return written + self._spoken(self._sentences.flush())

    def _write(self, tag: str | None, text: str) -> list[SpokenSegment]:
        written: list[SpokenSegment] = []
        # A number beyond the list of characters is no change of speaker.
        name = self._names.get(tag) if tag is not None else None
        speaker = self._plan.cast.named(name) if name is not None else self._speaker
        if speaker is not self._speaker:
            written = self._spoken(self._sentences.flush())
            self._sentences = SentenceSegmenter(language=self._plan.language, first_clause=not self._index)
            self._speaker = speaker
        if text:
            self.chars += len(text)
            self.wrote = self.wrote or bool(text.strip())
            self._plan.on_text(speaker.name, text)
            written += self._spoken(self._sentences.feed(text))
        return written

    def _spoken(self, segments: list[Segment]) -> list[SpokenSegment]:
        plan, speaker = self._plan, self._speaker
        voice = plan.voice_of(speaker)
        spoken: list[SpokenSegment] = []
        for segment in segments:
            reading = plan.pronunciations.apply(segment.text, language=plan.language)
            sounds = reading.phonemes if self._able.phonemes else ()
            words, sounds = speakable_with_phonemes(reading.text, sounds, language=plan.language)
            if reading.text != segment.text:
                self._written.read_otherwise(self._index, shown=segment.text, places=reading.places)
            request = SpeechRequest(
                text=words,
                language=plan.language,
                voice=voice,
                speed=speaker.speed,
                context=plan.context.clips(speaker.name, voice) if self._able.voice_context else (),
                description=speaker.description,
                scene=speaker.scene,
                phonemes=tuple(
                    Phonemes(start_char=each.start_char, end_char=each.end_char, ipa=each.ipa) for each in sounds
                ),
            )
            plan.on_segment()
            spoken.append(
                SpokenSegment(
                    index=self._index,
                    speaker=speaker.name,
                    shown=segment.text,
                    spoken=words,
                    read=reading.text if reading.text != segment.text else "",
                    request=request,
                    starts_paragraph=self._paragraph_begins,
                    ends_paragraph=segment.ends_paragraph,
                )
            )
            self._index += 1
            self._paragraph_begins = segment.ends_paragraph
        return spoken
