"""Documents that the search tests speak of."""

from core.database import rows, transaction, write
from search import Document, analyse, put
from search.asking import Wanted
from search.documents import analyse_now
from search.filters import filter_of
from search.rank import Ranked, rank
from search.snapshot import Row, Snapshot, advance
from search.snapshot import empty as no_snapshot

PUBLIC = frozenset({"public"})


def article(id: int, title: str, body: str = "", **more) -> Document:
    return Document(
        kind="article", id=id, title=title, body=body, **({"audience": PUBLIC, "url": f"/help/{id}"} | more)
    )


HELP = [
    article(
        1,
        "パスワードを忘れたとき",
        "ログイン画面の「パスワードをお忘れの方」を押し、登録したメールアドレスを入力します。",
    ),
    article(
        2,
        "請求書をダウンロードする",
        "管理画面の「お支払い」から請求書のPDFを保存できます。",
        phrasings=("インボイスが欲しい",),
    ),
    article(3, "メンバーを招待する", "設定の「メンバー」から招待メールを送ります。招待は7日間有効です。"),
    article(4, "解約の手続き", "解約は契約更新日の30日前までにお申し込みください。"),
    article(5, "Reset your password", "Open the sign-in page and choose “Forgot password”.", lang="en"),
]


TABLES = (
    "search_vector", "search_posting", "search_document", "search_query", "search_version",
    "search_synonym", "search_stop_word", "search_pin", "search_hide", "search_trust",
)  # fmt: skip


async def empty() -> None:
    for table in TABLES:
        await write(f"DELETE FROM {table}")


async def index(*documents: Document) -> None:
    analysed = [await analyse(document) for document in documents]
    async with transaction():
        for one in analysed:
            await put(one)


def row(document, id=None) -> Row:
    done = analyse_now(document)
    return Row(id or document.id, document.kind, document.id, done.lang, document.brand,
               " ".join(sorted(document.audience)), document.weight, done.rows)  # fmt: skip


def snapshot(documents) -> Snapshot:
    return advance(no_snapshot(), [row(document) for document in documents], ("e", 1))


def ask(where: Snapshot, text: str, tokens=("public",), **more) -> Ranked:
    return rank(where, Wanted(text, filter_of(tokens, **more)))


def ids(ranked: Ranked) -> list[int]:
    return [place.id for place in ranked.places]


async def postings() -> dict[tuple[str, int, str, str], bytes]:
    """(kind, id, lang, channel) → the packed row, of everything in the index."""
    found = await rows("SELECT d.kind, d.ref_id, d.lang, p.channel, p.packed FROM search_posting p"
                       " JOIN search_document d ON d.id = p.document_id")  # fmt: skip
    return {(row[0], row[1], row[2], row[3]): bytes(row[4]) for row in found}


async def as_of_an_older_release() -> None:
    """The index as a release left it that knew words only."""
    await write("UPDATE search_document SET analysis = 0")
    await write("DELETE FROM search_posting WHERE channel <> 'words'")
