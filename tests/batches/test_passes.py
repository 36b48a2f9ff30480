from __future__ import annotations

import pytest
import torch

from loanword.batches.passes import CPU_TOKENS, passes
from loanword.hardware import Hardware
from loanword.tokens.encoded import Encoded


def rows(*lengths):
    return [Encoded(ids=[index + 1] * length, language="en", row=index) for index, length in enumerate(lengths)]


def first_pieces(batch):
    assert torch.is_inference_mode_enabled()
    return batch.ids[:, :1].double()


@pytest.mark.parametrize("threads", [1, 3])
def test_every_row_is_answered_once_longest_first_within_the_budget(threads):
    encoded = rows(3, 9, 1, 9, 4, 2, 7, 7, 7, 5)
    before = torch.get_num_threads()
    shapes = []

    def call(batch):
        shapes.append(tuple(batch.ids.shape))
        return first_pieces(batch)

    hardware = Hardware(device="cpu", precision="fp32", threads=threads)
    try:
        found = list(passes(call, encoded, pad_id=0, hardware=hardware, micro_tokens=20))
    finally:
        torch.set_num_threads(before)

    order = [index for chosen, _ in found for index in chosen]
    assert sorted(order) == list(range(10))
    assert [len(encoded[index]) for index in order] == sorted(map(len, encoded), reverse=True)
    for chosen, answers in found:
        assert answers[:, 0].tolist() == [index + 1 for index in chosen]
    assert len(shapes) == len(found) > 2
    assert all(count * length <= 20 for count, length in shapes)


def test_the_budget_of_a_cpu():
    encoded = rows(*[10] * 500)

    found = list(passes(first_pieces, encoded, pad_id=0, hardware=Hardware("cpu", "fp32", 1)))

    assert max(len(chosen) for chosen, _ in found) == CPU_TOKENS // 10


def test_nothing_asked_is_nothing_answered():
    assert list(passes(first_pieces, [], pad_id=0, hardware=Hardware("cpu", "fp32", 4))) == []


def test_one_who_stops_listening_ends_the_threads():
    before, calls = torch.get_num_threads(), []

    def call(batch):
        calls.append(1)
        return first_pieces(batch)

    try:
        answers = passes(call, rows(*[5] * 4000), pad_id=0, hardware=Hardware("cpu", "fp32", 2), micro_tokens=5)
        next(answers)
        answers.close()
        done = len(calls)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert done < 4000
    assert len(calls) == done
