"""What an empty campaign begins with: a greeting, a button, and what the law wants shown."""

from __future__ import annotations

from campaigns.compose import Draft

JA = """<mjml>
  <mj-body background-color="#f8f7f4" width="600px">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text font-size="16px" line-height="1.8">{{ person.family_name|default('お客') }}さま、こんにちは。</mj-text>
        <mj-text font-size="16px" line-height="1.8">ここに本文を書きます。</mj-text>
        <mj-button background-color="#2b4a8b" href="{{ link('/help') }}">くわしく見る</mj-button>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text font-size="13px">
          このメールは、お知らせを希望された方にお送りしています。
          <a href="{{ unsubscribe_url }}">配信を止める</a></mj-text>
        <mj-text font-size="13px">
          {{ sender.name }}<br />{{ sender.address }}<br />苦情・お問い合わせ：{{ sender.contact }}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
WORDS = {
    "{{ person.family_name|default('お客') }}さま、こんにちは。": "Hello {{ person.given_name|default('there') }},",
    "ここに本文を書きます。": "Write your text here.",
    "くわしく見る": "Read more",
    "このメールは、お知らせを希望された方にお送りしています。": "You get this mail because you asked for our news.",
    "配信を止める": "Unsubscribe",
    "苦情・お問い合わせ：": "Questions and complaints: ",
}


def english(text: str) -> str:
    for japanese, said in WORDS.items():
        text = text.replace(japanese, said)
    return text


def starter(locale: str) -> Draft:
    return Draft("", JA if locale == "ja" else english(JA))
