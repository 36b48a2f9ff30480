"""The recipe: round trips, overrides, and every problem at once."""

import contextlib
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.config import DataSettings, MeasureSettings, Recipe, build, part, read
from loanword.errors import ConfigError, UsageError

MINIMAL = {"data": {"train": {"en": "en.jsonl"}}}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TAGS = st.sampled_from(["en", "de", "zh-TW", "sr-Latn", "pt-BR", "sw"])
SOURCES = st.dictionaries(TAGS, TEXT, max_size=3)


def positive(high, *, low=1e-9):
    return st.floats(low, high, exclude_min=True)


def values(**fields):
    """Any subset of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


RECIPES = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {"train": st.dictionaries(TAGS, TEXT, min_size=1, max_size=3)},
            optional={
                "dev": SOURCES,
                "test": SOURCES,
                "columns": st.dictionaries(TEXT, TEXT, max_size=2),
                "dev_fraction": st.floats(0, 0.49),
            },
        )
    },
    optional={
        "task": TEXT,
        "model": TEXT.filter(str.strip),
        "seed": st.integers(0, 2**62),
        "strategies": st.lists(TEXT, max_size=3),
        "out": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
        "report_language": st.sampled_from(["en", "zh"]),
        "encoder": values(
            max_length=st.integers(8, 9999), prefix=TEXT, pooling=st.sampled_from(["mean", "cls", "max"])
        ),
        "training": values(
            start=st.sampled_from(["probe", "random"]),
            epochs=positive(1e4),
            learning_rate=positive(1.0),
            weight_decay=st.floats(0, 1e3),
            warmup=st.floats(0, 0.99),
            average=positive(1.0),
            max_steps=st.integers(1, 10**9),
            embeddings=st.sampled_from(["compact", "frozen", "full"]),
        ),
        "evaluation": values(resamples=st.integers(100, 10**6), examples=st.booleans()),
        "hardware": values(device=TEXT, threads=st.integers(0, 64)),
    },
)


@settings(max_examples=150, deadline=None)
@given(values=RECIPES)
def test_toml_round_trip(values):
    recipe = build(values)
    text = recipe.to_toml()
    assert build(tomllib.loads(text)) == recipe
    assert build(tomllib.loads(text)).to_toml() == text
    assert build(recipe.model_dump()) == recipe


def test_every_setting_can_be_written():
    """One recipe that differs from the defaults everywhere: nothing gets lost on the way."""
    changed = {
        "task": "other",
        "task_options": {"reading": "apart"},
        "objective": "mine",
        "model": "a/b",
        "seed": 4,
        "strategies": ["x"],
        "out": "o",
        "report_language": "zh",
        "data": {"train": {"en": "a"}, "dev": {"en": "b"}, "test": {"de": "c"}, "columns": {"text": "body"}},
        "encoder": {"max_length": 9, "prefix": "p", "pooling": "cls", "revision": "r"},
        "evaluation": {"checkpoint": "last", "resamples": 101, "micro_tokens": 17, "compare_checkpoints": False},
        "hardware": {"device": "cpu", "precision": "fp32", "threads": 3},
    }
    changed["data"]["dev_fraction"] = 0.2
    changed["evaluation"]["examples"] = True
    written = tomllib.loads(build(changed).to_toml())
    assert written == changed
    assert set(written) == set(Recipe.model_fields) - {"training"}
    for name in ("data", "encoder", "evaluation", "hardware"):
        assert set(written[name]) == set(Recipe.model_fields[name].annotation.model_fields)


def test_a_recipe_says_what_it_is_even_where_it_is_the_default():
    assert {"task", "model", "seed"} <= set(tomllib.loads(build(MINIMAL).to_toml()))


def test_overrides():
    recipe = build(
        MINIMAL,
        overrides=[
            "training.epochs=3",
            "data.test.zh-tw=a=b.jsonl",
            "model=some/name",
            'out="2024"',
            "encoder.prefix=",
            "strategies=['a', 'b']",
            "evaluation.examples=true",
            "data.test.de=2024-01-31",
        ],
    )
    assert recipe.training.epochs == 3
    assert recipe.data.test == {"zh-TW": "a=b.jsonl", "de": "2024-01-31"}
    assert (recipe.model, recipe.out, recipe.encoder.prefix) == ("some/name", "2024", "")
    assert recipe.strategies == ("a", "b")
    assert recipe.evaluation.examples


def test_the_last_override_wins_and_the_callers_values_stay():
    given_values = {"data": {"train": {"en": "en.jsonl"}}, "seed": 1}
    assert build(given_values, overrides=["seed=2", "seed=3", "data.train.de=x"]).seed == 3
    assert given_values == {"data": {"train": {"en": "en.jsonl"}}, "seed": 1}


@pytest.mark.parametrize("text", ["training.epochs", "=3", " =3", "seed.x=1"])
def test_overrides_that_say_nothing(text):
    with pytest.raises(ConfigError, match="override '"):
        build({**MINIMAL, "seed": 1}, overrides=[text])


def test_overrides_of_a_part_tell_its_own_keys():
    given = {"encoder": {"pooling": "cls"}}
    found = part(MeasureSettings, given, overrides=["task_options.beams=2", "encoder.prefix=7"], where="here")
    assert (found.task_options, found.encoder.prefix, found.encoder.pooling) == ({"beams": 2}, "7", "cls")
    assert given == {"encoder": {"pooling": "cls"}}
    with pytest.raises(ConfigError) as caught:
        part(MeasureSettings, given, overrides=["encoder.max_length=1", "nonsense", "encoder.poling=cls"], where="here")
    assert len(caught.value.problems) == 3
    assert "unknown key 'encoder.poling'; did you mean 'encoder.pooling'?" in str(caught.value)
    with pytest.raises(
        ConfigError, match=r"unknown key 'training'; known: task_options, encoder, evaluation, hardware$"
    ):
        part(MeasureSettings, {"training": {}}, where="here")


def test_an_unknown_key_of_a_section_is_told_with_those_it_has():
    with pytest.raises(ConfigError) as caught:
        part(MeasureSettings, {}, overrides=["evaluation.foo=1", "hardware.x.y=2"], where="here")
    assert caught.value.problems == (
        "unknown key 'evaluation.foo'; known there: checkpoint, resamples, micro_tokens, compare_checkpoints, examples",
        "unknown key 'hardware.x'; known there: device, precision, threads",
    )


def test_all_problems_at_once():
    bad = {
        "sed": 1,
        "seed": "seven",
        "training": {"epoch": 3, "learning_rate": -1, "schedule": "cosin", "dropout": float("nan")},
        "data": {"train": {"cn": "x", "english": "y"}, "test": {"de": 3}},
        "encoder": 5,
    }
    with pytest.raises(ConfigError) as caught:
        build(bad, overrides=["nonsense", "hardware.threds=1"], where="my.toml")
    problems = caught.value.problems
    text = "\n".join(problems)
    assert str(caught.value).startswith(f"my.toml: {len(problems)} problems\n  - ")
    assert "override 'nonsense': expected a.b=c" in problems
    assert "unknown key 'sed'; did you mean 'seed'?" in problems
    assert "unknown key 'training.epoch'; did you mean 'training.epochs'?" in problems
    assert "unknown key 'hardware.threds'; did you mean 'hardware.threads'?" in problems
    assert "seed = 'seven': input should be a valid integer" in text
    assert "training.learning_rate = -1: input should be greater than 0" in problems
    assert "training.schedule = 'cosin': input should be 'linear', 'cosine' or 'constant'" in problems
    assert "training.dropout = nan" in text
    assert "data.train: 'cn' is not a language tag" in text
    assert "did you mean 'zh'" in text
    assert "data.train: 'english' is not a language tag" in text
    assert "data.test.de = 3: input should be a valid string" in problems
    assert "encoder = 5: expected a table of keys" in problems
    assert len(problems) == 12


def test_a_misplaced_key_is_pointed_to_its_place():
    with pytest.raises(ConfigError, match=r"unknown key 'learning_rate'; did you mean 'training.learning_rate'"):
        build({**MINIMAL, "learning_rate": 1e-3})


def test_no_training_data_is_told_beside_the_rest():
    with pytest.raises(ConfigError, match="train is empty; give at least one source language") as caught:
        build({"seed": -1})
    assert len(caught.value.problems) == 2
    with pytest.raises(ConfigError, match="recipe: 1 problem\n  - data: train is empty"):
        build({"data": {"test": {"de": "x"}}})
    assert DataSettings(test={"de": "x"}).train == {}


def test_one_language_twice():
    with pytest.raises(ConfigError, match=r"data.train: language 'zho' is given twice \(as zh\)"):
        build({"data": {"train": {"zh": "a", "zho": "b"}}})


def test_tags_become_canonical():
    assert build({"data": {"train": {"EN_us": "a", "zho_Hans": "b"}}}).data.train == {"en-US": "a", "zh": "b"}


@pytest.mark.parametrize("value", [{"a": 1}, [1], object(), None, b"\xff", Path("x")])
def test_values_of_any_type_are_refused_in_a_sentence(value):
    with pytest.raises(ConfigError, match=r"data.train.en = "):
        build({"data": {"train": {"en": value}}})
    with pytest.raises(ConfigError):
        build({**MINIMAL, "training": value} if value is not None else {"training": None})


def test_a_long_wrong_value_is_cut():
    with pytest.raises(ConfigError) as caught:
        build({**MINIMAL, "seed": "x" * 5000})
    assert "seed = 'xxxxxx" in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("key", ["epochs", "learning_rate", "clip"])
@pytest.mark.parametrize("value", ["inf", "nan"])
def test_numbers_are_finite(key, value):
    with pytest.raises(ConfigError, match=rf"training.{key}"):
        build(MINIMAL, overrides=[f"training.{key}={value}"])


def test_a_recipe_does_not_change():
    recipe = build(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3


def test_planned_steps():
    def steps(**training):
        return build({**MINIMAL, "training": training}).training.planned_steps(10)

    assert steps(epochs=3) == 30
    assert steps(epochs=0.25) == 2
    assert steps(epochs=0.01) == 1
    assert steps(epochs=3, min_steps=100) == 100
    assert steps(epochs=3, min_steps=100, max_steps=7) == 7


# --- files -----------------------------------------------------------------------------------------------------


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_taken_from_the_recipes_folder(tmp_path, monkeypatch):
    (tmp_path / "there" / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "there" / "models" / "tiny" / "config.json").write_text("{}")
    file = write(
        tmp_path / "there",
        """
        model = "models/tiny"
        out = "runs/one"
        [data]
        train = {en = "en.jsonl", de = "/data/de.jsonl", sw = "~/sw.jsonl", is = "~nobody-here/is.csv"}
        dev.en = "../dev.csv"
        test = {fr = "hub:org/name@test", it = "builtin:home-assistant"}
        """,
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    recipe = read("there/recipe.toml", overrides=["data.test.ru=ru.jsonl"])
    assert recipe.data.train == {
        "en": "there/en.jsonl",
        "de": "/data/de.jsonl",
        "sw": "/home/somebody/sw.jsonl",
        "is": "there/~nobody-here/is.csv",
    }
    assert recipe.data.dev == {"en": "there/../dev.csv"}
    assert recipe.data.test == {"fr": "hub:org/name@test", "it": "builtin:home-assistant", "ru": "ru.jsonl"}
    assert (recipe.model, recipe.out) == ("there/models/tiny", "there/runs/one")
    assert read(file).data.train["en"] == str(tmp_path / "there" / "en.jsonl")


def test_a_home_folder_is_written_out_wherever_it_is_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, '[data.train]\nen = "x"')
    assert build(MINIMAL, overrides=["out=~/r"]).out == str(tmp_path / "r")
    assert read("~/recipe.toml").data.train == {"en": str(tmp_path / "x")}
    assert build({**MINIMAL, "out": "~nobody-here/r"}).out == "~nobody-here/r"


def test_a_hub_model_is_no_path(tmp_path):
    file = write(tmp_path, 'model = "org/name"\n[data.train]\nen = "x"')
    assert read(file).model == "org/name"


def test_what_is_written_for_a_folder_reads_the_same(tmp_path, monkeypatch):
    """`seen_from` and `read` are inverse: a run's recipe.toml repeats the run from anywhere."""
    (tmp_path / "work" / "tiny").mkdir(parents=True)
    (tmp_path / "work" / "tiny" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "work")
    recipe = build(
        {"model": "tiny", "out": "runs/a", "data": {"train": {"en": "d/en.csv"}, "test": {"de": "hub:a/b"}}, "seed": 5}
    )
    file = write(Path("runs/a"), recipe.seen_from(Path("runs/a")).to_toml())
    assert tomllib.loads(file.read_text())["data"]["train"] == {"en": "../../d/en.csv"}
    monkeypatch.chdir("/")
    again = read(tmp_path / "work" / "runs" / "a" / "recipe.toml")
    assert Path(again.data.train["en"]).resolve() == tmp_path / "work" / "d" / "en.csv"
    assert Path(again.model).resolve() == tmp_path / "work" / "tiny"
    assert Path(again.out).resolve() == tmp_path / "work" / "runs" / "a"
    assert (again.data.test, again.seed) == ({"de": "hub:a/b"}, 5)


