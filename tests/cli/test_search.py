import json
import shutil

import pytest

from loanword.search.index import Index
from loanword.search.rerank import rerank


def found(result):
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_typed_piped_and_written_agree(call, indexed, tmp_path):
    _, index = indexed
    queries = ["the kettle is warm", "两只山羊"]
    direct = found(call("search", index, *queries, "--top", "3", "--json"))
    piped = found(call("search", index, "--top", "3", "--json", input="\n".join(queries)))
    call("search", index, *queries, "--top", "3", "--output", tmp_path / "o.jsonl")
    written = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    expected = [[hit.to_dict() for hit in hits] for hits in Index.load(index).search(queries, top=3)]
    assert direct == piped == written
    assert [row["query"] for row in direct] == queries
    for row, hits in zip(direct, expected, strict=True):
        assert [one.pop("score") for one in row["results"]] == pytest.approx(
            [one.pop("score") for one in hits], abs=5e-3
        )
        assert row["results"] == hits


def test_for_people_a_line_a_passage(call, indexed):
    _, index = indexed
    (one,) = call("search", index, "goats", "--top", "1").stdout.splitlines()
    score, where, text = one.split("\t")
    assert 0 < float(score) <= 1
    assert where.count(":") in (1, 2)
    assert text
    several = call("search", index, "goats", "kettle", "--top", "2").stdout.splitlines()
    assert [line for line in several if line.startswith("# ")] == ["# goats", "# kettle"]
    assert len(several) == 6


def test_a_model_of_pairs_puts_them_in_order(call, indexed, tiny_bundle):
    _, index = indexed
    bundle, folder = tiny_bundle("pairs")
    (row,) = found(call("search", index, "goats", "--top", "3", "--rerank", folder, "--candidates", "6", "--json"))
    (expected,) = rerank(bundle, ["goats"], Index.load(index).search(["goats"], top=6))
    assert [one["text"] for one in row["results"]] == [hit.passage.text for hit in expected[:3]]
    assert [one["relevance"] for one in row["results"]] == pytest.approx(
        [hit.relevance for hit in expected[:3]], abs=5e-3
    )
    rows = call("search", index, "goats", "--top", "3", "--rerank", folder, "--candidates", "6").stdout.splitlines()
    shown = [[float(one) for one in line.split("\t")[:2]] for line in rows]
    assert shown == [[round(one["relevance"], 3), round(one["score"], 3)] for one in row["results"]]
    (other, *_) = call("search", index, "goats", "--rerank", folder, "--label", "other").stdout.splitlines()
    assert 0 < float(other.partition("\t")[0]) < 1


def test_what_is_refused(call, indexed, finished, tiny_bundle, tmp_path, tiny_folder):
    _, index = indexed
    broken = shutil.copytree(index, tmp_path / "broken")
    (broken / "passages.jsonl").write_text("{}\n")
    for words, code, says in (
        ([tmp_path, "goats"], 2, "is no index; make one with: loanword index"),
        ([broken, "goats"], 1, "is damaged: passages.jsonl was changed"),
        ([index, ""], 2, "query number 1: there is no query"),
        ([index, "goats", "--model", tiny_folder("xlm-roberta")], 1, "was not made by"),
        ([index, "goats", "--rerank", finished[1]], 2, "a bundle of the task pairs; this one is of classification"),
        (
            [index, "goats", "--rerank", tiny_bundle("pairs")[1], "--label", "x"],
            2,
            "no class 'x'; it has: other, relevant",
        ),
        ([index, "goats", "--label", "relevant"], 2, "give both"),
        ([index, "goats", "--output", index / "passages.jsonl"], 2, "is a bundle or an index, which it would damage"),
        ([index, "goats", "--output", tmp_path / "x.csv"], 2, "give a name that ends in .jsonl"),
    ):
        told = call("search", *words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
