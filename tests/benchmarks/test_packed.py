import json

import numpy as np
import pytest

packed = pytest.importorskip("benchmarks.packed", reason="run from the repository root")


@pytest.mark.parametrize(
    "values",
    [
        np.array([[1, 0], [0, 1], [1, 1]]),
        np.array([[3, 250, 70_000], [-1, 0, 2]]),
        np.array([[0.12345678, -0.5], [1.0, 4.25]]),
        np.zeros((0, 2)),
        np.zeros((5, 0)),
    ],
    ids=["bits", "large", "fractions", "no rows", "no columns"],
)
def test_what_is_packed_is_read_again_to_four_places(values):
    said = json.loads(json.dumps(packed.pack(values)))
    found = packed.unpack(said)
    assert found.shape == values.shape
    np.testing.assert_allclose(found, values, atol=0.5e-4)
    if np.array_equal(values, np.round(values)):
        np.testing.assert_array_equal(found, values)


def test_a_thousand_rows_of_right_and_wrong_are_a_few_hundred_characters():
    rows = np.stack([np.random.default_rng(0).integers(0, 2, 1000), np.ones(1000)], axis=1)
    assert len(json.dumps(packed.pack(rows))) < 500
