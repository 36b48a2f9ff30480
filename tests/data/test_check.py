"""All checks together, and the command's files."""

import json
import re

import pytest

from loanword.data import check as module
from loanword.data.check import check, check_files
from loanword.data.records import Span, Table
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.errors import ConfigError, DataError, UsageError


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows), encoding="utf-8"
    )
    return str(path)


ROWS = [(f"number {i} of the english sentences", "ab"[i % 2]) for i in range(20)]


def test_nothing_to_say():
    far = {"train": {"en": Table(language="en", text=["one two", "three four"] * 5, label=["a", "b"] * 5)}}
    assert {finding.code for finding in check(far)} == {"LW501"}
    assert check({}) == []
    assert check({"test": {"de": Table(language="de", text=[], label=[])}}) == []


def test_errors_come_first():
    rows = Table(language="en", text=["a b c", "a b c", "d e f", "d e f"], label=["x", "y", "x", "x"])
    assert [finding.severity for finding in check({"train": {"en": rows}})] == ["error", "warning", "warning"]


def test_labels_of_every_kind_can_be_checked():
    """Labels are looked at where they are names; elsewhere nothing is said of them."""
    texts = [f"{word} number {row}" for row, word in enumerate(["kettle", "goat", "violin", "harbour"] * 6)]

    def found(labels):
        table = Table(language="en", text=texts, label=labels, id=[f"s{row}" for row in range(len(texts))])
        return {finding.code for finding in check({"train": {"en": table}})}

    assert found([("a", "b"), ("b",), (), None] * 6) == set()
    assert found([("a", "b"), ("b",), (), ("c",)] * 5 + [("a",), ("b",), (), ("rare",)]) == {"LW511"}
    assert found([(Span(0, 6, "x"),), (), (Span(0, 4, "y"),), ()] * 6) == set()
    assert found([0.5, 1.0, 2.5, 3.0] * 6) == set()


def test_an_unknown_role():
    with pytest.raises(UsageError, match="unknown role 'eval'"):
        check({"eval": {}})


@pytest.mark.parametrize(
    ("name", "role", "language"),
    [
        ("en.train.jsonl", "train", "en"),
        ("test.de.jsonl", "test", "de"),
        ("zho_Hans.validation.jsonl", "dev", "zh"),
        ("pt-BR_test.jsonl", "test", "pt-BR"),
        ("fi/test.jsonl", "test", "fi"),
        ("test/fi.jsonl", "test", "fi"),
        ("fr.jsonl", "train", "fr"),
        ("corpus-hu-dev.jsonl", "dev", "hu"),
        ("val_de.jsonl", "dev", "de"),
        ("valid-de.jsonl", "dev", "de"),
        ("raw.de.jsonl", "train", "de"),
        ("all-de.jsonl", "train", "de"),
        ("de.my_data.jsonl", "train", "de"),
        ("DE.test.jsonl", "test", "de"),
        ("EN.jsonl", "train", "en"),
        ("TEST_De.jsonl", "test", "de"),
        ("pt-br.test.jsonl", "test", "pt-BR"),
        ("my_pt_br.jsonl", None, "Burmese (my) or Portuguese (Brazil) (pt-BR)"),
        ("test_zh_CN.jsonl", "test", "zh-CN"),
        ("zh-Hant.jsonl", "train", "zh-Hant"),
        ("train-sr_Latn.jsonl", "train", "sr-Latn"),
        ("es_419.jsonl", "train", "es-419"),
        ("ko_KR.jsonl", "train", "ko-KR"),
        ("TEST/fi.jsonl", "test", "fi"),
    ],
)
def test_role_and_language_are_read_off_the_name(tmp_path, name, role, language):
    if role is None:
        with pytest.raises(UsageError, match=re.escape(language)):
            check_files([write(tmp_path / name, ROWS)])
        return
    path = write(tmp_path / name, [("same text", "a"), ("same text", "a")])
    (finding, *_) = [f for f in check_files([path]) if f.code == "LW501"]
    assert finding.place == f"{role} {language} ({path})"
    assert finding.rows == (2,)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_data_de.jsonl", "could be in German (de) or Burmese (my) by its name; write it as train:de="),
        ("new_de.jsonl", "could be in German (de) or Newari (new)"),
        ("en-de.test.jsonl", "could be in German (de) or English (en) by its name; write it as test:de="),
        ("train_test.de.jsonl", "could be test or train data by its name; write it as test:lang="),
        ("val.all.jsonl", "cannot be told from its name; write it as dev:de="),
        ("raw.jsonl", "cannot be told from its name; write it as train:de="),
        ("größe.jsonl", "cannot be told from its name"),
    ],
)
def test_a_name_that_could_mean_two_things_is_refused(tmp_path, name, said):
    path = write(tmp_path / "DATA" / name, ROWS)
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        check_files([path])
    remedy = re.search(r"write it as (\S+)$", str(caught.value))
    assert remedy
    assert check_files([remedy[1].replace("lang=", "de=")]) is not None


