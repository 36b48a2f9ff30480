import pytest
from tests.corpus import SENTENCES

from loanword.deploy.embedding import embedder
from loanword.errors import DataError, UsageError
from loanword.search import mine as module
from loanword.search.bitext import best_threshold, pairs_of, quality
from loanword.search.mine import mine


@pytest.fixture
def files(tmp_path):
    """English and Russian sentences in different orders, two of them on one side alone; the known pairs."""
    english, russian = list(SENTENCES["en"][:9]), list(SENTENCES["ru"][1:])[::-1]
    (tmp_path / "en.txt").write_text("\n".join(english) + "\n", encoding="utf-8")
    (tmp_path / "ru.txt").write_text("\n".join(russian) + "\n", encoding="utf-8")
    rows = [f"{SENTENCES['en'][row]}\t{SENTENCES['ru'][row]}" for row in range(1, 9)]
    (tmp_path / "known.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(files, tiny_folder):
    def mined(**options):
        options = {"source": {"en": files / "en.txt"}, "target": {"ru": files / "ru.txt"}} | options
        return mine(model=tiny_folder("bert"), **options)

    return mined


def test_files_give_the_pairs_of_their_vectors(call, files, tiny_folder):
    found = call()
    encoder = embedder(tiny_folder("bert"))
    vectors = [encoder.embed(table.text, language=table.language) for table in (found.source, found.target)]
    assert [(one.source, one.target) for one in found.pairs] == [(one.source, one.target) for one in pairs_of(*vectors)]
    assert (found.threshold, found.quality) == (None, None)
    row = found.rows()[0]
    assert row["text"] in SENTENCES["en"]
    assert row["translation"] in SENTENCES["ru"]
    assert found.describe() == {"pairs": len(found.pairs), "threshold": None}


def test_known_pairs_choose_the_threshold(call, files):
    every = call().pairs
    right = {(row, 9 - row) for row in range(1, 9)}
    found = call(gold=files / "known.tsv")
    assert found.threshold == best_threshold(every, right)
    assert [(p.source, p.target) for p in found.pairs] == [
        (p.source, p.target) for p in every if p.score >= found.threshold
    ]
    assert found.quality == quality(found.pairs, right)
    assert set(found.describe()) == {"pairs", "threshold", "precision", "recall", "f1"}


def test_a_threshold_that_is_given_is_kept_and_measured(call, files):
    every = call().pairs
    bound = every[2].score
    found = call(threshold=bound, gold=files / "known.tsv")
    assert found.threshold == bound
    assert len(found.pairs) == 3
    assert found.quality == quality(every[:3], {(row, 9 - row) for row in range(1, 9)})
    assert call(threshold=bound).quality is None


def test_a_sentence_that_stands_there_twice_counts_once(call, files):
    text = (files / "en.txt").read_text(encoding="utf-8")
    (files / "en.txt").write_text("The  KETTLE is still warm\n" + text + text, encoding="utf-8")
    found = call(one_to_one=False)
    assert {one.source for one in found.pairs} <= set(range(10)) - {1}
    assert call(gold=files / "known.tsv").quality.recall > 0


def test_known_pairs_may_be_ids(call, files):
    for tag, rows in (("en", SENTENCES["en"]), ("ru", SENTENCES["ru"])):
        table = "".join(f"{tag}-{number}\t{text}\n" for number, text in enumerate(rows))
        (files / f"{tag}.tsv").write_text(table, encoding="utf-8")
    (files / "ids.tsv").write_text("".join(f"en-{n}\tru-{n}\n" for n in range(10)), encoding="utf-8")
    sides = {
        "source": {"en": files / "en.tsv"},
        "target": {"ru": files / "ru.tsv"},
        "columns": {"id": "1", "text": "2"},
    }
    found = call(gold=files / "ids.tsv", **sides)
    assert found.quality == quality(found.pairs, {(n, n) for n in range(10)})


def test_copies_are_left_out_where_that_is_asked(call, files):
    with (files / "en.txt").open("a", encoding="utf-8") as file:
        file.write("Copyright 2026 the authors of this page\n")
    with (files / "ru.txt").open("a", encoding="utf-8") as file:
        file.write("copyright 2026 the authors of this page\n")
    assert (9, 9) in {(one.source, one.target) for one in call().pairs}
    kept = call(drop_copies=True)
    assert 9 not in {one.source for one in kept.pairs} | {one.target for one in kept.pairs}
    assert len(kept.pairs) > 3


def test_all_problems_of_all_files_at_once(call, files):
    (files / "en.txt").write_bytes(b"fine\nnot \xff so\n")
    (files / "ru.txt").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        call(gold=files / "nowhere.tsv")
    assert [one.code for one in caught.value.problems] == ["LW109", "LW110", "LW101"]


def test_a_known_pair_of_other_sentences(call, files):
    with (files / "known.tsv").open("a", encoding="utf-8") as file:
        file.write("nobody said this\tчайник ещё тёплый\n")
    with pytest.raises(DataError) as caught:
        call(gold=files / "known.tsv")
    said = str(caught.value)
    assert f"known.tsv:9: LW311 'nobody said this' is no sentence of {files / 'en.txt'}" in said
    assert f"known.tsv:9: LW311 'чайник ещё тёплый' is no sentence of {files / 'ru.txt'}" in said


def test_wrong_calls_end_before_a_model_is_loaded(call, files, monkeypatch):
    monkeypatch.setattr(module, "embedder", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(UsageError, match="unknown scoring 'dot'"):
        call(scoring="dot")
    with pytest.raises(UsageError, match="source has 2 languages; give one"):
        call(source={"en": files / "en.txt", "de": files / "en.txt"})
