"""Where a stranger's template runs: Jinja's sandbox, with a bound on its time and on all that it makes.

Jinja's own keeps a template from everything but the values it is given. It does not keep a short one from filling the
memory or from going on for ever: here every operation that makes a text or a list is told how long it may become, and
the time is looked at on every line, in loops that write nothing as well. What still counts as one step, and can take
long, is to compare lists within lists.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, MappingView
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from types import FrameType
from typing import Any, cast

from jinja2 import Environment, TemplateError, nodes, pass_environment
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

LONGEST_VALUE = 1_000_000
"""Characters of one text, or items of one list with all that is in them."""
MOST_MADE = 32_000_000
"""Of all that one rendering makes on its way."""
_HIGHEST_POWER = 8
_LARGEST_BITS = 4_096
_DEEPEST_INDENT = 16

_FILTERS = (
    *("abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby"),
    *("int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse"),
    *("round", "safe", "select", "selectattr", "sort", "string", "sum", "title", "trim", "unique", "upper"),
)
"""Those that make nothing much longer than what they are given; `indent`, `join`, `replace` and `tojson` are ours."""
_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "lower", "upper", "capitalize", "casefold", "title"}
    | {"swapcase", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith", "endswith", "find"}
    | {"rfind", "index", "rindex", "count", "replace", "join"}
    | {name for name in dir(str) if name.startswith("is")}
)
"""Those of texts that are allowed."""


class TemplateSandbox(ImmutableSandboxedEnvironment):
    """Renders within `bounded`, in any number of threads."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation], finalize=_writable
        )
        self._of_thread = threading.local()
        self.concat = self._concat
        self.filters = {name: self._bounded(FILTERS[name]) for name in _FILTERS}
        self.filters |= {
            "indent": self._bounded(_indent),
            "join": self._bounded(_join_filter),
            "replace": self._bounded(_replace),
            "tojson": self._bounded(_to_json),
            _SLICE: self._bounded(_slice),
        }
        del self.globals["lipsum"]

    @contextmanager
    def bounded(self, check: Callable[[], None]) -> Generator[None, None, None]:
        """`check` is called on every line of the template that is come to, and raises what shall end it."""

        def on_line(_: FrameType, __: str, ___: object) -> Any:
            check()
            return on_line

        def on_call(frame: FrameType, _: str, __: object) -> Any:
            check()
            return on_line if frame.f_code.co_filename == "<template>" else None

        before = sys.gettrace()
        self._of_thread.made = 0
        sys.settrace(on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and not isinstance(left, int | float):
            raise TemplateError("it formats text with %, which is not allowed here")
        if operator == "**" and not (isinstance(right, int) and abs(right) <= _HIGHEST_POWER):
            raise TemplateError("it takes too high a power")
        if operator == "+" and _length(left) + _length(right) > LONGEST_VALUE:
            raise TemplateError("it joins texts that are too long")
        if operator == "*" and max(_length(left) * _times(right), _length(right) * _times(left)) > LONGEST_VALUE:
            raise TemplateError("it repeats a text too often")
        if operator in {"*", "**"} and _bits(left) * (right if operator == "**" else 1) + _bits(right) > _LARGEST_BITS:
            raise TemplateError("it takes too large a number")
        return self._made(super().call_binop(context, operator, left, right))

    def call(self, context: Context, function: Any, /, *given: Any, **named: Any) -> Any:
        if any(_times(value) > LONGEST_VALUE for value in (*given, *named.values())):
            raise TemplateError("it asks for too much at once")
        for value in (*given, *named.values()):
            _weigh(value)
        # Jinja puts a function of its own around `format`.
        method = getattr(function, "__wrapped__", function)
        owner: object = getattr(method, "__self__", None)
        if isinstance(owner, str | bytes | int | float):
            name = str(getattr(method, "__name__", ""))
            if not isinstance(owner, str) or name not in _METHODS:
                raise TemplateError(f"it calls the method {name} of a text or number, which is not allowed here")
            if name == "replace":
                return self._made(_replace(owner, *given, **named))
            if name == "join" and len(given) == 1:
                return self._made(_join(given[0], owner))
        return self._made(super().call(context, function, *given, **named))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return cast("nodes.Template", _Rewriting().visit(super()._parse(source, name, filename)))

    def _bounded(self, work: Callable[..., Any]) -> Callable[..., Any]:
        # Filters say by attributes that they want the environment or the context first: `wraps` keeps these.
        @wraps(work)
        def weighed(*given: Any, **named: Any) -> Any:
            for value in (*given, *named.values()):
                _weigh(value)
            return self._made(work(*given, **named))

        return weighed

    def _concat(self, pieces: Iterable[str]) -> str:
        """What macros and `{% set %}` blocks make."""
        return self._made(_join(pieces))

    def _made(self, value: Any) -> Any:
        self._of_thread.made = getattr(self._of_thread, "made", 0) + _length(value)
        if self._of_thread.made > MOST_MADE:
            raise TemplateError("it makes too much text on its way")
        return value


class _Rewriting(NodeTransformer):
    """What Jinja compiles to plain Python becomes filters, which are bounded."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - as Jinja calls it
        self.generic_visit(node)
        together = nodes.Tuple(node.nodes, "load", lineno=node.lineno)
        return _filtered("join", together, [], node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        ends = [end or nodes.Const(None) for end in (node.arg.start, node.arg.stop, node.arg.step)]
        return _filtered(_SLICE, node.node, ends, node)


class _Generation(Extension):
    """`{% generation %}` marks, for training, what the assistant says; here its content is simply rendered."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


_SLICE = "slice of"
"""No template can name a filter with a space in it."""


def _filtered(name: str, value: nodes.Expr, given: list[nodes.Expr], instead_of: nodes.Expr) -> nodes.Node:
    made = nodes.Filter(value, name, given, [], None, None, lineno=instead_of.lineno)
    made.set_environment(cast("Any", instead_of.environment))
    return made


def _slice(value: Any, start: Any, stop: Any, step: Any) -> Any:
    return value[start:stop:step]


def _join(values: Iterable[Any], between: str = "") -> str:
    parts = [str(_writable(value)) for value in islice(values, LONGEST_VALUE + 1)]
    if len(parts) > LONGEST_VALUE or sum(map(len, parts)) + len(between) * len(parts) > LONGEST_VALUE:
        raise TemplateError("it joins texts that are too long")
    return between.join(parts)


@pass_environment
def _join_filter(environment: Environment, values: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    given = values if attribute is None else map(make_attrgetter(environment, attribute), values)
    return _join(given, str(d))


def _replace(value: Any, old: Any, new: Any, count: Any = None) -> str:
    text, before, after = str(value), str(old), str(new)
    times = text.count(before) if count is None or count < 0 else min(count, text.count(before))
    if len(text) + times * len(after) > LONGEST_VALUE:
        raise TemplateError("it replaces a text by one that is too long")
    return text.replace(before, after, times)


def _indent(value: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    text = str(value)
    by = width if isinstance(width, str) else " " * max(0, min(int(width), LONGEST_VALUE))
    lines = f"{text}\n".splitlines()
    if len(by) * len(lines) > LONGEST_VALUE:
        raise TemplateError("it indents a text too far")
    begun = lines[:1] if not first else [by + lines[0]]
    return "\n".join([*begun, *(by + line if line or blank else line for line in lines[1:])])


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    # Jinja's own escapes for HTML, which models have not been trained on.
    if indent is not None and not 0 <= indent <= _DEEPEST_INDENT:
        raise TemplateError("it indents a text too far")
    return _join(json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(value))


def _weigh(value: object) -> None:
    """Refuse what would be too long as a text. The same list may stand in another many times over."""
    weight = 0
    left: list[object] = [value]
    # No function is called here for each item: under a trace that is what takes long.
    while left:
        one = left.pop()
        weight += 1
        if isinstance(one, str | bytes):
            weight += len(one)
        elif isinstance(one, Mapping):
            if not isinstance(one, Context):
                left += cast("Mapping[object, object]", one).keys()
                left += cast("Mapping[object, object]", one).values()
        elif isinstance(one, list | tuple | set | frozenset | MappingView):
            left += cast("Iterable[object]", one)
        elif isinstance(one, Namespace):
            raise TemplateError("it writes a namespace: only what stands in one is a text")
        if weight > LONGEST_VALUE:
            raise TemplateError("it makes something too long to be written")


def _writable(value: Any) -> Any:
    if not isinstance(value, str):
        _weigh(value)
    return value


def _length(value: object) -> int:
    return len(cast("str", value)) if isinstance(value, str | bytes | list | tuple | dict | set) else 0


def _times(value: object) -> int:
    return value if isinstance(value, int) else 0


def _bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 0
