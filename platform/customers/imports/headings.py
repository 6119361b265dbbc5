"""Headings that are recognised by themselves, Japanese and English, and what kind of file they make."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.i18n import lazy as _

KINDS = {"accounts": _("Companies"), "people": _("People"), "contracts": _("Contracts"), "purchases": _("Purchases")}

FIELD_LABELS = {
    "source_id": _("The source's own id"), "name": _("Name of the company"), "name_kana": _("Reading"),
    "alias": _("Other name"), "corporate_number": _("Corporate number"), "industry": _("Industry"),
    "employees": _("Employees"), "prefecture": _("Prefecture"), "address": _("Postal address"), "phone": _("Telephone"),
    "website": _("Website"), "csm": _("CSM (e-mail)"), "deputy": _("Deputy (e-mail)"), "phase": _("Phase"),
    "parent": _("Id of the parent company"), "email": _("E-mail address"), "full_name": _("Full name"),
    "family_name": _("Family name"), "given_name": _("Given name"), "family_kana": _("Family name, reading"),
    "given_kana": _("Given name, reading"), "account_id": _("Id of the company"), "title": _("Job title"),
    "department": _("Department"), "locale": _("Language"), "time_zone": _("Time zone"), "handle": _("Shown name"),
    "consent": _("Consent to e-mail"), "product": _("Product"), "plan": _("Plan"), "amount": _("Amount a month"),
    "amount_yearly": _("Amount a year"), "currency": _("Currency"), "seats": _("Seats"), "starts_on": _("Begins"),
    "renews_on": _("Renews"), "ended_on": _("Ended"), "end_reason": _("Why it ended"),
    "end_note": _("Why it ended, in their words"), "person_id": _("Id of the person"),
    "bought_on": _("Bought on"), "paid": _("Amount paid"), "quantity": _("Quantity"),
}  # fmt: skip

CONTACT = ("email", "family_name", "given_name", "full_name", "family_kana", "given_kana", "title", "department")
FIELDS = {
    "accounts": ("source_id", "name", "name_kana", "alias", "corporate_number", "industry", "employees", "prefecture",
                 "address", "phone", "website", "csm", "deputy", "phase", "parent", *CONTACT, "consent"),
    "people": ("source_id", "email", "full_name", "family_name", "given_name", "family_kana", "given_kana", "phone",
               "account_id", "name", "title", "department", "locale", "time_zone", "handle", "consent"),
    "contracts": ("source_id", "account_id", "product", "plan", "amount", "amount_yearly", "currency", "seats",
                  "starts_on", "renews_on", "ended_on", "end_reason", "end_note"),
    "purchases": ("source_id", "email", "person_id", "account_id", "name", "product", "quantity", "paid", "currency",
                  "bought_on"),
}  # fmt: skip
REQUIRED = {
    "accounts": ("name",),
    "people": (),
    "contracts": ("account_id", "starts_on"),
    "purchases": ("paid", "bought_on"),
}

ANY = {
    "name": "会社名 企業名 法人名 商号 取引先名 顧客名 組織名 name company companyname company_name accountname"
    " organization organisation corporatename",
    "name_kana": "フリガナ ふりがな カナ 会社名カナ 会社名フリガナ 商号カナ 法人名カナ "
    "namekana companykana kana reading",
    "alias": "別名 略称 英語名 英文名 旧社名 nameen englishname alias aka shortname tradename",
    "corporate_number": "法人番号 corporatenumber corpno corporateno corpnumber houjinbangou hojinbango companynumber",
    "industry": "業種 業界 industry sector",
    "prefecture": "都道府県 県 住所都道府県 prefecture state",
    "employees": "従業員数 社員数 人数 employees employeecount headcount numberofemployees",
    "address": "住所全て 会社住所 勤務先住所 住所 所在地 本店所在地 本社所在地 address streetaddress location",
    "phone": "会社電話番号 tel会社 会社tel tel1 代表電話 電話 電話番号 tel phone telephone phonenumber",
    "website": "会社url webページ ウェブサイト webサイト ホームページ url website site homepage",
    "csm": "担当csm 担当 担当者 担当者メール csm owner csmemail accountowner",
    "deputy": "副担当 副担当csm deputy backupcsm",
    "phase": "フェーズ 段階 phase stage lifecyclestage",
    "parent": "親顧客id 親会社id 親id parentid parent parentaccountid",
    "email": "emailアドレス 会社メールアドレス メール メールアドレス eメール e-mail email mail emailaddress 電子メール",
    "full_name": "氏名漢字 姓名 氏名 お名前 担当者名 名前 fullname contactname personname contact displayname",
    "family_name": "氏名姓 お名前姓 名前姓 姓 苗字 名字 氏 lastname surname familyname 姓漢字",
    "given_name": "氏名名 お名前名 名前名 名 firstname givenname forename 名漢字",
    "family_kana": "氏名カナ姓 氏名セイ 姓かな セイ 姓カナ 姓フリガナ せい lastnamekana familykana",
    "given_kana": "氏名カナ名 氏名メイ 名かな メイ 名カナ 名フリガナ めい firstnamekana givenkana",
    "title": "役職 肩書 肩書き 職位 title jobtitle position role",
    "department": "部署名漢字 部署 部署名 所属 department division team",
    "locale": "言語 language lang locale",
    "time_zone": "タイムゾーン timezone tz",
    "handle": "表示名 ニックネーム handle nickname",
    "consent": "メルマガ同意 メール同意 メール配信 配信同意 メルマガ オプトイン"
    " optin newsletter emailconsent consent subscribed",
    "product": "プロダクト 製品 製品名 商品 商品名 サービス product service",
    "plan": "プラン プラン名 plan",
    "amount": "月額 金額 契約金額 月額料金 mrr amount monthly price monthlyamount",
    "amount_yearly": "年額 年間金額 arr annual annualamount yearly acv",
    "currency": "通貨 currency",
    "seats": "席数 ライセンス数 アカウント数 契約数 利用人数 seats licenses licences quantity",
    "starts_on": "開始日 契約開始日 利用開始日 契約日 start startdate startson starts startedon contractstart",
    "renews_on": "更新日 契約更新日 次回更新日 renewal renewaldate renewson renews renewalon",
    "ended_on": "終了日 解約日 契約終了日 end enddate endedon ended churnedon churndate canceledon",
    "end_reason": "解約理由 終了理由 churnreason endreason reason cancelreason",
    "end_note": "解約理由の詳細 解約理由詳細 解約の詳細 解約メモ endnote churnnote reasondetail cancelnote",
    "bought_on": "購入日 注文日 受注日 購入日時 注文日時 purchasedate orderdate"
    " purchasedat orderedat boughton ordertime",
    "paid": "購入金額 注文金額 受注金額 支払金額 合計金額 ordertotal orderamount total revenue purchaseamount",
    "quantity": "数量 個数 qty",
}
OWN_ID = "id srcid sourceid externalid uniqueid recordid key no 番号"
ACCOUNT_ID = (
    "顧客id 顧客番号 顧客コード 会社id 取引先id 取引先コード 企業id 得意先コード"
    " accountid customerid companyid customerno clientid"
)
PERSON_ID = (
    "uid 人物id 名刺id 人id 個人id 担当者id ユーザーid ユーザid 会員id 会員番号 会員コード 利用者id 利用者番号 社員id"
    " 社員番号 従業員番号 personid userid contactid memberid memberno"
)
CONTRACT_ID = "契約id 契約番号 契約コード contractid subscriptionid contractno"
PURCHASE_ID = "注文id 注文番号 購入id 購入番号 受注番号 orderid orderno ordernumber purchaseid transactionid"
CARD = "名刺交換日 名刺作成日 名刺登録日 名刺所有者ユーザid 名刺所有者"  # Sansan and Eight: one row a card
PARTS = {"住所市区町村", "住所番地", "住所ビル名"}  # of an address that another column holds whole
_signs = re.compile(r"[\s_\-・./:*※#()\[\]【】]")
_words = {word: field for field, words in ANY.items() for word in words.split()}
CONTRACT_ONLY = {"seats", "starts_on", "renews_on", "ended_on", "end_reason", "end_note", "plan", "amount",
                 "amount_yearly"}  # fmt: skip
ACCOUNT_ONLY = {
    "corporate_number",
    "industry",
    "employees",
    "name_kana",
    "csm",
    "parent",
    "website",
    "alias",
    "prefecture",
}
PERSON_ONLY = {"family_name", "given_name", "family_kana", "given_kana", "full_name", "title", "department", "locale"}


def plain_heading(text: str) -> str:
    """Without blanks, signs and what stands in brackets: 住所(1)［全て］ is 住所."""
    found = unicodedata.normalize("NFKC", text).strip().lower()
    return _signs.sub("", re.sub(r"\(.*?\)|【.*?】|\[.*?\]", "", found) or found)


def whole_heading(text: str) -> str:
    """With the words in brackets, without their numbers: 氏名[姓] is 氏名姓, 住所(1)［全て］ is 住所全て."""
    return _signs.sub("", re.sub(r"\(\d+\)", "", unicodedata.normalize("NFKC", text).strip().lower()))


def how_many_known(cells: Sequence[str]) -> int:
    """How many of these are headings that we know."""
    known = {*_words, *_ids(f"{OWN_ID} {ACCOUNT_ID} {PERSON_ID} {CONTRACT_ID} {PURCHASE_ID} {CARD}")}
    plain = {plain_heading(cell.strip('" ')) for cell in cells if cell.strip() and len(cell) <= 200}
    return len(plain & known)


def _ids(words: str) -> set[str]:
    return set(words.split())


def detect_kind(headings: Sequence[str], names: Sequence[str] = ()) -> str:
    """One of KINDS. `names` are some values under 会社名 / name: do they look like companies?"""
    plain = [plain_heading(heading) for heading in headings]
    fields = {_words[word] for word in plain if word in _words}
    if "bought_on" in fields or set(plain) & _ids(PURCHASE_ID):
        return "purchases"
    if set(plain) & _ids(CONTRACT_ID) or len(fields & CONTRACT_ONLY) >= 2:
        return "contracts"
    if set(plain) & _ids(PERSON_ID) or set(plain) & _ids(CARD) or ("full_name" in fields and "name" not in fields):
        return "people"
    if fields & ACCOUNT_ONLY and "name" in fields:
        return "accounts"
    if {"family_name", "given_name"} & fields or len(fields & PERSON_ONLY) >= 2:
        return "people"
    if "email" in fields and ("name" not in fields or not _look_like_companies(plain, names)):
        return "people"
    return "accounts"


def _look_like_companies(plain: Sequence[str], names: Sequence[str]) -> bool:
    from customers.legal_forms import without_legal_form
    from customers.names import folded

    if "name" not in plain:  # 会社名 and the like say it themselves
        return True
    with_form = sum(1 for name in names if without_legal_form(folded(name)) != folded(name).strip())
    return "srcid" in plain or "address" in plain or with_form * 5 >= max(1, len(names))


def guess_mapping(kind: str, headings: Sequence[str]) -> dict[str, str]:
    """heading → field, each field once; headings that nobody knows are left out."""
    found: dict[str, str] = {}
    for heading in headings:
        field = _field(kind, whole_heading(heading)) or _field(kind, plain_heading(heading))
        if field in FIELDS[kind] and field not in found.values() and whole_heading(heading) not in PARTS:
            found[heading] = field
    if kind == "people" and "full_name" not in found.values() and "family_name" not in found.values():
        for heading, field in found.items():
            if field == "name" and plain_heading(heading) == "name":
                found[heading] = "full_name"
    if {plain_heading(heading) for heading in headings} & _ids(CARD):  # their numbers of companies are nobody else's
        found = {heading: field for heading, field in found.items() if field != "account_id"}
    return found


OWN = {"accounts": ACCOUNT_ID, "people": PERSON_ID, "contracts": CONTRACT_ID, "purchases": PURCHASE_ID}


def _field(kind: str, word: str) -> str:
    if word in _ids(OWN[kind]) or word in _ids(OWN_ID):
        return "source_id"
    if kind != "accounts" and word in _ids(ACCOUNT_ID):
        return "account_id"
    if kind == "purchases" and word in _ids(PERSON_ID):
        return "person_id"
    if kind in {"people", "purchases"} and word in _ids("company 会社 勤務先"):
        return "name"
    found = _words.get(word, "")
    return {"amount": "paid", "starts_on": "bought_on", "seats": "quantity"}.get(found, found) if (
        kind == "purchases") else found  # fmt: skip
