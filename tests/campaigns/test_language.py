"""What a template may say, and that nothing else gets through."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.compose import Draft, Mistakes, Templates, compiled
from campaigns.language import HTML, PLAIN_TEXT, Missed, TooMuch, problems_in, rendered
from campaigns.mjml import compile_mjml
from campaigns.plaintext import text_of
from campaigns.variables import BASE, Schema, sample_values
from core.context import here
from core.settings import read_settings, use
from shared_data import shared_data

SCHEMA = Schema(BASE.groups | {"account": BASE.groups["account"] | {"tags", "closing_day"}}, BASE.alone,
                frozenset({"account.tags"}))  # fmt: skip


@pytest.fixture(autouse=True)
def japanese():
    use(read_settings({}, secret_key="x" * 40))
    here().language = "ja"


def sentences(source: str) -> list[str]:
    return [one.sentence for one in problems_in(source, "body", SCHEMA)]


def test_a_misspelt_name_is_told_with_line_and_suggestion():
    assert sentences("a\nb\n{{ person.nmae }}さん") == ["3行目 11文字目：nmae はありません。name ですか。"]
    assert sentences("{{ persn.name }}") == ["1行目 4文字目：persn はありません。person ですか。"]
    assert sentences("{% if account.tier == 'tech' %}{{ account.name }}{% else %}{{ link('/help') }}{% endif %}") == []
    assert sentences("{% for tag in account.tags %}{{ tag|upper }}{{ loop.index }}{% endfor %}") == []


FORBIDDEN = [
    "{{ ''.__class__ }}", "{{ person.__class__.__mro__ }}", "{{ person['__class__'] }}", "{{ person.items() }}",
    "{{ 'a' * 10000000 }}", "{{ 2 ** 9999 }}", "{{ '%s' % person.name }}", "{{ 9 // 2 }}", "{{ 'a'.center(9999999) }}",
    "{% for x in range(10) %}{% endfor %}", "{% for a in account.tags %}{% for b in account.tags %}"
    "{% for c in account.tags %}{% endfor %}{% endfor %}{% endfor %}", "{% macro m() %}{% endmacro %}",
    "{% import 'x' as y %}", "{% include 'x' %}", "{% extends 'x' %}", "{% block b %}{% endblock %}", "{% set x = 1 %}",
    "{{ person.name|safe }}", "{{ person.name|attr('x') }}", "{{ person|pprint }}", "{{ person.name|format(1) }}",
    "{{ person.name|replace('a', 'b') }}", "{{ lipsum() }}", "{{ cycler }}", "{{ self }}", "{{ config }}",
    "{{ link(person.name) }}", "{{ link('a', 'b') }}", "{{ link }}()", "{{ person.name[0:1] }}", "{{ [1,2][0] }}",
    "{{ {'a': 1} }}", "{% with x = 1 %}{% endwith %}", "{% filter upper %}x{% endfilter %}", 
    "{% call x() %}{% endcall %}",
    "{% autoescape false %}x{% endautoescape %}", "{{ person.name", "{% if %}", "{% for x in %}",
    "{{ link.__globals__ }}",
    "{{ (person).name.upper }}", "{{ account.tags|join(',')|center(99) }}", "{{ today.year }}",
]  # fmt: skip


@pytest.mark.parametrize("source", FORBIDDEN)
def test_what_is_not_listed_is_refused(source):
    assert sentences(source)


@pytest.mark.data
def test_published_template_injections_are_refused_or_plain_text():
    """Every payload of PayloadsAllTheThings in subject, text and body: refused at saving, or printed as it is."""
    folder = shared_data("hostile/patt") / "Server Side Template Injection"
    text = "\n".join(path.read_text(errors="replace") for path in folder.rglob("*.md"))
    payloads = {line.strip() for line in text.splitlines() if re.search(r"\{\{|\{%|\$\{|<%|#\{", line)}
    payloads |= set(re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text))
    assert len(payloads) > 100
    for payload in payloads:
        if sentences(payload):
            continue
        said = rendered(PLAIN_TEXT.from_string(payload), sample_values() | {"link": str})
        assert "class" not in said.replace(payload, "") and "root:" not in said


@pytest.mark.data
def test_naughty_strings_as_values_are_escaped_in_html_and_whole_in_text():
    naughty = json.loads((shared_data("hostile/blns") / "blns.json").read_text())
    html, plain = HTML.from_string("<p>{{ person.name }}</p>"), PLAIN_TEXT.from_string("{{ person.name }}")
    for one in naughty:
        values = {"person": {"name": one}}
        assert rendered(plain, values) == one
        assert "<" not in rendered(html, values)[3:-4]


def test_running_is_bounded_in_time_and_length():
    tags = ["x" * 1000] * 100
    source = "{% for a in account.tags %}{% for b in account.tags %}{{ a }}{{ b }}{% endfor %}{% endfor %}"
    assert sentences(source) == []
    began = time.monotonic()
    with pytest.raises(TooMuch):
        rendered(PLAIN_TEXT.from_string(source), {"account": {"tags": tags}})
    assert time.monotonic() - began < 2


def test_missing_values_are_mistakes_only_when_printed():
    values = {"person": {}, "account": {}}
    said = rendered(
        PLAIN_TEXT.from_string("{% if person.name %}a{% endif %}{{ person.name|default('お客さま') }}"), values
    )
    assert said == "お客さま"
    with pytest.raises(Missed) as missed:
        rendered(PLAIN_TEXT.from_string("{{ person.family_name }}"), values)
    assert missed.value.name == "family_name"


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_source_breaks_the_checker_or_the_compiler(source):
    problems_in(source, "body", SCHEMA)
    compile_mjml(source)


MJML = "<mj-section><mj-column>{}</mj-column></mj-section>"


@pytest.mark.parametrize("body", [
    "<mj-text><a href=\"{{ person.name }}\">x</a></mj-text>", "<mj-text>{{ person.name }}</mj-text>{{ person.name }}",
    "<mj-raw><script>alert(1)</script></mj-raw>", "<mj-text onclick=\"x\">x</mj-text>",
    "<mj-include path=\"/etc/passwd\" />",
    "<mj-text color=\"{{ person.name }}\">x</mj-text>", "<mj-txt>x</mj-txt>", "<mj-text>x", "words",
    "<mj-raw><iframe src=\"https://e.example\"></iframe></mj-raw>",
    "<mj-text><a href=\"javascript:alert(1)\">x</a></mj-text>",
])  # fmt: skip
def test_mjml_that_would_lose_or_endanger_something_is_refused(body):
    made, found = compile_mjml(MJML.format(body))
    assert made is None
    assert found


def test_tags_survive_mjml_where_they_stand():
    body = ("<mj-text>{% if account.employees < 5 and person.name != \"<b>\" %}少{% endif %}</mj-text>"
            "{% if account.tier == \"tech\" %}<mj-text>技</mj-text>{% endif %}")  # fmt: skip
    made, found = compile_mjml(MJML.format(body))
    assert found == []
    assert '{% if account.employees < 5 and person.name != "<b>" %}少{% endif %}' in made.html
    assert '{% if account.tier == "tech" %}<tr>' in made.html


def test_a_draft_says_every_mistake_at_once():
    with pytest.raises(Mistakes) as mistakes:
        compiled(Draft("{{ person.nam }}", MJML.format("<mj-text>{{ acount.name }}</mj-text>"), "", "{{ x }}"), BASE)
    assert {one.part for one in mistakes.value.problems} == {"subject", "body", "text"}


def test_the_text_part_is_made_from_the_html():
    content = compiled(Draft("題", MJML.format("<mj-text>一<br />二 &amp; 三</mj-text>"
                             "<mj-button href=\"{{ link('/help') }}\">見る</mj-button>")), BASE)  # fmt: skip
    assert "一\n二 & 三" in content.plain
    assert "見る\n{{ link('/help') }}" in content.plain
    said = Templates("題", content.html, content.plain).render({"link": lambda _t: "https://e.example/?a=1&b=2"})
    assert "https://e.example/?a=1&b=2" in said[1]
    assert "a=1&amp;b=2" in said[2]
    assert text_of("<style>x</style><p>a</p><p>b</p>") == "a\n\nb\n"
