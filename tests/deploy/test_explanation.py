import json
import math

import pytest
from tests.deploy.explanations import explanation, reading, two

from loanword.version import __version__


def test_everything_is_json():
    found = two().to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["loanword_version"] == __version__
    assert [one["languages"] for one in found["readings"]] == [["en"], ["ar"]]
    assert found["readings"][0]["words"][3]["contribution"] == 3.0
    assert found["readings"][0]["pieces"][0]["side"] == -1
    assert found["alignments"][0]["pairs"] == [[0, 0], [3, 1]]


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.5), (math.log(9), 0.9), (-800.0, 0.0), (800.0, 1.0)])
def test_log_odds_are_a_probability(score, expected):
    one = reading("a", weights=(score + 1,))
    assert one.score == pytest.approx(score)
    assert one.probability == pytest.approx(expected)


def test_other_units_too():
    assert reading("a", weights=(0.5,), unit="log-probability").probability == pytest.approx(math.exp(-0.5))
    assert math.isnan(reading("a", unit="cosine").probability)


def test_what_lies_on_no_word():
    assert reading("a b").elsewhere == 0.5
    assert reading("a b", flow=False).elsewhere is None


def test_the_same_is_explained_or_not():
    assert two().same
    assert explanation(reading("a", label="x")).same
    assert not explanation(reading("a", label="x"), reading("a", label="y")).same
    assert not explanation(reading("a"), reading("a", unit="cosine")).same
