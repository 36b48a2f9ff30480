"""The table against Python's own set, also where all keys want one place."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loanword.data.corpus.keys import Keys

TOP = 2**64 - 1


@given(st.lists(st.one_of(st.integers(1, 40), st.integers(TOP - 40, TOP), st.integers(1, TOP)), max_size=300))
def test_it_is_a_set(keys):
    table, known = Keys(), set()
    for key in keys:
        assert (key in table) == (key in known)
        assert table.add(key) == (key not in known)
        known.add(key)
    assert len(table) == len(known)
    assert all(key in table for key in known)


def test_many_keys_and_few_bytes():
    rng = np.random.default_rng(0)
    keys = rng.integers(1, TOP, size=60_000, dtype=np.uint64, endpoint=True).tolist()
    table = Keys()
    assert all(table.add(key) for key in keys)
    assert not any(table.add(key) for key in keys)
    assert not any(key in table for key in rng.integers(1, TOP, size=5000, dtype=np.uint64).tolist())
    table, sizes = Keys(), []
    for count, key in enumerate(keys, start=1):
        table.add(key)
        if count > 10_000:
            sizes.append(table.nbytes / count)
    assert 9.9 < min(sizes) < max(sizes) < 12.6


def test_keys_that_all_want_one_place_at_either_end():
    for keys in (range(1, 1200), range(TOP - 1199, TOP)):
        table = Keys()
        assert all(table.add(key) for key in keys)
        assert all(key in table for key in keys)
        assert not table.add(keys[600])
        assert 2**63 not in table
        assert len(table) == len(keys)


def test_nothing_is_taken_for_one():
    table = Keys()
    assert 0 not in table
    assert table.add(0)
    assert 1 in table
    assert not table.add(1)


def test_while_it_grows_it_takes_about_twice_as_much():
    keys = iter(np.random.default_rng(1).integers(1, TOP, size=200_000, dtype=np.uint64).tolist())
    table = Keys()
    while table.nbytes < 1e6:
        table.add(next(keys))
    before = table.nbytes
    tracemalloc.start()
    try:
        while table.nbytes == before:
            table.add(next(keys))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert table.nbytes < peak < 2.3 * table.nbytes
