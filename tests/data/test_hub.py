import os
import socket
import subprocess
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest

from loanword.data import hub as reader
from loanword.data.codes import Findings
from loanword.data.hub import parse, stream
from loanword.data.read import read
from loanword.data.shapes.many_labels import MANY_LABELS
from loanword.errors import DataError, MissingExtra, UsageError
from loanword.hub import Reply


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
    """A stand-in for the library that answers with `hub.answer` and keeps what it was asked for.

    The Hub itself says `hub.reply`; `hub.offline` is whether the library was told to look into its cache alone.
    """
    module = ModuleType("datasets")
    module.asked, module.probed = [], []
    module.config = SimpleNamespace(HF_HUB_OFFLINE=False)
    module.are_progress_bars_disabled = lambda: True
    module.disable_progress_bars = lambda: None

    def load_dataset(name, config=None, *, split=None):
        module.asked.append((name, config, split))
        module.offline = module.config.HF_HUB_OFFLINE
        if isinstance(module.answer, Exception):
            raise module.answer
        return module.answer

    def ask_hub(name, *, kind):
        module.probed.append((name, kind))
        return module.reply

    module.load_dataset = load_dataset
    module.answer, module.reply = ROWS, Reply("found")
    monkeypatch.setitem(sys.modules, "datasets", module)
    monkeypatch.setattr(reader, "ask_hub", ask_hub)
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


def test_only_wanted_columns_are_fetched(hub):
    class Guarded(FakeDataset):
        def __getitem__(self, column):
            assert column != "image"
            return super().__getitem__(column)

    hub.answer = Guarded({"text": ["a"], "image": [None]})
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


def test_what_the_hub_does_not_have_is_not_looked_for(hub):
    hub.reply = Reply("absent")
    with pytest.raises(DataError, match="LW118 the Hub has no data set org/name that you may read") as caught:
        read("hub:org/name", language="en")
    assert len(caught.value.problems) == 1
    assert hub.probed == [("org/name", "dataset")]
    assert hub.asked == []


def test_a_hub_that_does_not_answer_leaves_the_cache(hub):
    hub.reply = Reply("unreachable", reason="no answer within 10 seconds")
    assert len(read("hub:org/name", language="en")) == 2
    assert hub.offline is True
    assert hub.config.HF_HUB_OFFLINE is False
    hub.reply = Reply("found")
    assert len(read("hub:org/name", language="en")) == 2
    assert hub.offline is False


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (ConnectionError("offline mode is enabled"), "and the local cache has no copy"),
        (FileNotFoundError("not cached"), "and the local cache has no copy"),
        (ValueError('Unknown split "dev".\nlong tail'), "does not have it as asked: ValueError: Unknown split"),
    ],
)
def test_a_hub_that_does_not_answer_and_a_cache_without_the_rows(hub, failure, said):
    hub.reply, hub.answer = Reply("unreachable", reason="no answer within 10 seconds"), failure
    with pytest.raises(DataError) as caught:
        read("hub:org/name", language="en")
    (found,) = caught.value.problems
    assert found.code == "LW117"
    assert "(no answer within 10 seconds)" in found.cause
    assert said in found.cause
    assert "offline mode" not in found.cause
    assert "long tail" not in found.cause
    assert "HF_ENDPOINT" in found.fix
    assert hub.config.HF_HUB_OFFLINE is False


CLIENT = """
import sys
from functools import partial
from loanword.data import hub
from loanword.data.read import read
from loanword.errors import DataError
hub.ask_hub = partial(hub.ask_hub, timeout=1.0)
for source in sys.argv[1:]:
    try:
        print(read(source, language="en").label)
    except DataError as error:
        print(error)
"""


CACHED = """
import shutil, sys
from pathlib import Path
import datasets
from datasets.packaged_modules.parquet.parquet import Parquet
folder = Path(sys.argv[1])
kinds = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=kinds).to_parquet(folder / "x.parquet")
made = Parquet(dataset_name="name", config_name="default", hash="abc", data_files={"train": str(folder / "x.parquet")},
               cache_dir=str(folder / "build"))
made.download_and_prepare()
place = Path(datasets.config.HF_DATASETS_CACHE, "org___name", "default", "0.0.0")
place.mkdir(parents=True)
shutil.move(made.cache_dir, place / "abc")
"""


