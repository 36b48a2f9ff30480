import json

import pytest

from loanword.search.index import Index
from loanword.search.reader import ask

QUESTION = "which word is last?"


def test_an_answer_out_of_a_folder_or_its_index(call, documents, indexed, tiny_bundle, tiny_folder, tmp_path):
    bundle, folder = tiny_bundle("answers")
    _, index = indexed
    columns = ["--column", "text=words"]
    done = call("ask", folder, QUESTION, "--documents", index, "--top", "2", "--json")
    assert done.exit_code == 0, done.stderr
    row = json.loads(done.stdout)
    (expected,) = ask(bundle, Index.load(index), [QUESTION])
    assert row["question"] == QUESTION
    assert row["answer"] == row["answers"][0]["answer"] == expected[0].text
    assert len(row["answers"]) == 2
    assert row["score"] == pytest.approx(expected[0].score, abs=0.05)
    built = call(
        "ask", folder, QUESTION, "--documents", documents, *columns, "--model", tiny_folder("bert"), "--passages", "2",
        "--output", tmp_path / "o.jsonl",
    )  # fmt: skip
    assert built.exit_code == 0, built.stderr
    written = json.loads((tmp_path / "o.jsonl").read_text(encoding="utf-8"))
    content = (documents / written["document"]).read_text(encoding="utf-8")
    if written["document"].endswith(".txt"):
        assert content[written["start"] : written["end"]] == written["answer"]
    passage = written["passage"]
    assert passage["start"] <= written["start"] < written["end"] <= passage["end"]


def test_for_people_a_line_an_answer(call, indexed, tiny_bundle):
    _, folder = tiny_bundle("answers")
    (line,) = call("ask", folder, QUESTION, "--documents", indexed[1]).stdout.splitlines()
    answer, where, question = line.split("\t")
    assert question == QUESTION
    assert 0 < float(answer.rpartition(" ")[2]) <= 1
    assert where.partition(":")[0] in ("en.txt", "zh.txt", "rows.csv")


def test_what_is_refused(call, documents, indexed, finished, tiny_bundle, tiny_folder, tmp_path):
    _, folder = tiny_bundle("answers")
    (tmp_path / "empty").mkdir()
    for words, code, says in (
        ([finished[1], QUESTION, "--documents", documents], 2, "a bundle of the task answers; this one is of classif"),
        ([folder, "", "--documents", documents], 2, "question number 1: there is no question"),
        ([folder, QUESTION, "--documents", tmp_path / "empty"], 2, "holds no documents"),
        ([folder, QUESTION, "--documents", documents, "--model", tiny_folder("bert")], 3, "rows.csv [text]: LW112"),
        ([folder, QUESTION, "--documents", indexed[1], "--column", "text=words"], 2, "an index has no columns"),
        ([folder, QUESTION], 2, "--documents"),
        (
            [folder, QUESTION, "--documents", documents, "--output", documents / "o.jsonl"],
            2,
            "lies in the folder of --documents; choose another place",
        ),
        ([tmp_path, QUESTION, "--documents", documents], 1, "is no bundle"),
    ):
        told = call("ask", *words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
