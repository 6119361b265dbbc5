"""An index that is killed half-way is whole: what was committed is found, the rest is as if it had never begun."""

import signal
import subprocess
import sys

from core.database import rows
from search import find
from search_samples import PUBLIC, article, index

KILLED = """
import asyncio, os, sys
sys.path[:0] = sys.argv[2].split(":")
from core.database import open_database, transaction, write
from search import analyse, put
from search_samples import article

async def main():
    await open_database(sys.argv[1], ["search"])
    first, half = [await analyse(article(n, f"途中の記事{n}", "書きかけの本文")) for n in (101, 102)]
    async with transaction():
        await put(first)
    async with transaction():
        await put(half)
        await write("DELETE FROM search_posting WHERE channel = 'grams'")
        print("half", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


async def test_an_index_killed_half_way_is_whole(store):
    await index(*(article(n, f"手順{n}", "通知の設定を変更します") for n in range(1, 6)))
    paths = ":".join(path for path in sys.path if path)
    command = [sys.executable, "-c", KILLED, store, paths]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline().strip() == "half"
        other.send_signal(signal.SIGKILL)
        assert other.wait(10) == -signal.SIGKILL
    await index(article(6, "手順6", "通知の設定を変更します"))
    assert (await find("通知の設定", tokens=PUBLIC)).total == 6
    assert [hit.ref.id for hit in (await find("書きかけの本文", tokens=PUBLIC)).hits][:1] == [101]
    assert 102 not in [hit.ref.id for hit in (await find("途中の記事", tokens=PUBLIC)).hits]
    counted = await rows("SELECT count(*) FROM search_posting p JOIN search_document d ON d.id = p.document_id")
    assert counted[0][0] == 3 * 7