def test_a_folder_behind_a_link_is_left_by_its_own_parents(tmp_path, monkeypatch):
    for name in ("work", "disk/deep/er"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work" / "runs").symlink_to(tmp_path / "disk" / "deep" / "er")
    (tmp_path / "work" / "en.csv").symlink_to(tmp_path / "disk" / "0a1b2c")
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "work" / "runs" / "a").mkdir()
    recipe = build({"data": {"train": {"en": "en.csv"}}})
    file = write(Path("runs/a"), recipe.seen_from(Path("runs/a")).to_toml())
    found = Path(read(tmp_path / "disk" / "deep" / "er" / "a" / "recipe.toml").data.train["en"])
    assert Path(os.path.normpath(found)) == tmp_path / "work" / "en.csv"
    assert Path(os.path.realpath(read(file).data.train["en"])) == tmp_path / "disk" / "0a1b2c"


def test_the_folder_of_an_earlier_run_is_a_model(tmp_path, monkeypatch):
    (tmp_path / "run1" / "model").mkdir(parents=True)
    (tmp_path / "run1" / "model" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    recipe = build({**MINIMAL, "model": "run1"})
    file = write(Path("run2"), recipe.seen_from(Path("run2")).to_toml())
    monkeypatch.chdir("/")
    assert Path(read(tmp_path / file).model).resolve() == tmp_path / "run1"


def test_a_byte_order_mark_is_no_problem(tmp_path):
    file = tmp_path / "r.toml"
    file.write_bytes(b"\xef\xbb\xbf[data.train]\nen = 'x'\n")
    assert read(file).data.train == {"en": str(tmp_path / "x")}


def test_files_that_are_no_recipe(tmp_path):
    with pytest.raises(UsageError, match=r"recipe .*absent.toml does not exist"):
        read(tmp_path / "absent.toml")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read(tmp_path)
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"seed = 1\n\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8 text: invalid start byte at byte 9"):
        read(binary)
    with pytest.raises(ConfigError, match=r"toml: 1 problem\n  - not valid TOML: .*line 2"):
        read(write(tmp_path, "seed = 1\nmodel == 3"))