def test_what_each_file_was_taken_for_is_told(tmp_path):
    told = []
    train = write(tmp_path / "EN.jsonl", ROWS)
    check_files([train, f"val:pt_br={train}"], tell=told.append)
    assert told == [
        f"train en (English): {train}, 20 rows, 2 labels",
        f"dev pt-BR (Portuguese (Brazil)): {train}, 20 rows, 2 labels",
    ]


def test_data_sets_give_the_split_of_their_role(monkeypatch):
    asked = []

    def fake(source, *, language, shape, columns, split):
        asked.append((source, language, split))
        return Table(language=language, text=["a b", "c d"], label=["x", "y"])

    monkeypatch.setattr(module, "read", fake)
    files = ["test:de=builtin:home-assistant", "dev:fr=builtin:home-assistant", "dev:it=hub:o/n", "pl=hub:o/n@test"]
    check_files([*files, "test:es=builtin:home-assistant@train", "ru=builtin:home-assistant"])
    assert asked == [
        ("builtin:home-assistant", "de", "test"),
        ("builtin:home-assistant", "fr", "dev"),
        ("hub:o/n", "it", "validation"),
        ("hub:o/n@test", "pl", None),
        ("builtin:home-assistant@train", "es", None),
        ("builtin:home-assistant", "ru", "train"),
    ]
    with pytest.raises(UsageError, match="the language of 'hub:o/de' cannot be told"):
        check_files(["hub:o/de"])


def test_a_bundled_data_set_is_checked_under_its_role():
    pytest.importorskip("home_assistant_intents")
    told = []
    check_files(["test:de=builtin:home-assistant", "train:en=builtin:home-assistant"], tell=told.append)
    assert [line.split(",")[1] for line in told] == [" 200 rows", " 1000 rows"]


def test_what_is_wrong_with_the_call_does_not_hide_the_data(tmp_path):
    bad = write(tmp_path / "de.jsonl", [("", "a"), ("x", "a")])
    files = ["test:de=builtin:imdb", "dev:xyzzy=a.csv", bad, str(tmp_path / "fr.jsonl"), "my_de.csv"]
    with pytest.raises(ConfigError) as caught:
        check_files(files)
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    for part in ("unknown data set 'imdb'", "'xyzzy' is not a language tag", "Burmese", "de.jsonl:1", "LW101"):
        assert part in told
    assert caught.value.problems[-1].startswith(str(tmp_path / "fr.jsonl"))


def test_role_and_language_can_be_said(tmp_path):
    path = write(tmp_path / "a.jsonl", ROWS)
    other = write(tmp_path / "b.jsonl", ROWS)
    found = check_files([f"train:en={path}", f"test:eng={other}"])
    (leak,) = [finding for finding in found if finding.code == "LW503"]
    assert leak.place.startswith("test en")
    assert leak.rows == tuple(range(1, 21))


def test_columns_are_mapped(tmp_path):
    path = tmp_path / "en.csv"
    path.write_text("body,label\nhello there,a\nhello there,b\n", encoding="utf-8")
    assert "LW502" in {finding.code for finding in check_files([str(path)], columns={"text": "body"})}


