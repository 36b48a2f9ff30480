import sys
from types import ModuleType, SimpleNamespace

import pytest

from loanword.data.codes import Findings
from loanword.data.hub import parse
from loanword.data.read import read
from loanword.errors import DataError, MissingExtra, UsageError


class FakeDataset:
    def __init__(self, columns, features=None):
        self._columns = columns
        self.column_names = list(columns)
        self.features = features

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def __getitem__(self, column):
        return iter(self._columns[column])


ROWS = FakeDataset({"text": ["a", "b"], "label": [1, 0]}, {"label": SimpleNamespace(names=["no", "yes"]), "text": None})


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the library that answers with `hub.answer` and keeps what it was asked for."""
    module = ModuleType("datasets")
    module.asked = []

    def load_dataset(name, config=None, *, split=None):
        module.asked.append((name, config, split))
        if isinstance(module.answer, Exception):
            raise module.answer
        return module.answer

    module.load_dataset = load_dataset
    module.answer = ROWS
    monkeypatch.setitem(sys.modules, "datasets", module)
    return module


@pytest.mark.parametrize(
    ("source", "split", "asked"),
    [
        ("hub:org/name", None, ("org/name", None, None)),
        ("hub:org/na.me-1_x:swa_Latn@test", None, ("org/na.me-1_x", "swa_Latn", "test")),
        ("hub:org/name@train[:10%]", None, ("org/name", None, "train[:10%]")),
        ("hub:name:default", "dev", ("name", "default", "dev")),
        ("hub:org/name@dev", "dev", ("org/name", None, "dev")),
    ],
)
def test_references(hub, source, split, asked):
    table = read(source, language="en", split=split)
    assert hub.asked == [asked]
    assert (table.text, table.label, table.line) == (["a", "b"], ["yes", "no"], [1, 2])
    assert table.origin == source


@pytest.mark.parametrize(
    "source", ["hub:", "hub:a/b/c", "hub:org/name:", "hub:org/name@", "hub:org/na me", "hub:@train"]
)
def test_malformed_references(hub, source):
    with pytest.raises(UsageError, match="hub:org/name"):
        read(source, language="en")
    assert hub.asked == []


def test_two_splits_that_differ(hub):
    with pytest.raises(UsageError, match="one of them"):
        read("hub:org/name@train", language="en", split="test")


def test_a_single_split_needs_no_name_and_several_do(hub):
    hub.answer = {"train": ROWS}
    assert len(read("hub:org/name", language="en")) == 2
    hub.answer = {"train": ROWS, "test": ROWS}
    with pytest.raises(UsageError, match="train, test"):
        read("hub:org/name", language="en")


def test_only_wanted_columns_are_fetched():
    class Guarded(FakeDataset):
        def __getitem__(self, column):
            assert column != "image"
            return super().__getitem__(column)

    module = ModuleType("datasets")
    module.load_dataset = lambda *_args, **_options: Guarded({"text": ["a"], "image": [None]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "datasets", module)
        cells = parse("org/name", split=None, wanted=("text",), findings=Findings("hub:org/name"))
    assert cells.columns == ("text", "image")
    assert cells.values == {"text": ["a"]}


def test_rows_are_checked_like_those_of_a_file(hub):
    hub.answer = FakeDataset({"text": ["a", " ", 3], "label": ["x", None, True]})
    with pytest.raises(DataError) as caught:
        read("hub:org/name", language="en")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [
        ("LW210", 2),
        ("LW301", 2),
        ("LW211", 3),
        ("LW302", 3),
    ]
    assert caught.value.problems[0].cause.startswith("row 2: ")


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (ConnectionError("Couldn't reach the Hub.\nlong tail"), "LW117", "HF_ENDPOINT"),
        (TimeoutError(), "LW117", "HF_ENDPOINT"),
        (RuntimeError("client closed"), "LW117", "HF_ENDPOINT"),
        (FileNotFoundError("Dataset 'org/name' doesn't exist"), "LW118", "log in"),
        (ValueError("BuilderConfig 'x' not found. Available: ['y']"), "LW118", "configuration"),
    ],
)
def test_what_cannot_be_had_is_one_clear_problem(hub, failure, code, said):
    hub.answer = failure
    with pytest.raises(DataError) as caught:
        read("hub:org/name", language="en")
    (found,) = caught.value.problems
    assert found.code == code
    assert said in found.fix
    assert "\n" not in str(found)
    assert "long tail" not in found.cause


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"pip install 'loanword\[hub\]'"):
        read("hub:org/name", language="en")


def test_a_real_data_set_object_has_what_is_used_here(hub, monkeypatch):
    answer = ROWS
    monkeypatch.delitem(sys.modules, "datasets")
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    real = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_args, **_options: datasets.DatasetDict({"train": real}))
    table = read("hub:org/name", language="en")
    assert (table.text, table.label) == (list(answer["text"]), ["yes", "no"])
