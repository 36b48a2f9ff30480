"""All tables of a run: every problem at once, and a dev part off the training rows."""

from collections import Counter

import pytest

from loanword.config import DataSettings
from loanword.data import gather as module
from loanword.data.gather import gather
from loanword.data.records import Table
from loanword.data.shapes.labelled_text import LABELLED_TEXT, PLAIN_TEXT
from loanword.data.shapes.many_labels import MANY_LABELS
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.errors import ConfigError, DataError, UsageError


def settings(**values):
    return DataSettings(
        **{name: ({t: str(s) for t, s in v.items()} if isinstance(v, dict) else v) for name, v in values.items()}
    )


def rows(count, *, group=None):
    found = [{"text": f"text {row}", "label": "ab"[row % 2], "id": str(row)} for row in range(count)]
    return found if group is None else [{**row, "group": group(number)} for number, row in enumerate(found)]


def test_problems_of_all_files_in_one_error(tmp_path, write_jsonl):
    good = write_jsonl(tmp_path / "good.jsonl", rows(4))
    empty = write_jsonl(tmp_path / "empty-text.jsonl", [{"text": " ", "label": "a"}, {"text": "x"}])
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "x", "label": "a"}\nnonsense\n')
    with pytest.raises(DataError) as caught:
        gather(
            settings(train={"en": good, "de": empty}, dev={"en": broken}, test={"fr": tmp_path / "absent.jsonl"}),
            shape=LABELLED_TEXT,
            seed=0,
        )
    found = {(problem.path.rsplit("/", 1)[-1], problem.line) for problem in caught.value.problems}
    assert {("empty-text.jsonl", 1), ("empty-text.jsonl", 2), ("broken.jsonl", 2), ("absent.jsonl", 0)} <= found
    assert not any(name == "good.jsonl" for name, _ in found)


def test_tables_land_where_they_belong(tmp_path, write_jsonl):
    files = {
        name: write_jsonl(tmp_path / f"{name}.jsonl", rows(count)) for name, count in (("a", 5), ("b", 3), ("c", 2))
    }
    found = gather(
        settings(train={"en": files["a"]}, dev={"en": files["b"]}, test={"de": files["c"], "en": files["b"]}),
        shape=LABELLED_TEXT,
        seed=0,
    )
    sizes = {split: {tag: len(table) for tag, table in tables.items()} for split, tables in found.items()}
    assert sizes == {"train": {"en": 5}, "dev": {"en": 3}, "test": {"de": 2, "en": 3}}
    assert found["test"]["de"].language == "de"
    assert found["train"]["en"].origin == str(files["a"])


def test_tables_without_rows_are_refused():
    full = Table(language="en", text=["a", "b"], label=["x", "y"])
    empty = Table(language="de", text=[], label=[])
    with pytest.raises(DataError, match=r"LW111 there are no rows\. Leave de out"):
        gather(settings(), shape=LABELLED_TEXT, seed=0, tables={"train": {"en": full}, "test": {"de": empty}})


def test_a_column_map_is_for_files_and_not_for_built_in_data(tmp_path, write_jsonl):
    file = write_jsonl(tmp_path / "x.jsonl", [{"body": f"t{i}", "label": "ab"[i % 2]} for i in range(4)])
    built_in, columns = {"de": "builtin:home-assistant"}, {"text": "body"}
    found = gather(settings(train={"en": file}, test=built_in, columns=columns), shape=LABELLED_TEXT, seed=0)
    assert len(found["test"]["de"]) > 60
    with pytest.raises(ConfigError, match="leave out columns"):
        gather(settings(test=built_in, columns=columns), shape=LABELLED_TEXT, seed=0)


def test_columns_are_passed_on(tmp_path, write_jsonl):
    file = write_jsonl(tmp_path / "x.jsonl", [{"body": f"t{i}", "label": "a"} for i in range(3)])
    found = gather(settings(test={"en": file}, columns={"text": "body"}), shape=LABELLED_TEXT, seed=0)
    assert found["test"]["en"].text == ["t0", "t1", "t2"]


