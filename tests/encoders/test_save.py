import os

import pytest
import torch
from safetensors.torch import load_file

from loanword.encoders.save import save_model, save_tensors


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_have_the_usual_permissions(tmp_path, tiny_encoder, mask):
    before = os.umask(mask)
    try:
        save_model(tiny_encoder("bert").encoder.model, tmp_path)
        save_tensors({"a": torch.ones(2, 3).T}, tmp_path / "head.safetensors")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("config.json", "model.safetensors", "head.safetensors"), 0o666 & ~mask)


def test_tensors_come_back(tmp_path):
    tensors = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.nn.Parameter(torch.ones(1))}
    save_tensors(tensors, tmp_path / "x.safetensors")
    found = load_file(tmp_path / "x.safetensors")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], value) for name, value in tensors.items())
