"""Every way Syrinx can refuse or fail, one class per meaning, each with a stable code that clients may rely on."""

from __future__ import annotations


class SyrinxError(Exception):
    """Base of all errors that may reach a person or a client.

    `code` is a stable snake_case word; `message` is one sentence that says what would have been right;
    `retryable` tells whether the same request may succeed later without being changed.
    """

    code = "internal"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if retryable is not None:
            self.retryable = retryable


class BadInput(SyrinxError):
    """What was sent cannot be used; the message names what can."""

    code = "bad_input"


class WrongParameter(BadInput):
    """One field of a request has a value that it cannot have; `parameter` names it, None where it is the whole."""

    def __init__(self, message: str, *, parameter: str | None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.parameter = parameter


class BadAudio(BadInput):
    """Audio of a wrong format, rate or length."""

    code = "bad_audio"


class NothingUnderstood(BadInput):
    """There are no words in the recording."""

    code = "nothing_understood"

    def __init__(
        self,
        message: str = "no words were understood in the recording: speak nearer to the microphone and send it again",
    ) -> None:
        super().__init__(message)


class EncodingFailed(SyrinxError):
    """A codec could not make the format that was asked for out of sound that is in order."""

    code = "encoding_failed"


class TooLarge(BadInput):
    """More than the stated limit was sent."""

    code = "too_large"


class ProtocolViolation(BadInput):
    """A well-formed message at a moment, or of a type, that the protocol does not allow."""

    code = "protocol"


class NotFound(SyrinxError):
    """A thing that was named does not exist."""

    code = "not_found"


class UnknownVoice(NotFound):
    """No engine in use has a voice of that name."""

    code = "unknown_voice"


class UnknownLanguage(NotFound):
    """No engine in use speaks or understands that language."""

    code = "unknown_language"


class UnknownEngine(NotFound):
    """No engine of that kind is registered under that name."""

    code = "unknown_engine"


class Unauthorized(SyrinxError):
    """A token is missing or not accepted."""

    code = "unauthorized"


class RateLimited(SyrinxError):
    """The caller sends more than the stated rate; slower will work.

    `retry_after_s` is when the same will be taken (HTTP: 429 with Retry-After); None where nobody can tell.
    """

    code = "rate_limited"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, retryable=retryable)
        self.retry_after_s = retry_after_s


class QuotaReached(RateLimited):
    """The caller has used up what it may have within a day, or asks for more at once than that ever is."""

    code = "quota_reached"


class DiskRefused(SyrinxError):
    """What was to be kept could not be written; nothing of it is there, and what was there before still is."""

    code = "disk_refused"


class ConfigurationError(SyrinxError):
    """The settings contradict themselves or name something impossible."""

    code = "configuration"


class EngineError(SyrinxError):
    """Something went wrong in an engine or on the way to it."""

    code = "engine_failed"
    retryable = True


class EngineUnavailable(EngineError):
    """The engine cannot be opened: a library, model or key is missing; the message says how to mend that."""

    code = "engine_unavailable"
    retryable = False


class EngineResting(EngineUnavailable):
    """A remote engine failed so often that it is left alone for a while.

    `retry_after_s` is when it is tried again (HTTP: 503 with Retry-After).
    """

    code = "engine_resting"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineTimeout(EngineError):
    """The engine did not produce its next item in the time allowed."""

    code = "engine_timeout"


class EngineEmpty(EngineError):
    """The engine finished without an error and without producing anything."""

    code = "engine_empty"


class EngineCrashed(EngineError):
    """The engine's process ended while it was working; it is started again for the next request."""

    code = "engine_crashed"


class EngineBusy(EngineError):
    """As many requests as allowed are running and waiting.

    `retry_after_s` is an estimate of when a place may be free (HTTP: 429 with Retry-After).
    """

    code = "engine_busy"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RemoteRefused(EngineError):
    """A remote service answered with an error of its own; `status` is its HTTP status.

    `retry_after_s` is how long the service asked to be left alone; None where it did not say.
    """

    code = "remote_refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        retryable: bool,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, code=code)
        self.status = status
        self.retry_after_s = retry_after_s