@pytest.mark.parametrize(
    "text", ["data = 3", "data.train = 3", "data = []", "[data]\ntrain.en = 3", "seed = 2020-01-01"]
)
def test_odd_toml_is_told_not_raised(tmp_path, text):
    with pytest.raises(ConfigError, match=r"recipe\.toml: \d problem"):
        read(write(tmp_path, text))


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(TEXT | TEXT.map("training.epochs={}".format), min_size=1, max_size=3))
def test_no_override_ends_in_a_traceback(texts):
    with contextlib.suppress(ConfigError):
        build(MINIMAL, overrides=texts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed = true", "seed = True: input should be a valid integer"),
        ("seed = " + "9" * 5000, "not valid TOML: Exceeds the limit"),
        ("seed = " + "9" * 30, "input should be less than"),
        ('model = " "', "model: is empty; expected a bundled name"),
        ('out = "a\\u0000b"', "out: the name of the folder holds a control character"),
        ("a" + ".a" * 5000 + " = 1", "the keys are nested too deeply"),
        ("hardware.threads = 100000", "input should be less than or equal to 1024"),
    ],
)
def test_values_that_only_a_machine_would_write(tmp_path, text, says):
    (tmp_path / "recipe.toml").write_text(text + "\ndata.train.en = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "recipe.toml")
    assert says in str(caught.value)


def test_overrides_that_are_no_toml_values_are_text():
    with pytest.raises(ConfigError, match=r"seed = '999999999.*\.\.\."):
        build(MINIMAL, overrides=["seed=" + "9" * 5000])
    with pytest.raises(ConfigError, match=r"out: the name of the folder holds .* bytes that are no UTF-8"):
        build(MINIMAL, overrides=["out=a\udcff"])
    assert build(MINIMAL, overrides=["out=我的　数据 🎉"]).out == "我的　数据 🎉"
    with pytest.raises(ConfigError, match="training = "):
        build(MINIMAL, overrides=["training=" + "[" * 3000])


def test_what_is_text_stays_text_though_it_reads_as_a_number():
    recipe = build(MINIMAL, overrides=["out=2024", "encoder.revision=12345e7", "data.columns.label=1", "seed=7"])
    assert (recipe.out, recipe.encoder.revision, recipe.data.columns) == ("2024", "12345e7", {"label": "1"})
    assert recipe.seed == 7
    with pytest.raises(ConfigError, match=r"training\.epochs = 1e\+308: input should be less than or equal to 1000000"):
        build(MINIMAL, overrides=["training.epochs=1e308"])