def test_a_name_that_says_nothing(tmp_path):
    folder = tmp_path / "DATA"
    path = write(folder / "0001.jsonl", ROWS)
    with pytest.raises(UsageError, match="cannot be told from its name; write it as train:de="):
        check_files([path])


def test_two_files_for_one_place(tmp_path):
    paths = [write(tmp_path / name / "en.train.jsonl", ROWS) for name in ("a1", "b1")]
    with pytest.raises(UsageError, match="two files are train en"):
        check_files(paths)


def test_all_problems_of_all_files_at_once(tmp_path):
    paths = [str(tmp_path / "de.jsonl"), str(tmp_path / "fr.jsonl")]
    with pytest.raises(DataError) as caught:
        check_files(paths)
    assert {problem.path for problem in caught.value.problems} == set(paths)


EVIL = ["a\n  error LW999 test de: forged", "b\x1b[31m", "c\x9b", "D", "d"]


def test_no_name_forges_a_line_or_reaches_the_terminal():
    """Every check that names labels, with labels that hold line ends and escapes."""

    def table(labels, language="en"):
        count = len(labels)
        texts = [f"row {number} of {count}" for number in range(count)]
        return Table(language, texts, list(labels), id=[f"i{number}" for number in range(count)], origin="a\nb.csv")

    one, two, thin, upper, lower = EVIL
    swap = {one: two, two: one}
    sound = [one] * 60 + [two] * 40
    tables = {
        "train": {"en": table([one] * 9 + [thin, upper])},
        "test": {
            "de": table([*sound, lower], "de"),
            "fr": table([*sound, lower], "fr"),
            "hi": table([swap[label] for label in sound] + [lower], "hi"),
        },
    }
    found = check(tables)
    alone = {"train": {"en": table([one] * 90)}, "dev": {"en": table([two] * 80 + [one] * 20)}}
    uneven = {"test": {tag: table([one] * 80 + [two] * 20, tag) for tag in ("de", "fr")}}
    uneven["test"]["hi"] = Table("hi", [f"t{row}" for row in range(100)], [two] * 80 + [one] * 20)
    found += check(alone) + check(uneven)
    assert {"LW305", "LW511", "LW512", "LW513", "LW514", "LW515", "LW516"} <= {finding.code for finding in found}
    for finding in found:
        assert finding.message.isprintable(), finding
        assert finding.place.isprintable(), finding


def test_files_of_any_shape_are_checked_in_both_languages(tmp_path):
    rows = [(f"this is the text of number {n}", f"это текст под номером {n}") for n in range(12)]
    entries = "".join(f'msgid "{text}"\nmsgstr "{other}"\n\n' for text, other in rows)
    (tmp_path / "test.ru.po").write_text(f'{entries}msgid "x"\nmsgstr ""\n', encoding="utf-8")
    lines = "".join(f"{text}\t{text}\n" for text, _ in rows)
    (tmp_path / "a.tsv").write_text(f"text\ttranslation\n{lines}", encoding="utf-8")
    told = []
    files = [f"test:en:ru={tmp_path / 'test.ru.po'}", f"en:ru={tmp_path / 'a.tsv'}"]
    found = {finding.code: finding for finding in check_files(files, shape=PARALLEL_TEXT, tell=told.append)}
    assert [line.rpartition(", ")[2] for line in told] == ["12 rows", "12 rows"]
    assert found["LW517"].place == f"test en:ru ({tmp_path / 'test.ru.po'})"
    assert (found["LW517"].severity, found["LW517"].message) == ("info", "1 entry is left out (1 untranslated)")
    assert found["LW508"].place == f"train ru ({tmp_path / 'a.tsv'})"
    assert found["LW508"].message.startswith("12 of 12 rows")
    with pytest.raises(ConfigError, match=r"ru\.po' has texts and translations: name both languages, such as en:ru"):
        check_files([str(tmp_path / "test.ru.po")], shape=PARALLEL_TEXT)
