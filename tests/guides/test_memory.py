"""What a stranger sends does not stay in our memory."""

from guides import hosts
from guides_parts import a_product, an_author


async def test_variants_of_a_products_key_are_remembered_as_one(web, house):
    await an_author()
    made = await a_product()
    hosts.forget()
    for n in range(5):
        await web.post("/w/session", json={"key": made.key + "\0" * n})
        await web.post("/w/session", json={"key": "nobody" * n})
    assert list(hosts._hosts) == [made.key]
