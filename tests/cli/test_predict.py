import json


def test_texts_files_and_stdin_agree(call, finished, tmp_path):
    _, folder = finished
    texts = ["pizza 水壶还是热的", "чайник ещё тёплый visa"]
    rows = tmp_path / "in.jsonl"
    rows.write_text("".join(json.dumps({"text": text, "id": f"r{n}"}) + "\n" for n, text in enumerate(texts)))
    direct = call("predict", folder, *texts, "--json")
    piped = call("predict", folder, "--json", input="\n".join(texts))
    filed = call("predict", folder, "--input", rows, "--output", tmp_path / "out.jsonl")
    assert direct.exit_code == piped.exit_code == filed.exit_code == 0, direct.stderr + piped.stderr + filed.stderr
    found = [json.loads(line) for line in direct.stdout.splitlines()]
    assert [row["text"] for row in found] == texts
    assert found == [json.loads(line) for line in piped.stdout.splitlines()]
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row.pop("id") for row in written] == ["r0", "r1"]
    assert written == found


def test_top_labels_are_probabilities(call, finished):
    _, folder = finished
    row = json.loads(call("predict", folder, "pizza", "--top", "2", "--json").stdout)
    assert len(row["labels"]) == 2
    assert abs(sum(item["score"] for item in row["labels"]) - 1) < 1e-5
    assert row["labels"][0]["label"] == row["label"]


def test_not_utf8_and_both_inputs(call, finished, tmp_path):
    _, folder = finished
    assert "not UTF-8" in call("predict", folder, input=b"\xff\xfe").stderr
    both = call("predict", folder, "text", "--input", tmp_path / "x.jsonl")
    assert both.exit_code == 2