def test_dev_is_held_out_of_train_by_group(tmp_path, write_jsonl):
    file = write_jsonl(tmp_path / "x.jsonl", rows(200, group=lambda number: f"g{number // 4}"))
    german = [{**row, "text": f"Satz {row['id']}", "id": f"de-{row['id']}"} for row in rows(60)]
    other = write_jsonl(tmp_path / "y.jsonl", german)
    chosen = settings(train={"en": file, "de": other}, dev_fraction=0.2)
    found = gather(chosen, shape=LABELLED_TEXT, seed=3)
    train, dev = found["train"]["en"], found["dev"]["en"]
    assert len(train) + len(dev) == 200
    assert len(dev) == pytest.approx(40, abs=10)
    assert not set(train.group) & set(dev.group)
    assert sorted(train.text + dev.text) == sorted(row["text"] for row in rows(200))
    assert len(found["dev"]["de"]) == pytest.approx(12, abs=4)
    assert gather(chosen, shape=LABELLED_TEXT, seed=3) == found
    assert gather(chosen, shape=LABELLED_TEXT, seed=4)["dev"]["en"] != dev


def test_given_dev_leaves_train_whole(tmp_path, write_jsonl):
    file = write_jsonl(tmp_path / "x.jsonl", rows(50))
    found = gather(settings(train={"en": file, "de": file}, dev={"en": file}), shape=LABELLED_TEXT, seed=0)
    assert (len(found["train"]["en"]), len(found["train"]["de"]), list(found["dev"])) == (50, 50, ["en"])
    none = gather(settings(train={"en": file}, dev_fraction=0), shape=LABELLED_TEXT, seed=0)
    assert (len(none["train"]["en"]), none["dev"]) == (50, {})


def labelled(counts, *, tag="en", size=1):
    """A table of ("label", families) with `size` rows a family."""
    rows = [(label, family, row) for label, count in counts.items() for family in range(count) for row in range(size)]
    return Table(
        language=tag,
        text=[f"{tag} {label} {family} {row}" for label, family, row in rows],
        label=[label for label, _, _ in rows],
        group=[f"{tag}{label}{family}" for label, family, _ in rows],
    )


def held_out(tables, *, share, seed=0):
    return gather(DataSettings(dev_fraction=share), shape=LABELLED_TEXT, seed=seed, tables={"train": tables})


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("size", [1, 3])
def test_a_label_of_one_family_costs_nothing_but_itself(share, size):
    """Beside well-filled labels some have one family, which stays in training; the share is held out of the others."""
    for seed in range(10):
        tables = {"en": labelled({"a": 60, "b": 30, "c": 8, **{f"only{n}": 1 for n in range(12)}}, size=size)}
        found = held_out(tables, share=share, seed=seed)
        train, dev = found["train"]["en"], found["dev"]["en"]
        assert set(train.label) == set(tables["en"].label)
        assert len(train) + len(dev) == len(tables["en"])
        assert not set(train.group) & set(dev.group)
        assert len(dev) / len(tables["en"]) == pytest.approx(share, rel=0.15, abs=0.6 * size / len(tables["en"]))
        assert not any(label.startswith("only") for label in dev.label)


def test_many_rare_labels_still_give_the_share_asked_for():
    """Each label alone is due less than half a family; all together are due a tenth."""
    tables = {"en": labelled({f"l{number}": 3 for number in range(60)}, size=2)}
    for seed in range(10):
        found = held_out(tables, share=0.1, seed=seed)
        assert len(found["dev"]["en"]) == pytest.approx(36, abs=4)
        assert len(set(found["train"]["en"].label)) == 60


def test_each_language_keeps_its_labels():
    """German has one family of "b", with an English row in it: English could spare it, German cannot."""
    english, german = labelled({"a": 40, "b": 20}), labelled({"a": 40, "b": 1}, tag="de")
    german.group[-1] = "enb0"
    for seed in range(20):
        found = held_out({"en": english, "de": german}, share=0.3, seed=seed)
        for tag, table in (("en", english), ("de", german)):
            assert set(found["train"][tag].label) == set(table.label)
            assert len(found["dev"][tag]) > 5
        assert "enb0" in found["train"]["en"].group


