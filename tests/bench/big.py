"""A large company made by fast SQL: a million people of 50,000 companies, two million counts, ten million events."""

from __future__ import annotations

import sys
import time
from importlib import import_module

from core.database import dialect, transaction, write
from customers import headcount

# What the triggers would have written.
looked_for = import_module("customers.migrations.0016_people_lookup").select
place_first = import_module("customers.migrations.0017_customer_place").FIRST
people_first = import_module("customers.migrations.0012_people_headcount").FIRST
language_first = import_module("customers.migrations.0023_language_headcount").FIRST
metric_first = import_module("customers.migrations.0020_metric_place").FIRST

PEOPLE, ACCOUNTS, EVENTS = 1_000_000, 50_000, 10_000_000
METRICS = ("signed_in", "report.made", "export.done", "member.invited")

# Half of all people bear one of twenty-five names (佐藤 … each two in a hundred), the others one of 3,600 rare ones.
COMMON = ("佐藤サトウ 鈴木スズキ 高橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 山本ヤマモト 中村ナカムラ 小林コバヤシ"
          " 加藤カトウ 吉田ヨシダ 山田ヤマダ 佐々ササ 山口ヤマグチ 松本マツモト 井上イノウエ 木村キムラ 清水シミズ"
          " 斎藤サイトウ 池田イケダ 橋本ハシモト 阿部アベ 石川イシカワ 前田マエダ 藤田フジタ")  # fmt: skip
KANJI = ("青赤秋浅有飯池石泉磯市稲今岩植上内江遠大岡奥長落小香金神川菊"
         "北倉黒郡坂桜沢塩島杉関瀬園高竹立谷千土寺戸富豊鳥永西野橋浜早")  # fmt: skip
KANA = ("アアアアアイイイイイイイイイウウエエオオオオオカカカカキキキク"
        "クコササササシシスセセソタタタタチツテトトトトナニノハハハハハ")  # fmt: skip
GIVEN = ("陽葵ヒマリ 悠真ユウマ 花子ハナコ 太郎タロウ 美咲ミサキ 健太ケンタ 直樹ナオキ 由美ユミ 拓也タクヤ"
         " 恵子ケイコ")  # fmt: skip
TRADES = "商事 工業 電機 建設 物産 運輸 食品 印刷"


def one_of(text: str, at: str, reading: bool = False) -> str:
    """SQL for one entry of a list: a name of two letters, or the reading behind it."""
    entries = [one[2:] if reading else one[:2] for one in text.split()] if " " in text else list(text)
    width = max(map(len, entries))
    padded = "".join(one.ljust(width, "　") for one in entries)
    return f"rtrim(substr('{padded}', CAST(({at}) % {len(entries)} * {width} + 1 AS integer), {width}), '　')"


def series(most: int) -> str:
    """A table `s(n)` of 1 … most."""
    if dialect() == "postgresql":
        return f"generate_series(1, {most}) AS s(n)"
    return f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {most}) SELECT n FROM c) AS s"


def ago(days: str) -> str:
    if dialect() == "postgresql":
        return f"now() - ({days}) * interval '1 day'"
    return f"strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '-' || ({days}) || ' days')"


def day(days: str) -> str:
    """A date so many days from today; less than zero before it."""
    if dialect() == "postgresql":
        return f"current_date + ({days})"
    return f"date('now', ({days}) || ' days')"


async def fast(statement: str) -> None:
    """Without PostgreSQL's triggers, which are made for thousands of rows in a statement and not for millions."""
    async with transaction():
        if dialect() == "postgresql":
            await write("SET LOCAL session_replication_role = replica")
        await write(statement)


