from __future__ import annotations

import torch

from loanword.objectives.gathering import gathered


def test_alone_there_are_the_own_vectors():
    """With others: test_processes, where two rank among the translations of both."""
    vectors = torch.randn(3, 2)
    every, start = gathered(vectors)
    assert torch.equal(every, vectors)
    assert start == 0


def test_one_process_in_a_group_finds_its_own(tmp_path):
    from torch import distributed

    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        vectors = torch.arange(6).view(2, 3)
        for dim in (0, 1):
            every, start = gathered(vectors, dim=dim)
            assert torch.equal(every, vectors)
            assert start == 0
    finally:
        distributed.destroy_process_group()