@pytest.mark.parametrize("stalled", [True, False], ids=["a silent server", "nobody there"])
def test_without_a_hub_there_is_the_cache_one_sentence_and_no_waiting(tmp_path, stalled):
    """The library itself tries for half a minute where nobody answers, for minutes where a server stays silent."""
    pytest.importorskip("datasets")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(sys.path)}

    def python(code, *arguments):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        return done, time.monotonic() - began

    assert python(CACHED, str(tmp_path))[0].returncode == 0
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        environment["HF_ENDPOINT"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        if not stalled:
            server.close()
        done, seconds = python(CLIENT, "hub:org/name@train", "hub:org/absent", "hub:org/name@dev")
    assert (done.returncode, done.stderr) == (0, "")
    found, absent, split = done.stdout.splitlines()
    assert found == "['yes', 'no']"
    assert absent.startswith("hub:org/absent: LW117 the Hub cannot be asked for org/absent (")
    assert "and the local cache has no copy" in absent
    assert "Unknown split" in split
    assert seconds < 15


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"pip install 'loanword\[hub\]'"):
        read("hub:org/name", language="en")


def test_a_real_data_set_object_has_what_is_used_here(monkeypatch):
    monkeypatch.setattr(reader, "ask_hub", lambda *_args, **_options: Reply("found"))
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    real = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_args, **_options: datasets.DatasetDict({"train": real}))
    table = read("hub:org/name", language="en")
    assert (table.text, table.label) == (["a", "b"], ["yes", "no"])


def test_classes_of_lists_have_their_names(hub):
    features = {"labels": SimpleNamespace(feature=SimpleNamespace(names=["joy", "fear", "anger"]))}
    hub.answer = FakeDataset({"text": ["a", "b"], "labels": [[2, 0], []]}, features)
    table = read("hub:org/name@train", language="en", shape=MANY_LABELS)
    assert table.label == [("anger", "joy"), ()]


# --- row by row ------------------------------------------------------------------------------------------------


class FakeStream:
    """Rows as they come, of which the library knows the columns or not."""

    def __init__(self, rows, columns=None, lost=None):
        self.rows, self.column_names, self.lost = rows, columns, lost

    def select_columns(self, names):
        return FakeStream([{name: row[name] for name in names} for row in self.rows], names, self.lost)

    def __iter__(self):
        yield from self.rows
        if self.lost:
            raise self.lost


@pytest.fixture
def streaming(hub, monkeypatch):
    def load_dataset(name, config=None, *, split=None, streaming=False):
        hub.asked.append((name, config, split, streaming))
        return hub.answer

    monkeypatch.setattr(hub, "load_dataset", load_dataset)
    return hub


def streamed(reference, column="text"):
    return list(stream(reference, column, Findings(f"hub:{reference}", unit="row")))


def test_rows_are_asked_for_one_by_one(streaming):
    streaming.answer = FakeStream([{"text": "a", "image": 1}, {"text": None, "image": 2}], ["text", "image"])
    assert streamed("org/name:conf@train") == [(1, "a"), (2, None)]
    assert streaming.asked == [("org/name", "conf", "train", True)]
    streaming.answer = {"train": FakeStream([{"text": "a"}])}
    assert streamed("org/name") == [(1, "a")]
    streaming.answer = {"train": FakeStream([]), "test": FakeStream([])}
    with pytest.raises(UsageError, match="several splits"):
        streamed("org/name")


@pytest.mark.parametrize("known", [None, ["text"]])
def test_a_column_that_is_not_there(streaming, known):
    streaming.answer = FakeStream([{"text": "a"}], known)
    with pytest.raises(DataError, match=r"LW112 .*there is no column 'body'"):
        streamed("org/name", "body")


@pytest.mark.parametrize("lost", [ConnectionError("gone"), RuntimeError("client closed"), OSError(5, "bad")])
def test_a_hub_that_is_lost_on_the_way(streaming, lost):
    streaming.answer = FakeStream([{"text": "a"}], lost=lost)
    with pytest.raises(DataError, match=r"LW117 .*the Hub was lost at row 2"):
        streamed("org/name")


def test_a_stream_of_the_library_itself(monkeypatch):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"text": ["a", None, "c"], "n": [1, 2, 3]})
    for answer in (rows.to_iterable_dataset(), datasets.IterableDatasetDict({"train": rows.to_iterable_dataset()})):
        monkeypatch.setattr(reader, "_load", lambda *names, answer=answer, **more: answer)
        assert streamed("org/name") == [(1, "a"), (2, None), (3, "c")]
