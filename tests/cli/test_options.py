import pytest

from loanword.cli.options import nested, pairs
from loanword.errors import ConfigError


def test_pairs_keep_what_follows_the_first_sign():
    assert pairs(["en=a=b.csv", "de=c"], option="--test", what="LANG=FILE") == {"en": "a=b.csv", "de": "c"}
    assert pairs(["label= label"], option="--column", what="OURS=THEIRS") == {"label": " label"}
    with pytest.raises(ConfigError, match="2 problems"):
        pairs(["en", "=x"], option="--test", what="LANG=FILE")


def test_nested_drops_what_was_not_given():
    assert nested(a=None, b={}, c=0, d="x", e="") == {"c": 0, "d": "x", "e": ""}