async def fill(people: int = PEOPLE, accounts: int = ACCOUNTS, events: int = EVENTS) -> None:
    text = "TEXT" if dialect() == "sqlite" else "text"
    now, json = ago("0"), "CAST('{}' AS jsonb)" if dialect() == "postgresql" else "'{}'"
    empty = "CAST('[]' AS jsonb)" if dialect() == "postgresql" else "'[]'"
    plan = 'CAST(\'{"plan": "pro"}\' AS jsonb)' if dialect() == "postgresql" else '\'{"plan": "pro"}\''
    yes, no = ("TRUE", "FALSE") if dialect() == "postgresql" else ("1", "0")
    mixed = "n * 7919 % 10007 % 10"  # what is asked for must not stand together in the order of a list
    company = f"{one_of(KANJI, 'n')} || {one_of(KANJI, 'n / 70')} || {one_of(TRADES, 'n')} || n"
    name, kana = (
        f"CASE n % 2 WHEN 0 THEN {one_of(COMMON, 'n / 2', reading)} ELSE {one_of(letters, 'n')} ||"
        f" {one_of(letters, 'n / 70')} END, {one_of(GIVEN, 'n / 7', reading)}"
        for letters, reading in ((KANJI, False), (KANA, True))
    )
    statements = [
        "INSERT INTO account (id, name, name_kana, normal_name, industry, employees, prefecture, address, phone,"
        " website, state, tier, tier_source, tier_reason, expected_ltv, phase, health, health_coverage,"
        f" health_reasons, traits, sources, version, created_at, updated_at) SELECT n, '株式会社' || {company}, '',"
        f" {company}, CASE n % 5 WHEN 0 THEN '食品' ELSE '製造' END, n % 900, '東京都', '', '', '', 'active',"
        f" CASE WHEN {mixed} = 0 THEN 'high' WHEN {mixed} < 4 THEN 'low' ELSE 'tech' END, 'rule', '', n,"
        f" CASE n % 3 WHEN 0 THEN 'onboarding' ELSE 'adoption' END, n % 101, 80, {empty}, {json}, {json}, 1, {now},"
        f" {now} FROM {series(accounts)}",
        "INSERT INTO person (id, kind, family_name, given_name, family_kana, given_kana, handle, honorific, email,"
        " phone, locale, time_zone, state, traits, sources, version, last_seen_at, created_at, updated_at)"
        f" SELECT n, 'customer', {name}, {kana}, '', 'さん', 'p' || n || '@c' || (n % {accounts} + 1) ||"
        " '.example.jp', '', 'ja',"
        f" 'Asia/Tokyo', 'active', CASE n % 4 WHEN 0 THEN {plan} ELSE {json} END, {json}, 1, {ago('n % 400')},"
        f" {ago('400')}, {now} FROM {series(people)}",
        "INSERT INTO membership (person_id, account_id, title, department, is_primary)"
        f" SELECT n, n % {accounts} + 1, '', '', {yes} FROM {series(people)}",
        # One in fifty belongs to two companies, as consultants and people of two entities of one group do.
        "INSERT INTO membership (person_id, account_id, title, department, is_primary)"
        f" SELECT n * 50, (n * 50 + 7) % {accounts} + 1, '', '', {no} FROM {series(people // 50)}",
        "INSERT INTO contract (account_id, product, plan, amount, currency, starts_on, renews_on, ended_on, end_reason,"
        " source, digest, created_at, updated_at) SELECT n, '勤怠', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'basic' END,"
        f" n % 100 * 1000, 'JPY', {day('-(n % 900)')}, {day('n % 365')}, CASE WHEN n % 5 = 0 THEN {day('-(n % 60)')}"
        f" END, '', '', '', {now}, {now} FROM {series(accounts)}",
        "INSERT INTO identity (kind, value, person_id, verified_at, source, created_at)"
        f" SELECT 'user_id', 'u' || n, n, {now}, 'app', {now} FROM {series(people)}",
        *(f"INSERT INTO person_metric (person_id, metric, d7, d30, d90, total, last_at) SELECT n, '{name}',"
          f" n % 4, n % {11 + at} + n % 4, n % {11 + at} + n % 4 + 3, n % {11 + at} + n % 4 + 9, {ago('n % 90')}"
          f" FROM {series(people)} WHERE n % {at + 1} = 0" for at, name in enumerate(METRICS)),
        "INSERT INTO event (message_id, name, kind, person_id, account_id, source, properties, at, received_at)"
        f" SELECT CAST(n AS {text}), CASE n % 4 WHEN 0 THEN 'signed_in' WHEN 1 THEN 'report.made'"
        f" WHEN 2 THEN 'export.done' ELSE 'member.invited' END, 'track', n % {people} + 1,"
        f" n % {people} % {accounts} + 1, 'app', {json}, {ago('(n / 1000) % 90')}, {now} FROM {series(events)}",
        "ANALYZE",
    ]  # fmt: skip
    behind = []
    if dialect() == "postgresql":
        behind = [*people_first, place_first, language_first, metric_first, looked_for("postgres")]
    for statement in [*statements, *behind]:
        began = time.perf_counter()
        await fast(statement)
        print(f"  {statement[:32]}… {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    await headcount.fold()
    if dialect() == "postgresql":
        for table in ("account", "person"):
            await write(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")
        await write("VACUUM FULL person_metric")
        await write("VACUUM ANALYZE")
    wrong = await headcount.differences()
    assert not wrong, wrong
