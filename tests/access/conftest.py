"""What the tests of this room share. There are no packages under tests/, so they import what stands beside them."""

import sys
from pathlib import Path

import pytest

from access.sessions import open_session

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def sign_in(web):
    """As the house's own, with a cookie that the house can replace."""

    async def do(person, browser=None):
        from at_the_door import hold

        hold(browser or web, await open_session(person.id))
        return browser or web

    return do
