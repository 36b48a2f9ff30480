from __future__ import annotations

import torch

from loanword.batches.batch import collate
from loanword.tokens.encoded import Encoded


def test_collate_pads_to_the_longest_row():
    batch = collate(
        [Encoded(ids=[5, 6, 7], language="en", row=4), Encoded(ids=[8], language="zh-Hant", row=9)], pad_id=1
    )

    assert batch.ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert batch.mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.types is None
    assert (batch.languages, batch.rows, len(batch)) == (("en", "zh-Hant"), (4, 9), 2)


def test_a_real_piece_that_equals_padding_is_not_masked():
    assert collate([Encoded(ids=[1, 1], language="en", row=0)], pad_id=1).mask.tolist() == [[1, 1]]


def test_collate_carries_token_types_of_pairs():
    rows = [
        Encoded(ids=[2, 3, 4], types=[0, 1, 1], language="en", row=0),
        Encoded(ids=[2, 3], types=[0, 1], language="en", row=1),
    ]

    assert collate(rows, pad_id=0).types.tolist() == [[0, 1, 1], [0, 1, 0]]


def test_to_moves_every_tensor_and_leaves_the_rest():
    batch = collate([Encoded(ids=[2], types=[0], language="en", row=0)], pad_id=0).to("meta")

    assert {tensor.device.type for tensor in (batch.ids, batch.mask, batch.types)} == {"meta"}
    assert batch.targets is None
    assert batch.ids.dtype == batch.mask.dtype == torch.long
