import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.search import store as module
from loanword.search.passages import Passage
from loanword.search.store import Stored, write_passages, write_vectors

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9), min_size=1, max_size=9)


@pytest.mark.parametrize("block", [3, 2**24])
@given(texts=TEXTS)
def test_passages_are_read_one_by_one_as_they_were_written(tmp_path_factory, block, texts):
    """Whatever is in them: line ends of any kind, control characters, any script."""
    path = tmp_path_factory.mktemp("stored") / "p.jsonl"
    passages = [Passage(f"{text}.txt", row, row + len(text), text, line=row) for row, text in enumerate(texts)]
    write_passages(passages, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        stored = Stored(path)
    assert len(stored) == len(passages)
    assert list(stored) == passages
    assert [stored[row] for row in reversed(range(len(stored)))] == passages[::-1]


def test_vectors_are_made_in_parts_and_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 4)
    passages = [Passage("a", row, row + 1, "x") for row in range(10)]
    write_passages(passages, tmp_path / "p.jsonl")
    asked = []

    def vectors(some):
        asked.append(len(some))
        return np.array([[one.start, 1.0] for one in some])

    made = write_vectors(Stored(tmp_path / "p.jsonl"), tmp_path / "v.npy", width=2, vectors=vectors)
    assert asked == [4, 4, 2]
    assert np.array_equal(made[:, 0], np.arange(10))
    again = np.load(tmp_path / "v.npy")
    assert again.dtype == np.float16
    assert np.array_equal(again, made)
