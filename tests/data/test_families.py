import random

from loanword.data.families import families, linked
from loanword.data.records import Table


def test_families_join_what_is_linked_by_any_of_three():
    table = Table(
        language="en",
        text=["a", "a", "b", "c", "d"],
        label=["x"] * 5,
        id=["", "1", "2", "1", ""],
        group=["", "", "", "g", "g"],
    )
    names = families({"en": table})
    assert names[0] == names[1] == names[3] == names[4]
    assert names[2] != names[0]


def test_what_is_linked_is_what_a_walk_reaches():
    """Against brute force: rows are one family if a walk over shared keys leads from one to the other."""
    rng = random.Random(3)
    for _ in range(30):
        rows = [[rng.randrange(14) for _ in range(rng.randint(1, 3))] for _ in range(12)]
        numbers = linked(rows)
        for start in range(len(rows)):
            reached, todo = {start}, [start]
            while todo:
                here = todo.pop()
                near = {row for row in range(len(rows)) if set(rows[row]) & set(rows[here])} - reached
                reached |= near
                todo += near
            assert {row for row in range(len(rows)) if numbers[row] == numbers[start]} == reached
