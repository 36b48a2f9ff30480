"""The registry of data sets; the data set itself is tested in test_home_assistant.py."""

import sys

import pytest

from loanword.data import builtin, home_assistant
from loanword.errors import MissingExtra, UsageError


def test_one_name():
    assert builtin.names() == ["home-assistant"]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="unknown data set 'imdb'; known: home-assistant"):
        builtin.load("imdb", language="en", split="train")


def test_load_passes_on_what_it_is_given():
    table = builtin.load("home-assistant", language="eng", split="dev", seed=3, rows=7)
    assert (table.language, len(table)) == ("en", 7)
    assert table == home_assistant.load(language="en", split="dev", seed=3, rows=7)


def test_a_missing_package_names_the_extra(monkeypatch):
    home_assistant._folder.cache_clear()
    monkeypatch.setitem(sys.modules, "hassil", None)
    with pytest.raises(MissingExtra, match=r"pip install 'loanword\[demo\]'"):
        builtin.load("home-assistant", language="en", split="train")
    home_assistant._folder.cache_clear()
