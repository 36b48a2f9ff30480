import numpy as np
import pytest

comparison = pytest.importorskip("benchmarks.comparison", reason="run from the repository root")
from benchmarks.packed import pack  # noqa: E402

from loanword.evaluation.metrics import METRICS  # noqa: E402

GROUPS = {"one/de": ["a", "a", "b", "c"] * 5, "one/zh": ["a", "b", "c", "d"] * 5, "two/en": list("abcdef") * 3}


@pytest.fixture(scope="module")
def clusters():
    return comparison.Clusters.of(GROUPS, draws=60)


def system(seed, *, better=0.0):
    """Rows of one seed of a system that is right in about half of the answers, and in a share `better` of the rest."""
    rng = np.random.default_rng(seed)
    rows = {}
    for name, groups in GROUPS.items():
        right = (rng.random(len(groups)) < 0.5) | (np.random.default_rng(9).random(len(groups)) < better)
        rows[name] = pack(np.stack([right, np.ones(len(groups))], axis=1))
    return {"rows": rows}


@pytest.mark.parametrize("metric", ["accuracy", "span-f1", "spearman"])
def test_a_resample_scores_the_rows_of_the_drawn_clusters(clusters, metric):
    rows = np.random.default_rng(1).integers(0, 5, (20, 2 if metric != "span-f1" else 3)).astype(float)
    found = clusters.scores(METRICS.get(metric), rows, "one/de")
    names = sorted({group for part in GROUPS.values() for group in part})
    assert found[0] == pytest.approx(METRICS.get(metric).reduce(rows))
    for draw in (1, 17, 59):
        member = clusters.members["one/de"]
        again = [rows[row] for row in range(20) for _ in range(int(clusters.drawn[draw, member[row]]))]
        assert found[draw] == pytest.approx(METRICS.get(metric).reduce(np.array(again)))
    assert clusters.drawn.shape == (61, len(names))
    assert (clusters.drawn.sum(axis=1) == len(names)).all()


def test_a_cluster_is_drawn_in_all_languages_at_once(clusters):
    shared = clusters.members["one/de"][0]
    assert shared == clusters.members["one/zh"][0], "group a is one cluster in both languages"
    assert shared == clusters.members["two/en"][0], "and in both sets"
    assert clusters.members["two/en"][4] not in clusters.members["one/de"]


def test_where_no_row_is_drawn_there_is_no_score():
    clusters = comparison.Clusters.of({"one/de": ["a"], "one/zh": ["b", "c"]}, draws=30)
    found = clusters.scores(METRICS.get("accuracy"), np.array([[1.0, 1.0]]), "one/de")
    gone = clusters.drawn[:, 0] == 0
    assert gone.any()
    assert np.isnan(found[gone]).all()
    assert (found[~gone] == 1).all()


def test_the_reduction_is_that_of_the_means_and_equal_systems_have_none(clusters):
    ours, theirs = ([system(seed, better=better) for seed in range(3)] for better in (0.5, 0.0))
    mine, peer = (comparison.resampled("accuracy", rows, clusters) for rows in (ours, theirs))
    found = comparison.reduction(mine, peer)

    means = []
    for rows in (ours, theirs):
        scores = {
            name: np.mean([METRICS.get("accuracy").reduce(comparison.unpack(row["rows"][name])) for row in rows])
            for name in GROUPS
        }
        means.append({"one": (scores["one/de"] + scores["one/zh"]) / 2, "two": scores["two/en"]})
    expected = np.mean([(means[0][name] - means[1][name]) / (1 - means[1][name]) for name in means[0]])
    assert found[0] == pytest.approx(expected)
    low, high = comparison.interval(found)
    assert low < found[0] < high
    assert low > 0
    assert (comparison.reduction(peer, peer) == 0).all()


def test_seeds_are_drawn_alike_for_both_systems(clusters):
    """Where clusters say nothing, what is left is the spread of the seeds: paired, it is gone."""

    def scored(*shares):
        rows = [
            {"rows": {name: pack(np.array([[share, 1]] * len(groups))) for name, groups in GROUPS.items()}}
            for share in shares
        ]
        return comparison.resampled("accuracy", rows, clusters)

    theirs, ours = scored(0.2, 0.5, 0.8), scored(0.6, 0.75, 0.9)
    assert np.ptp(theirs["two/en"]) > 0.1
    np.testing.assert_allclose(comparison.reduction(ours, theirs), 0.5)
