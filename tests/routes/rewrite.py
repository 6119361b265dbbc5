"""`python tests/routes/rewrite.py` writes expected.csv anew, for review: read the difference before you commit it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "platform")]


async def main() -> int:
    import api_matrix
    from matrix import EXPECTED, table, written

    from app import rooms
    from app.web import make_app
    from core.database import close_database, open_database
    from core.migrating import migrate
    from core.settings import read_settings, use

    with tempfile.TemporaryDirectory() as folder:
        key = "only-for-the-table-of-routes-0123456789"
        settings = use(read_settings({}, secret_key=key, data_dir=folder, url="http://127.0.0.1:8000"))
        rooms.load()
        await open_database(settings.database, rooms.with_models())
        try:
            await migrate(settings.database, rooms.with_models())
            app = make_app(with_runner=False)
            lines, of_api = await table(app), await api_matrix.table(app)
        finally:
            await close_database()
    EXPECTED.write_text(written(lines))
    api_matrix.EXPECTED.write_text(written(of_api, api_matrix.HEAD))
    broken = [one for one in [*lines, *of_api] if any(status.startswith("5") or status == "0" for status in one[4:])]
    for one in broken:
        print("broken:", *one)
    print(f"{len(lines)} lines in {EXPECTED.name}, {len(of_api)} in {api_matrix.EXPECTED.name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
