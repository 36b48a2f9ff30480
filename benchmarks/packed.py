"""Arrays in a result file: what a metric counts in every row, so that any interval can be drawn afterwards."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

PLACES = 4
"""Digits after the point that are kept of what is no whole number."""


def pack(values: np.ndarray) -> dict[str, Any]:
    """Write `values` (n, k) as a few characters: whole numbers as they are, others rounded."""
    places = 0 if np.array_equal(values, np.round(values)) else PLACES
    whole = np.round(np.asarray(values, dtype=float) * 10**places).astype(np.int64)
    kind = np.result_type(np.min_scalar_type(whole.min(initial=0)), np.min_scalar_type(whole.max(initial=0)))
    data = base64.b85encode(zlib.compress(np.ascontiguousarray(whole.astype(kind).T).tobytes(), 9)).decode()
    return {"shape": list(values.shape), "places": places, "kind": kind.str, "data": data}


def unpack(said: dict[str, Any]) -> np.ndarray:
    """Read what `pack` wrote, as floats."""
    rows, columns = said["shape"]
    flat = np.frombuffer(zlib.decompress(base64.b85decode(said["data"])), dtype=np.dtype(said["kind"]))
    return flat.reshape(columns, rows).T.astype(float) / 10 ** said["places"]
