"""A model's own chat template: a conversation rendered as the one text that this model was trained to continue.

Templates are programs by whoever published the model. They run in a sandbox (`template_sandbox`), which lets them reach
nothing but the values given here, and with bounded time, values and output.

The names that templates expect are those of https://huggingface.co/docs/transformers/chat_templating_writing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError

from syrinx.engines.llm.contract import Message
from syrinx.engines.llm.template_sandbox import TemplateSandbox
from syrinx.errors import ConfigurationError

LONGEST_TEMPLATE_CHARS = 200_000
"""The longest of those published have about 20,000."""
_SPARE_CHARS = 65_536
"""What a template may write beside four times the conversation; some carry long instructions of their own."""
_LONGEST_S = 2.0
_LONGEST_DATE_CHARS = 200
_PROBE_SYSTEM, _PROBE_USER = "Syrinx-probe-system", "Syrinx-probe-user"


class ChatTemplate:
    """Renders conversations; safe to use from several threads.

    `names` are further values for the template, such as bos_token. A template that does not know the system role, or
    leaves its text out, is given it as the beginning of the first user message. Raises ConfigurationError when the
    template is no template, or does not render the simplest conversation.
    """

    def __init__(
        self,
        source: str,
        names: Mapping[str, str] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if len(source) > LONGEST_TEMPLATE_CHARS:
            raise ConfigurationError(f"the chat template is longer than {LONGEST_TEMPLATE_CHARS} characters")

        def strftime_now(form: str) -> str:
            if len(form) > _LONGEST_DATE_CHARS:
                raise TemplateError("it asks for too long a date")
            return now().strftime(form)

        self._names = {**(names or {}), "raise_exception": _raise_exception, "strftime_now": strftime_now}
        self._clock = clock
        self._sandbox = TemplateSandbox()
        try:
            self._template = self._sandbox.from_string(source)
        except (TemplateError, RecursionError, SyntaxError) as error:
            raise ConfigurationError(f"the chat template cannot be read: {_in_short(error)}") from error
        self.folds_system = self._must_fold()

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt up to where the assistant's words begin.

        `messages` alternate from the user's to the user's, with at most one system message before them. Raises
        ConfigurationError when the template refuses them, fails, or writes or takes too much.
        """
        return self._rendered(_folded(messages) if self.folds_system else messages)

    def _must_fold(self) -> bool:
        user = Message(role="user", text=_PROBE_USER)
        alone = self._rendered((user,))
        if _PROBE_USER not in alone:
            raise ConfigurationError("the chat template leaves out what the user says: it is no template for talks")
        try:
            both = self._rendered((Message(role="system", text=_PROBE_SYSTEM), user))
        except ConfigurationError:
            return True
        return _PROBE_SYSTEM not in both or _PROBE_USER not in both

    def _rendered(self, messages: Sequence[Message]) -> str:
        most = _SPARE_CHARS + 4 * sum(len(message.text) for message in messages)
        due = self._clock() + _LONGEST_S
        pieces: list[str] = []
        written = 0
        values: dict[str, Any] = {
            **self._names,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            "add_generation_prompt": True,
            "tools": None,
            "documents": None,
            # For models that can do both: what is thought is not spoken, and makes people wait.
            "enable_thinking": False,
        }

        def in_time() -> None:
            if self._clock() > due:
                raise ConfigurationError(f"the chat template took longer than {_LONGEST_S:g} s")

        try:
            with self._sandbox.bounded(in_time):
                for piece in self._template.generate(values):
                    pieces.append(piece)
                    written += len(piece)
                    if written > most:
                        raise ConfigurationError(f"the chat template wrote more than {most} characters")
        except ConfigurationError:
            raise
        # A stranger's program can fail in any way that Python knows.
        except Exception as error:
            raise ConfigurationError(f"the chat template failed: {_in_short(error)}") from error
        return "".join(pieces)


def _folded(messages: Sequence[Message]) -> Sequence[Message]:
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, first, *rest = messages
    return (Message(role="user", text=f"{system.text}\n\n{first.text}"), *rest)


def _raise_exception(message: object) -> None:
    raise TemplateError(str(message))


def _in_short(error: Exception) -> str:
    return f"{' '.join(str(error).split())[:200] or type(error).__name__}"
