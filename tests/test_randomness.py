from __future__ import annotations

import hashlib

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from loanword.randomness import derive, generator, seeded

NAMES = st.lists(st.one_of(st.integers(0, 1000), st.text("abcde", min_size=1, max_size=5)), max_size=3)


@given(st.integers(0, 2**70), NAMES)
def test_derive_is_the_start_of_a_hash(seed, names):
    digest = hashlib.sha256("/".join(map(str, [seed, *names])).encode()).digest()

    assert derive(seed, *names) == int.from_bytes(digest[:8], "little") // 2 < 2**63


def test_streams_are_independent_of_one_another():
    found = {derive(seed, *names) for seed in range(20) for names in (("order", 0), ("order", 1), ("dropout",), ())}

    assert len(found) == 80


def test_generators_of_one_stream_draw_alike_and_others_do_not():
    one, again, other = (generator(1, name).random(5) for name in ("order", "order", "bootstrap"))

    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_seeded_gives_the_streams_numbers_and_leaves_the_outside_alone():
    torch.manual_seed(8)
    expected = torch.rand(2)
    torch.manual_seed(8)

    with seeded(1, "head"):
        inside = torch.rand(2)
    outside = torch.rand(2)
    with seeded(1, "head"):
        assert torch.equal(torch.rand(2), inside)
    with seeded(2, "head"):
        assert not torch.equal(torch.rand(2), inside)

    assert torch.equal(outside, expected)
