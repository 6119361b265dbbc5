"""The kit's gallery has ways, a brand and templates of its own: they must not outlive its tests."""

from __future__ import annotations

import pytest

from core import pages
from core.navigation import navigation


@pytest.fixture
async def house(house):
    """Without what the whole house is furnished with: here rows of `note` are counted."""
    from core.database import write

    await write("DELETE FROM note")
    return house


@pytest.fixture(autouse=True)
def gallery(request):
    if not request.module.__name__.rpartition(".")[2].startswith(("test_kit_pages", "test_kit_browser")):
        yield
        return
    import kit_gallery

    kept_ways, kept = dict(vars(navigation)), (pages._brand, pages._templates)
    navigation.entries = dict(navigation.entries)
    pages._templates = None
    kit_gallery.prepare()
    yield
    vars(navigation).update(kept_ways)
    pages._brand, pages._templates = kept
