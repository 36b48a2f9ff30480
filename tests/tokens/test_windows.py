import itertools

from hypothesis import given
from hypothesis import strategies as st

from loanword.tokens.windows import windows

SIZES = st.lists(st.integers(0, 9), max_size=60)


@given(SIZES, st.integers(1, 30), st.integers(0, 10))
def test_every_unit_is_answered_for_once_by_a_window_that_holds_it(sizes, room, overlap):
    found = windows(sizes, room=room, overlap=overlap)
    own = [unit for window in found for unit in window.own]
    assert own == list(range(len(sizes)))
    for window in found:
        assert window.start <= min(window.own, default=window.start)
        assert max(window.own, default=window.start - 1) < max(window.end, 1)
        filled = sum(sizes[window.start : window.end])
        assert filled <= room or window.end == window.start + 1


@given(SIZES, st.integers(10, 30), st.integers(0, 8))
def test_neighbours_share_what_fits_the_overlap_and_always_get_on(sizes, room, overlap):
    found = windows(sizes, room=room, overlap=overlap)
    for one, two in itertools.pairwise(found):
        assert one.start < two.start <= one.end < two.end or two.end == len(sizes)
        assert sum(sizes[two.start : one.end]) <= overlap


def test_what_fits_is_one_window():
    (window,) = windows([3, 4, 3], room=10, overlap=5)
    assert (window.start, window.end, window.own) == (0, 3, range(3))
    assert len(windows([], room=10, overlap=5)) == 1
    assert len(windows([3, 4, 4], room=10, overlap=5)) == 2
