"""Puts an opened engine through what a talk asks of it: an ear, a voice, a language model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import numpy as np

from syrinx.app.verification import HeardClip, Hearing, Sound, Speaking, Thinking
from syrinx.audio import BYTES_PER_SAMPLE, PcmChunk, resample, rms_dbfs, silence
from syrinx.engines.abilities import QUESTION, Clock, sentence
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.stt.contract import SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.errors import EngineEmpty
from syrinx.speech.word_errors import word_errors
from syrinx.testing.human_clips import LANGUAGE, HumanClip

PIECE_MS: Final = 100
BEFORE_MS, AFTER_MS = 300.0, 100.0
"""Quiet around a recording: the detector of speech lets so much through in a talk."""

FRAME_MS: Final = 20
HEARD_FROM_DBFS: Final = -60.0
FULL_SCALE_FROM: Final = 32_767

CAPITAL: Final = "What is the capital of France? Answer in one short sentence."
CAPITAL_EXPECTED: Final = "Paris"


async def hear_clips(ear: SpeechToText, clips: Sequence[HumanClip], *, clock: Clock) -> Hearing:
    """Play every clip to the ear at the pace of speech, as one speaker's utterances in one talk."""
    heard: list[HeardClip] = []
    if clips and LANGUAGE not in ear.capabilities.languages:
        return Hearing(clips=())
    adaptation: str | None = None
    for clip in clips:
        audio = _surrounded(resample(clip.audio, ear.capabilities.sample_rate_hz))
        begun_s = clock()
        pieces = _at_the_pace_of_speech(audio, begun_s=begun_s, clock=clock)
        final = await _final(ear, pieces, TranscriptionRequest(language=LANGUAGE, adaptation=adaptation))
        adaptation = final.adaptation
        heard.append(
            HeardClip(
                name=clip.name,
                said=clip.text,
                heard=final.text,
                errors=word_errors(clip.text, final.text, language=LANGUAGE),
                final_after_s=max(0.0, clock() - begun_s - audio.duration_ms / 1000),
            )
        )
    return Hearing(clips=tuple(heard))


async def hear(ear: SpeechToText, clip: PcmChunk, *, language: str) -> Transcript:
    """What the ear makes of a finished clip, given as fast as it takes it."""
    audio = _surrounded(resample(clip, ear.capabilities.sample_rate_hz))
    return await _final(ear, _in_pieces(audio), TranscriptionRequest(language=language))


async def speak(voice: TextToSpeech, *, language: str) -> tuple[PcmChunk, Speaking]:
    """The sentence of that language as the voice speaks it, and what is known without another's ear."""
    text = sentence(language)
    pcm = bytearray()
    async with aclosing(voice.synthesize(SpeechRequest(text=text, language=language))) as chunks:
        async for chunk in chunks:
            pcm += chunk.audio.pcm
    clip = PcmChunk(pcm=bytes(pcm), sample_rate_hz=voice.capabilities.sample_rate_hz)
    return clip, Speaking(language=language, text=text, voices=len(voice.voices), sound=sound_of(clip), round_trip=None)


async def think(mind: LanguageModel, *, clock: Clock) -> Thinking:
    """Ask something with a known answer, then interrupt a reply."""
    answer = ""
    request = ReplyRequest(messages=(Message(role="user", text=CAPITAL),), max_tokens=48)
    async with aclosing(mind.reply(request)) as deltas:
        async for delta in deltas:
            answer += delta.text
    async with aclosing(mind.reply(ReplyRequest(messages=QUESTION, max_tokens=96))) as deltas:
        async for delta in deltas:
            if delta.text:
                break
        interrupted_s = clock()
    return Thinking(
        model=mind.capabilities.model,
        scripted=not mind.capabilities.is_language_model,
        question=CAPITAL,
        answer=answer.strip(),
        expected=CAPITAL_EXPECTED,
        cancel_s=clock() - interrupted_s,
    )


def sound_of(clip: PcmChunk) -> Sound:
    samples = clip.samples()
    size = clip.sample_rate_hz * FRAME_MS // 1000
    frames = [samples[start : start + size] for start in range(0, samples.size, size)]
    silent = sum(rms_dbfs(frame) < HEARD_FROM_DBFS for frame in frames)
    loudest = int(np.count_nonzero(np.abs(samples.astype(np.int32)) >= FULL_SCALE_FROM))
    return Sound(
        duration_s=clip.duration_ms / 1000,
        level_dbfs=rms_dbfs(samples),
        clipped=loudest / samples.size if samples.size else 0.0,
        silent=silent / len(frames) if frames else 1.0,
    )


async def _final(
    ear: SpeechToText, pieces: AsyncGenerator[PcmChunk, None], request: TranscriptionRequest
) -> Transcript:
    final: Transcript | None = None
    async with aclosing(pieces), aclosing(ear.transcribe(pieces, request)) as transcripts:
        async for transcript in transcripts:
            if transcript.final:
                final = transcript
    if final is None:
        raise EngineEmpty("the ear ended without a final transcript")
    return final


async def _at_the_pace_of_speech(audio: PcmChunk, *, begun_s: float, clock: Clock) -> AsyncGenerator[PcmChunk, None]:
    """Each piece when it has been spoken; an ear that takes them late delays none of those after it."""
    spoken_ms = 0.0
    async with aclosing(_in_pieces(audio)) as pieces:
        async for piece in pieces:
            spoken_ms += piece.duration_ms
            await asyncio.sleep(max(0.0, begun_s + spoken_ms / 1000 - clock()))
            yield piece


async def _in_pieces(audio: PcmChunk) -> AsyncGenerator[PcmChunk, None]:
    size = BYTES_PER_SAMPLE * (audio.sample_rate_hz * PIECE_MS // 1000)
    for start in range(0, len(audio.pcm), size):
        yield PcmChunk(pcm=audio.pcm[start : start + size], sample_rate_hz=audio.sample_rate_hz)


def _surrounded(audio: PcmChunk) -> PcmChunk:
    rate_hz = audio.sample_rate_hz
    before = silence(duration_ms=BEFORE_MS, sample_rate_hz=rate_hz)
    after = silence(duration_ms=AFTER_MS, sample_rate_hz=rate_hz)
    return PcmChunk(pcm=before.pcm + audio.pcm + after.pcm, sample_rate_hz=rate_hz)
