from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Description(_message.Message):
    __slots__ = ("tts", "stt", "llm", "voices")
    TTS_FIELD_NUMBER: _ClassVar[int]
    STT_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    VOICES_FIELD_NUMBER: _ClassVar[int]
    tts: TtsCapabilities
    stt: SttCapabilities
    llm: LlmCapabilities
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    def __init__(self, tts: _Optional[_Union[TtsCapabilities, _Mapping]] = ..., stt: _Optional[_Union[SttCapabilities, _Mapping]] = ..., llm: _Optional[_Union[LlmCapabilities, _Mapping]] = ..., voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ...) -> None: ...

class PingRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Pong(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PcmChunk(_message.Message):
    __slots__ = ("pcm", "sample_rate_hz")
    PCM_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    pcm: bytes
    sample_rate_hz: int
    def __init__(self, pcm: _Optional[bytes] = ..., sample_rate_hz: _Optional[int] = ...) -> None: ...

class TtsCapabilities(_message.Message):
    __slots__ = ("sample_rate_hz", "languages", "word_times", "speed", "pitch_semitones", "voice_context", "blends", "describes", "phonemes", "clones", "warmth")
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    PITCH_SEMITONES_FIELD_NUMBER: _ClassVar[int]
    VOICE_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    BLENDS_FIELD_NUMBER: _ClassVar[int]
    DESCRIBES_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    CLONES_FIELD_NUMBER: _ClassVar[int]
    WARMTH_FIELD_NUMBER: _ClassVar[int]
    sample_rate_hz: int
    languages: _containers.RepeatedScalarFieldContainer[str]
    word_times: bool
    speed: _containers.RepeatedScalarFieldContainer[float]
    pitch_semitones: _containers.RepeatedScalarFieldContainer[float]
    voice_context: bool
    blends: bool
    describes: bool
    phonemes: bool
    clones: Cloning
    warmth: bool
    def __init__(self, sample_rate_hz: _Optional[int] = ..., languages: _Optional[_Iterable[str]] = ..., word_times: _Optional[bool] = ..., speed: _Optional[_Iterable[float]] = ..., pitch_semitones: _Optional[_Iterable[float]] = ..., voice_context: _Optional[bool] = ..., blends: _Optional[bool] = ..., describes: _Optional[bool] = ..., phonemes: _Optional[bool] = ..., clones: _Optional[_Union[Cloning, _Mapping]] = ..., warmth: _Optional[bool] = ...) -> None: ...

class Cloning(_message.Message):
    __slots__ = ("shortest_s", "best_s", "version", "transcript")
    SHORTEST_S_FIELD_NUMBER: _ClassVar[int]
    BEST_S_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    shortest_s: float
    best_s: float
    version: str
    transcript: bool
    def __init__(self, shortest_s: _Optional[float] = ..., best_s: _Optional[float] = ..., version: _Optional[str] = ..., transcript: _Optional[bool] = ...) -> None: ...

class ConditionRequest(_message.Message):
    __slots__ = ("sample", "transcript", "language")
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    sample: PcmChunk
    transcript: str
    language: str
    def __init__(self, sample: _Optional[_Union[PcmChunk, _Mapping]] = ..., transcript: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class Conditioning(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...

class Voice(_message.Message):
    __slots__ = ("id", "name", "language", "gender", "grade", "aliases", "fixed_pitch")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    GENDER_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    FIXED_PITCH_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    language: str
    gender: str
    grade: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    fixed_pitch: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., language: _Optional[str] = ..., gender: _Optional[str] = ..., grade: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., fixed_pitch: _Optional[bool] = ...) -> None: ...

class SpeechRequest(_message.Message):
    __slots__ = ("text", "language", "voice", "speed", "pitch_semitones", "context", "description", "scene", "phonemes", "conditioning", "warmth")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    PITCH_SEMITONES_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCENE_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    CONDITIONING_FIELD_NUMBER: _ClassVar[int]
    WARMTH_FIELD_NUMBER: _ClassVar[int]
    text: str
    language: str
    voice: str
    speed: float
    pitch_semitones: float
    context: _containers.RepeatedCompositeFieldContainer[PcmChunk]
    description: str
    scene: str
    phonemes: _containers.RepeatedCompositeFieldContainer[Phonemes]
    conditioning: bytes
    warmth: float
    def __init__(self, text: _Optional[str] = ..., language: _Optional[str] = ..., voice: _Optional[str] = ..., speed: _Optional[float] = ..., pitch_semitones: _Optional[float] = ..., context: _Optional[_Iterable[_Union[PcmChunk, _Mapping]]] = ..., description: _Optional[str] = ..., scene: _Optional[str] = ..., phonemes: _Optional[_Iterable[_Union[Phonemes, _Mapping]]] = ..., conditioning: _Optional[bytes] = ..., warmth: _Optional[float] = ...) -> None: ...

class Phonemes(_message.Message):
    __slots__ = ("start_char", "end_char", "ipa")
    START_CHAR_FIELD_NUMBER: _ClassVar[int]
    END_CHAR_FIELD_NUMBER: _ClassVar[int]
    IPA_FIELD_NUMBER: _ClassVar[int]
    start_char: int
    end_char: int
    ipa: str
    def __init__(self, start_char: _Optional[int] = ..., end_char: _Optional[int] = ..., ipa: _Optional[str] = ...) -> None: ...

class WordTime(_message.Message):
    __slots__ = ("text", "start_char", "start_ms")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_CHAR_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_char: int
    start_ms: float
    def __init__(self, text: _Optional[str] = ..., start_char: _Optional[int] = ..., start_ms: _Optional[float] = ...) -> None: ...

class SpeechChunk(_message.Message):
    __slots__ = ("audio", "words", "engine")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    audio: PcmChunk
    words: _containers.RepeatedCompositeFieldContainer[WordTime]
    engine: str
    def __init__(self, audio: _Optional[_Union[PcmChunk, _Mapping]] = ..., words: _Optional[_Iterable[_Union[WordTime, _Mapping]]] = ..., engine: _Optional[str] = ...) -> None: ...

class SttCapabilities(_message.Message):
    __slots__ = ("sample_rate_hz", "languages", "partials", "word_times", "detects_language", "translates", "prompts", "samples", "hotwords")
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    PARTIALS_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    DETECTS_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TRANSLATES_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    HOTWORDS_FIELD_NUMBER: _ClassVar[int]
    sample_rate_hz: int
    languages: _containers.RepeatedScalarFieldContainer[str]
    partials: bool
    word_times: bool
    detects_language: bool
    translates: bool
    prompts: bool
    samples: bool
    hotwords: bool
    def __init__(self, sample_rate_hz: _Optional[int] = ..., languages: _Optional[_Iterable[str]] = ..., partials: _Optional[bool] = ..., word_times: _Optional[bool] = ..., detects_language: _Optional[bool] = ..., translates: _Optional[bool] = ..., prompts: _Optional[bool] = ..., samples: _Optional[bool] = ..., hotwords: _Optional[bool] = ...) -> None: ...

class TranscriptionRequest(_message.Message):
    __slots__ = ("language", "hotwords", "adaptation", "task", "recording", "prompt", "temperature")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    HOTWORDS_FIELD_NUMBER: _ClassVar[int]
    ADAPTATION_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    language: str
    hotwords: _containers.RepeatedScalarFieldContainer[str]
    adaptation: str
    task: str
    recording: bool
    prompt: str
    temperature: float
    def __init__(self, language: _Optional[str] = ..., hotwords: _Optional[_Iterable[str]] = ..., adaptation: _Optional[str] = ..., task: _Optional[str] = ..., recording: _Optional[bool] = ..., prompt: _Optional[str] = ..., temperature: _Optional[float] = ...) -> None: ...

class Pause(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Heard(_message.Message):
    __slots__ = ("request", "audio", "pause")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    request: TranscriptionRequest
    audio: PcmChunk
    pause: Pause
    def __init__(self, request: _Optional[_Union[TranscriptionRequest, _Mapping]] = ..., audio: _Optional[_Union[PcmChunk, _Mapping]] = ..., pause: _Optional[_Union[Pause, _Mapping]] = ...) -> None: ...

class RecognizedWord(_message.Message):
    __slots__ = ("text", "start_ms", "end_ms")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_ms: float
    end_ms: float
    def __init__(self, text: _Optional[str] = ..., start_ms: _Optional[float] = ..., end_ms: _Optional[float] = ...) -> None: ...

class RecognizedSegment(_message.Message):
    __slots__ = ("text", "start_ms", "end_ms", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_ms: float
    end_ms: float
    confidence: float
    def __init__(self, text: _Optional[str] = ..., start_ms: _Optional[float] = ..., end_ms: _Optional[float] = ..., confidence: _Optional[float] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("text", "final", "settled", "language", "confidence", "words", "adaptation", "segments", "heard_ms", "engine", "stable_chars")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    ADAPTATION_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    HEARD_MS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    STABLE_CHARS_FIELD_NUMBER: _ClassVar[int]
    text: str
    final: bool
    settled: bool
    language: str
    confidence: float
    words: _containers.RepeatedCompositeFieldContainer[RecognizedWord]
    adaptation: str
    segments: _containers.RepeatedCompositeFieldContainer[RecognizedSegment]
    heard_ms: float
    engine: str
    stable_chars: int
    def __init__(self, text: _Optional[str] = ..., final: _Optional[bool] = ..., settled: _Optional[bool] = ..., language: _Optional[str] = ..., confidence: _Optional[float] = ..., words: _Optional[_Iterable[_Union[RecognizedWord, _Mapping]]] = ..., adaptation: _Optional[str] = ..., segments: _Optional[_Iterable[_Union[RecognizedSegment, _Mapping]]] = ..., heard_ms: _Optional[float] = ..., engine: _Optional[str] = ..., stable_chars: _Optional[int] = ...) -> None: ...

class LlmCapabilities(_message.Message):
    __slots__ = ("model", "is_language_model", "context_tokens")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    IS_LANGUAGE_MODEL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    model: str
    is_language_model: bool
    context_tokens: int
    def __init__(self, model: _Optional[str] = ..., is_language_model: _Optional[bool] = ..., context_tokens: _Optional[int] = ...) -> None: ...

class Message(_message.Message):
    __slots__ = ("role", "text")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    role: str
    text: str
    def __init__(self, role: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ReplyRequest(_message.Message):
    __slots__ = ("messages", "language", "model", "temperature", "max_tokens")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[Message]
    language: str
    model: str
    temperature: float
    max_tokens: int
    def __init__(self, messages: _Optional[_Iterable[_Union[Message, _Mapping]]] = ..., language: _Optional[str] = ..., model: _Optional[str] = ..., temperature: _Optional[float] = ..., max_tokens: _Optional[int] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...
