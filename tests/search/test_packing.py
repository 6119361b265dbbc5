import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.packing import pack, term_hash, unpack

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1, max_size=12)


@given(st.lists(st.lists(words, max_size=20), min_size=1, max_size=4))
def test_what_is_packed_is_unpacked(fields):
    row = unpack(pack(fields, sound_of=str))
    names = row.lines() if len(row.hashes) else []
    assert [term_hash(name) for name in names] == row.hashes.tolist()
    assert row.hashes.tolist() == sorted(row.hashes.tolist())
    for i, field in enumerate(fields):
        assert row.lengths[i] == len(field)
        assert {n: c for n, c in zip(names, row.counts[i].tolist(), strict=True) if c} == {
            f: field.count(f) for f in field
        }


def test_a_count_saturates():
    assert unpack(pack([["a"] * 1000])).counts.tolist() == [[255]]
    assert unpack(pack([["a"] * 1000])).lengths.tolist() == [1000]


def test_another_format_is_refused():
    row = bytearray(pack([["a"]], sound_of=str))
    row[0] = 9
    with pytest.raises(ValueError, match="format"):
        unpack(bytes(row))


def test_hashes_are_the_same_on_every_machine():
    assert term_hash("パスワード") == 7486611892731943192
