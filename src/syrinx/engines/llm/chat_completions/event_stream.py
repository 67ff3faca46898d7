"""Server-sent events cut out of bytes, wherever the network happened to cut them.

More forgiving than the standard, because the servers are: every `data:` line stands for itself (no server of this
protocol spreads one over several), so neither a missing blank line nor a missing last line end loses anything.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from syrinx.errors import EngineError

_LONGEST_LINE = 1 << 20


class EventStream:
    """Feed it bytes in order; it gives the payloads of the `data:` lines that they complete.

    Comments and other fields are left out. A line over 1 MiB raises EngineError. Bytes that are no UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST_LINE:
            raise EngineError(
                f"the language model's server sent a line of over {_LONGEST_LINE} bytes: that is no event stream"
            )
        return [payload for line in lines if (payload := _payload(line))]

    def finish(self) -> list[str]:
        """What a last line without an end holds."""
        payload = _payload(self._rest)
        self._rest = b""
        return [payload] if payload else []


def _payload(line: bytes) -> str:
    field, _, value = line.rstrip(b"\r").partition(b":")
    text = value.decode("utf-8", "replace").strip()
    if field == b"error" and text:
        # llama.cpp's server has reported failures in a field of that name.
        return f'{{"error": {text}}}'
    return text if field == b"data" else ""