def test_where_training_needs_every_family_there_is_no_dev():
    for seed in range(5):
        assert held_out({"en": labelled({"a": 1, "b": 1, "c": 1}, size=9)}, share=0.2, seed=seed)["dev"] == {}
        found = held_out({"en": labelled({"a": 1, "b": 2}, size=9)}, share=0.4, seed=seed)
        assert set(found["dev"]["en"].label) == {"b"}


@pytest.mark.parametrize("groups", [lambda number: "one", lambda number: "same"])
def test_a_table_of_one_group_stays_whole(tmp_path, write_jsonl, groups):
    file = write_jsonl(tmp_path / "x.jsonl", rows(20, group=groups))
    single = write_jsonl(tmp_path / "y.jsonl", rows(1))
    found = gather(settings(train={"en": file, "de": single}), shape=LABELLED_TEXT, seed=0)
    assert (len(found["train"]["en"]), len(found["train"]["de"]), found["dev"]) == (20, 1, {})


def test_hub_and_builtin_are_asked_for_the_split_of_their_place(monkeypatch):
    asked = []

    def fake(source, *, language, shape, columns, split):
        asked.append((source, language, split))
        return Table(language=language, text=["x", "y"], label=["a", "b"])

    monkeypatch.setattr(module, "read", fake)
    sources = {"en": "hub:o/n", "de": "hub:o/n:conf@extra", "fr": "builtin:home-assistant", "it": "it.csv"}
    sources["es"] = "builtin:home-assistant@train"
    gather(settings(train=sources, dev=sources, test=sources), shape=LABELLED_TEXT, seed=0)
    assert {(source, split) for source, _, split in asked} == {
        ("hub:o/n", "train"),
        ("hub:o/n", "validation"),
        ("hub:o/n", "test"),
        ("hub:o/n:conf@extra", None),
        ("builtin:home-assistant", "train"),
        ("builtin:home-assistant", "dev"),
        ("builtin:home-assistant", "test"),
        ("it.csv", None),
        ("builtin:home-assistant@train", None),
    }
    assert len(asked) == 15


def test_tables_in_memory_are_taken_as_they_are():
    table = Table(language="en", text=[f"t{i}" for i in range(40)], label=["a", "b"] * 20)
    found = gather(settings(train={"en": "memory"}), shape=LABELLED_TEXT, seed=0, tables={"train": {"en": table}})
    assert len(found["train"]["en"]) == 36
    assert len(found["dev"]["en"]) == 4
    assert table.text[0] == "t0"
    assert len(table) == 40


def test_a_wrong_call_is_a_usage_error(tmp_path, write_jsonl):
    file = write_jsonl(tmp_path / "x.jsonl", rows(3))
    with pytest.raises(UsageError, match="column"):
        gather(settings(train={"en": file}, columns={"txt": "body"}), shape=LABELLED_TEXT, seed=0)


def test_a_wrong_call_hides_no_problem_of_the_data(tmp_path, write_jsonl):
    good = write_jsonl(tmp_path / "good.jsonl", rows(4))
    empty = write_jsonl(tmp_path / "empty.jsonl", [{"text": " ", "label": "a"}])
    chosen = settings(
        train={"en": good, "de": "hub:a/b/c", "fr": empty},
        dev={"it": "builtin:imdb"},
        test={"es": tmp_path / "absent.jsonl", "nl": "hub:a/b/c"},
    )
    with pytest.raises(ConfigError) as caught:
        gather(chosen, shape=LABELLED_TEXT, seed=0)
    malformed, unknown, blank, absent = caught.value.problems
    assert "'hub:a/b/c' is not of the form" in malformed
    assert "unknown data set 'imdb'" in unknown
    assert blank.startswith(f"{empty}:1 [text]: LW210")
    assert "absent.jsonl: LW101" in absent
    assert str(caught.value).startswith("data: 4 problems")


