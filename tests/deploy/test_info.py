"""loanword.json: what is wrong is named with file and key; what older bundles do not say is not made up."""

import json

import pytest

from loanword.deploy.info import INFO, read
from loanword.errors import ModelError
from loanword.strategies.regime import Lineage

LINEAGE = {"sources": ["en"], "dev": ["en"], "sees": [], "stopping": False, "checkpoint": "averaged"}
RIGHT = {
    "format_version": 1,
    "task": "classification",
    "task_state": {"labels": ["a", "b"]},
    "model": "tiny",
    "prefix": "",
    "pooling": "mean",
    "max_length": 64,
    "seed": 3,
    "lineage": {**LINEAGE, "earlier": {"sources": ["de"], "checkpoint": "last"}},
    "of a later version": True,
}


@pytest.fixture
def write(tmp_path):
    """Write what is given as the file of a folder; returns the folder."""

    def to(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / INFO).write_text(text, encoding="utf-8")
        return tmp_path

    return to


def test_what_is_written_is_read(write):
    found = read(write(RIGHT))
    assert (found.task, found.max_length, found.seed, found.content) == ("classification", 64, 3, RIGHT)
    earlier = Lineage(sources=("de",), checkpoint="last")
    assert found.lineage == Lineage(sources=("en",), dev=("en",), checkpoint="averaged", earlier=earlier)


def test_an_older_bundle_tells_its_sources_alone(write):
    older = {key: value for key, value in RIGHT.items() if key != "lineage"}
    found = read(write({**older, "sources": ["en", "fr"], "regime": "zero-shot: no target text ..."}))
    assert found.lineage == Lineage(sources=("en", "fr"), checkpoint=None)
    assert read(write(older)).lineage == Lineage(sources=())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", 3),
        ("task", ["x"]),
        ("task_state", "ab"),
        ("task_state", None),
        ("prefix", 3),
        ("prefix", None),
        ("pooling", "median"),
        ("prompts", {"query": 1}),
        ("max_length", "x"),
        ("max_length", None),
        ("max_length", -1),
        ("max_length", 1e400),
        ("seed", "x"),
        ("model", {}),
        ("lineage", None),
        ("lineage.sources", "en"),
        ("lineage.checkpoint", "best-on-test"),
        ("lineage.earlier", {"sources": [3]}),
    ],
)
def test_wrong_values_are_named(write, key, value):
    first, _, second = key.partition(".")
    folder = write({**RIGHT, first: {**LINEAGE, second: value} if second else value})
    with pytest.raises(ModelError) as caught:
        read(folder)
    assert str(caught.value).startswith(f"{folder / INFO} was not written by loanword, or changed since: {key}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["task", "task_state", "prefix", "pooling", "max_length"])
def test_missing_keys_are_named(write, key):
    with pytest.raises(
        ModelError, match=f"{INFO} was not written by loanword, or changed since: {key}: Field required"
    ):
        read(write({name: value for name, value in RIGHT.items() if name != key}))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"format_version"', "{}", "\ufeff{}"])
def test_what_is_no_object(write, text):
    with pytest.raises(ModelError, match=f"{INFO} is no description of a bundle"):
        read(write(text))


@pytest.mark.parametrize("version", [2, "x", None, 1.5])
def test_formats_that_are_not_ours(write, version):
    with pytest.raises(
        ModelError, match=f"{INFO} has bundle format {version}, this is loanword .* reads up to 1; upgrade"
    ):
        read(write({**RIGHT, "format_version": version}))
