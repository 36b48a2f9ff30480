import json


def test_a_leak_is_found_and_is_an_error(call, toy_data):
    train = toy_data["train"]["en"]
    done = call("data", "check", f"train:en={train}", f"test:en={train}", "--json")
    assert done.exit_code == 3, done.stderr
    findings = json.loads(done.stdout)
    assert any(item["severity"] == "error" for item in findings)
    told = call("data", "check", f"train:en={train}", f"test:en={train}")
    assert told.exit_code == 3
    assert told.stdout.lstrip().startswith("error")


def test_one_label_only_is_bad_data_everywhere(call, tmp_path, write_jsonl):
    one = write_jsonl(tmp_path / "en.train.jsonl", [{"text": f"row {row}", "label": "a"} for row in range(9)])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[data.train]\nen = "en.train.jsonl"\n', encoding="utf-8")
    for words in (["data", "check", one], ["transfer", "--train", f"en={one}"], ["check", recipe], ["train", recipe]):
        done = call(*words)
        assert done.exit_code == 3, done.output
        assert "LW305" in done.stdout + done.stderr


def test_a_broken_file_is_bad_data(call, tmp_path):
    broken = tmp_path / "en.train.jsonl"
    broken.write_text('{"text": "a", "label": "x"}\nnot json\n')
    done = call("data", "check", broken)
    assert done.exit_code == 3
    assert f"{broken}:2" in done.stderr


def test_what_each_file_was_taken_for_is_on_stderr(call, tmp_path, write_jsonl):
    rows = [{"text": f"row {row} of the file", "label": "ab"[row % 2]} for row in range(12)]
    train = write_jsonl(tmp_path / "en.jsonl", rows)
    test = write_jsonl(tmp_path / "DE.val.jsonl", [{**row, "text": f"Zeile {row['text'][4:6]}"} for row in rows])
    for options in ([], ["--json"]):
        done = call("data", "check", train, test, *options)
        assert done.stderr.splitlines() == [
            f"train en (English): {train}, 12 rows, 2 labels",
            f"dev de (German): {test}, 12 rows, 2 labels",
        ]
    assert json.loads(done.stdout) is not None


def test_an_ambiguous_name_is_a_usage_error(call, tmp_path, write_jsonl):
    path = write_jsonl(tmp_path / "my_data_de.jsonl", [{"text": "x", "label": "a"}])
    done = call("data", "check", path)
    assert done.exit_code == 2
    assert f"write it as train:de={path}" in done.stderr


def test_a_label_forges_no_line(call, tmp_path, write_jsonl):
    label = "b\n  error LW999 test de: forged.\x1b[31m"
    train = write_jsonl(tmp_path / "en.jsonl", [{"text": f"row {row}", "label": "ac"[row % 2]} for row in range(20)])
    test = write_jsonl(tmp_path / "de.test.jsonl", [{"text": f"Zeile {row}", "label": label} for row in range(20)])
    done = call("data", "check", train, test)
    assert done.exit_code == 3
    assert "LW512" in done.stdout
    lines = done.stdout.splitlines()
    assert not any(line.lstrip().startswith("error LW999") for line in lines)
    assert all(line.isprintable() for line in lines)
    broken = tmp_path / "en.csv"
    broken.write_text('text,"a\nb.csv:9: LW999 forged \x1b[31m","a\nb.csv:9: LW999 forged \x1b[31m"\nx,y,z\n')
    done = call("data", "check", broken)
    assert done.exit_code == 3
    assert all(line.isprintable() and not line.startswith("b.csv") for line in done.stderr.splitlines())


def test_files_of_any_task_are_checked(call, tmp_path):
    memory = tmp_path / "memory.tmx"
    units = [("one kettle", "ein Kessel"), ("two kettles", "zwei Kessel"), ("three", "")]
    body = "".join(
        f'<tu><tuv xml:lang="en"><seg>{one}</seg></tuv><tuv xml:lang="de"><seg>{two}</seg></tuv></tu>'
        for one, two in units
    )
    memory.write_text(f'<tmx version="1.4"><body>{body}</body></tmx>', encoding="utf-8")
    done = call("data", "check", "--task", "translation", f"train:en:de={memory}")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == f"train en:de (English → German): {memory}, 2 rows\n"
    assert done.stdout.startswith(f"   info LW517 train en:de ({memory}): 1 entry is left out (1 without de).")
    memory.write_text("<tmx>\n<tu></tmx>", encoding="utf-8")
    done = call("data", "check", "--task", "translation", f"train:en:de={memory}")
    assert done.exit_code == 3
    assert f"{memory}:2: LW119 this is not well-formed XML: mismatched tag" in done.stderr
    tagged = tmp_path / "en.train.conll"
    tagged.write_text("Anna\tB-PER\nsings\tO\n", encoding="utf-8")
    assert f"{tagged}, 1 row\n" in call("data", "check", "--task", "tagging", tagged).stderr
    assert call("data", "check", "--task", "nonsense", tagged).exit_code == 2
    tagged.write_text("Anna\tQ-PER\nsings\tO\n\nBo\tB-PER\n", encoding="utf-8")
    done = call("data", "check", "--task", "tagging", tagged)
    assert done.exit_code == 3
    assert f"{tagged}:1 [tags]: LW312 the tag 'Q-PER'" in done.stderr