def test_one_label_in_all_training_files_is_bad_data(tmp_path, write_jsonl):
    one = write_jsonl(tmp_path / "one.jsonl", [{"text": f"t{row}", "label": "a"} for row in range(9)])
    two = write_jsonl(tmp_path / "two.jsonl", rows(9))

    def read(*files, shape=LABELLED_TEXT):
        train = dict(zip(("en", "de"), files, strict=False))
        return gather(settings(train=train, test={"fr": one}), shape=shape, seed=0)

    with pytest.raises(DataError) as caught:
        read(one, one)
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [("LW305", str(one))] * 2
    assert "the label 'a' only" in str(caught.value)
    assert read(one, two)["train"]
    assert read(one, shape=PLAIN_TEXT)["train"]
    empty = {"train": {"en": Table(language="en", text=["x"], label=[None])}}
    with pytest.raises(DataError, match="memory: LW305 the training data has no label"):
        gather(settings(), shape=LABELLED_TEXT, seed=0, tables=empty)


def test_no_translation_copy_or_relative_of_a_dev_row_is_trained_on():
    """Two sources with parallel ids, shared groups and copied texts: each must stay on one side, in all languages."""
    tables = {
        tag: Table(
            language=tag,
            text=[f"{tag} text {row // 2 if row % 10 < 4 else row}" for row in range(60)],
            label=[("a", "b")[row % 2] for row in range(60)],
            id=[f"id{row}" for row in range(60)],
            group=[f"g{row // 4}" if row % 2 else "" for row in range(60)],
        )
        for tag in ("en", "de")
    }
    found = gather(DataSettings(dev_fraction=0.2), shape=LABELLED_TEXT, seed=0, tables={"train": tables})

    def values(part, column):
        return {value for table in found[part].values() for value in getattr(table, column) if value}

    assert found["dev"]
    for column in ("text", "id", "group"):
        assert values("train", column)
        assert not values("train", column) & values("dev", column), column
    counted = sum(len(table) for part in ("train", "dev") for table in found[part].values())
    assert counted == 120
    assert {group for table in found["train"].values() for group in table.group} <= {"", *(f"g{n}" for n in range(20))}


def test_what_is_left_out_of_a_file_is_told_of_each(tmp_path):
    (tmp_path / "a.po").write_text('msgid "one"\nmsgstr "eins"\n\nmsgid "two"\nmsgstr ""\n', encoding="utf-8")
    (tmp_path / "b.tsv").write_text("one\teins\n", encoding="utf-8")
    lines = []
    chosen = settings(
        train={"en:de": tmp_path / "a.po"},
        test={"en:de": tmp_path / "b.tsv"},
        columns={"text": "1", "translation": "2"},
    )
    found = gather(chosen, shape=PARALLEL_TEXT, seed=0, tell=lines.append)
    assert [found[part]["en:de"].pair for part in ("train", "test")] == [["eins"], ["eins"]]
    assert lines == [f"train en:de ({tmp_path / 'a.po'}): 1 entry is left out (1 untranslated)"]


def several(labels):
    return Table(language="en", text=[f"text {row}" for row in range(len(labels))], label=labels)


def test_of_rows_with_several_labels_training_keeps_every_label_and_dev_has_the_mix():
    names = [("a",), ("a", "b"), (), ("b", "c")] * 50 + [("a", "rare")]
    for seed in range(5):
        found = gather(
            settings(dev_fraction=0.2), shape=MANY_LABELS, seed=seed, tables={"train": {"en": several(names)}}
        )
        train, dev = found["train"]["en"], found["dev"]["en"]
        assert len(train) + len(dev) == len(names)
        assert len(dev) == pytest.approx(40, abs=4)
        assert ("a", "rare") in train.label
        counts = Counter(name for label in dev.label for name in label or ("",))
        assert {name: counts[name] for name in ("a", "b", "c", "")} == pytest.approx(
            {"a": 20, "b": 20, "c": 10, "": 10}, abs=2
        )


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([("a",)] * 4, "the training data has the label 'a' only"),
        ([("a", "b")] * 4, "the training data has the label 'a' and 'b' only"),
        ([()] * 4, "the training data has no label"),
        ([("a",), ()] * 4, None),
    ],
)
def test_one_label_that_some_rows_have_is_enough_to_tell_apart(labels, says):
    def call():
        return gather(settings(dev_fraction=0), shape=MANY_LABELS, seed=0, tables={"train": {"en": several(labels)}})

    if says is None:
        assert len(call()["train"]["en"]) == len(labels)
        return
    with pytest.raises(DataError, match=f"LW305 {says}"):
        call()
