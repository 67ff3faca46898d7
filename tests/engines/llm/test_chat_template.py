from __future__ import annotations

import itertools
import sys
from datetime import UTC, datetime

import pytest
from jinja2 import Environment

from syrinx.engines.llm.chat_template import ChatTemplate
from syrinx.engines.llm.contract import Message
from syrinx.errors import ConfigurationError
from syrinx.testing.tiny_chat_model import CHAT_TEMPLATE

SYSTEM = Message(role="system", text="Be kind.")
HELLO = Message(role="user", text="Hello.")
TALK = (SYSTEM, HELLO, Message(role="assistant", text="Good day."), Message(role="user", text="How are you?"))

PLAIN = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"

# Written after what such templates do: Gemma's refuses a system message, and calls the assistant "model".
REFUSES_SYSTEM = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{{- '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}
{{- message['content'] | trim + '<end_of_turn>\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""


def test_a_conversation_becomes_the_text_that_the_model_continues() -> None:
    template = ChatTemplate(CHAT_TEMPLATE)
    assert not template.folds_system
    assert template.render(TALK) == (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello.<|im_end|>\n"
        "<|im_start|>assistant\nGood day.<|im_end|>\n<|im_start|>user\nHow are you?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_template_that_refuses_a_system_message_gets_it_with_the_first_words_of_the_user() -> None:
    template = ChatTemplate(REFUSES_SYSTEM, {"bos_token": "<bos>"})
    rendered = template.render(TALK)
    assert template.folds_system
    assert rendered.startswith("<bos><start_of_turn>user\nBe kind.\n\nHello.<end_of_turn>\n<start_of_turn>model\nGood")
    assert rendered.endswith("How are you?<end_of_turn>\n<start_of_turn>model\n")
    assert template.render((HELLO,)).startswith("<bos><start_of_turn>user\nHello.<end_of_turn>")


def test_a_template_that_leaves_the_system_message_out_gets_it_with_the_first_words_of_the_user() -> None:
    template = ChatTemplate("{% for m in messages if m.role != 'system' %}{{ m.content }}|{% endfor %}")
    assert template.render(TALK[:2]) == "Be kind.\n\nHello.|"


def test_the_functions_that_templates_expect_are_there() -> None:
    source = (
        "{{ strftime_now('%d %B %Y') }} {{ {'a': '<é>'} | tojson }} {{ [1] | tojson(indent=1) }} "
        "{% for m in messages %}{% if loop.index0 > 5 %}{% break %}{% endif %}"
        "{% generation %}{{ m['content'] }}{% endgeneration %}{% endfor %}"
        "{{ tools is none }} {{ enable_thinking }} {{ unknown is defined }} {{ 'abc' * 2 }}{{ 7 % 4 }}"
    )
    template = ChatTemplate(source, now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    assert template.render((HELLO,)) == '21 November 2026 {"a": "<é>"} [\n 1\n] Hello.True False False abcabc3'


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for m in messages %}{{ m.content }}", "cannot be read"),
        ("{{ nonsense( }}", "cannot be read"),
        ("", "leaves out what the user says"),
        ("{{ messages[0].content.undefined.deeper }}", "failed"),
        ("{{ raise_exception('only for poems') }}", "only for poems"),
        ("{{ messages[0].__class__.__mro__ }}{{ messages[0].content }}", "failed"),
        ("{{ cycler.__init__.__globals__ }}{{ messages[0].content }}", "failed"),
        ("{{ messages.append(1) }}{{ messages[0].content }}", "failed"),
        ("{{ 'a' * 999999999 }}{{ messages[0].content }}", "repeats a text too often"),
        ("{{ 999999999 * 'a' }}{{ messages[0].content }}", "repeats a text too often"),
        ("{{ '%099999999d' % 3 }}{{ messages[0].content }}", "formats text"),
        ("{{ 9 ** 50 ** 50 ** 50 ** 50 }}{{ messages[0].content }}", "power"),
        ("{{ 9 ** 99999999 }}{{ messages[0].content }}", "power"),
        ("{{ 'x'.ljust(999999999) }}{{ messages[0].content }}", "too much at once"),
        (
            "{% set n = namespace(a='x' * 999) %}{% for i in range(30) %}{% set n.a = n.a + n.a %}{% endfor %}",
            "joins texts",
        ),
        ("{{ lipsum(99999) }}{{ messages[0].content }}", "failed"),
        ("{% for i in range(99999) %}{{ messages[0].content }}{% endfor %}", "wrote more than"),
        ("{% for i in range(999999) %}{{ messages[0].content }}{% endfor %}", "failed"),
        ("x" * 300_000, "longer than"),
        ("{{ messages[0].content }}" + "(" * 5000, None),
        ("{{ " + "(" * 5000 + " }}", "cannot be read"),
    ],
)
def test_a_template_that_is_broken_or_means_harm_is_refused_in_words(source: str, reason: str | None) -> None:
    if reason is None:
        assert ChatTemplate(source)
        return
    with pytest.raises(ConfigurationError, match=reason):
        ChatTemplate(source)


HUGE = "{% set b = 'x' * 999999 %}"
SIXTY_TIMES = "{% set n = namespace(a='x' * 999, i=99, l=['x']) %}{% for i in range(60) %}"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (SIXTY_TIMES + "{% set n.a = n.a ~ n.a %}{% endfor %}", "joins texts|too long to be written"),
        (SIXTY_TIMES + "{% set n.a %}{{ n.a }}{{ n.a }}{% endset %}{% endfor %}", "joins texts"),
        (SIXTY_TIMES + "{% set n.i = n.i * n.i %}{% endfor %}", "too large a number"),
        (SIXTY_TIMES + "{% set n.i = n.i ** 8 %}{% endfor %}", "too large a number"),
        (SIXTY_TIMES + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}", "too long to be written"),
        (SIXTY_TIMES + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ n }}", "too long|namespace"),
        (SIXTY_TIMES + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ {1: n.l}.items() }}", "too long to be written"),
        (SIXTY_TIMES + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}", "too long to be written"),
        (SIXTY_TIMES + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ raise_exception(n.l) }}", "too long to be written"),
        (SIXTY_TIMES + "{% set n.l = n.l + ['x' * 999999] %}{% endfor %}", "too much text on its way"),
        (SIXTY_TIMES + "{% set n.l = [n.l, ('x' * 999999)[1:]] %}{% endfor %}", "too much text on its way"),
        (HUGE + "{{ range(9999) | join(b) }}", "joins texts"),
        (HUGE + "{{ b.join(b) }}", "joins texts"),
        (HUGE + "{{ b | replace('x', b) }}", "replaces a text"),
        (HUGE + "{{ b.replace('x', b) }}", "replaces a text"),
        ("{{ 'x\ny' | indent(2000000000) }}", "indents a text too far"),
        ("{{ [1] | tojson(indent=2000000000) }}", "indents a text too far"),
        ("{{ 'x' | center(2000000000) }}", "No filter named 'center'"),
        ("{{ '{:>2000000000}'.format('x') }}", "method format of a text"),
        ("{{ (1).to_bytes(999999, 'big') }}", "method to_bytes"),
        ("{{ strftime_now('%Y' * 9999) }}", "too long a date"),
    ],
)
def test_a_short_template_cannot_fill_the_memory(source: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        ChatTemplate(source + "{{ messages[0].content }}", clock=lambda: 0.0)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{% set c = m(60) %}",
    ],
)
def test_a_loop_that_writes_nothing_is_stopped_and_whoever_traced_the_thread_goes_on(source: str) -> None:
    seconds = itertools.count(step=0.001)
    before = sys.gettrace()
    with pytest.raises(ConfigurationError, match="longer than 2 s"):
        ChatTemplate(source + "{{ messages[0].content }}", clock=lambda: next(seconds))
    assert sys.gettrace() is before


