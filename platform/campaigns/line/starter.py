"""What an empty LINE side begins with: a greeting, who writes, a link, and how to stop."""

from __future__ import annotations

from campaigns.line.content import Message

JA = """{{ person.family_name|default('お客') }}さま、{{ sender.name }}です。

ここに本文を書きます。
{{ link('/help') }}

配信を止めるには「配信停止」とお送りください。"""
EN = """Hello {{ person.given_name|default('there') }}, this is {{ sender.name }}.

Write your text here.
{{ link('/help') }}

Write “stop” to get no more of these."""


def starter(locale: str) -> tuple[Message, ...]:
    return (Message("text", JA if locale == "ja" else EN),)