def test_what_templates_do_with_texts_and_lists_is_as_in_jinja() -> None:
    source = (
        "{{ messages[0].content ~ 1 ~ none }} {{ messages[1:] | length }} {{ 'abc'[::-1] }} {{ 'abc'[:2] }} "
        "{{ messages | join('+', attribute='content') }} {{ messages | map(attribute='role') | join(', ') }} "
        "{{ 'a-b-c' | replace('-', '', 1) }} {{ 'a-b'.replace('-', '+') }} {{ ' '.join(['x', 'y']) }} "
        "{{ 'x\n\ny\n' | indent(2, true) }}|{{ 'a</think>b'.split('</think>')[-1] }} {{ {'k': 1}.items() | list }}"
        "{{ {'k': 1} }} {{ ' a ' | trim }}"
    )
    usual = Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)  # noqa: S701 - no HTML is made
    messages = [{"role": message.role, "content": message.text} for message in TALK]
    assert ChatTemplate(source).render(TALK) == usual.render(messages=messages)


def test_a_template_that_takes_too_long_is_stopped_between_two_pieces() -> None:
    seconds = itertools.count()
    with pytest.raises(ConfigurationError, match="longer than 2 s"):
        ChatTemplate("{% for i in range(999) %}.{% endfor %}{{ messages[0].content }}", clock=lambda: next(seconds))


def test_what_it_may_write_grows_with_the_conversation() -> None:
    long = Message(role="user", text="word " * 50_000)
    assert len(ChatTemplate(PLAIN).render((long,))) > 250_000
