"""Weights on disk: safetensors, quietly, and as readable to others as any file that this user writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loanword.encoders.quiet import quiet_transformers

if TYPE_CHECKING:
    import torch


def save_model(model: Any, folder: Path) -> None:
    """Write the transformers `model` to `folder`: config.json and safetensors."""
    with quiet_transformers():
        model.save_pretrained(str(folder))
    for file in folder.glob("*.safetensors"):
        _as_any_file(file)


def save_tensors(tensors: Mapping[str, torch.Tensor], file: Path) -> None:
    """Write `tensors` to `file`, from whatever device they are on."""
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, file)
    _as_any_file(file)


def _as_any_file(file: Path) -> None:
    """Give `file`, which safetensors makes for its owner alone, the permissions that a new file has here."""
    usual = file.with_name(f".{file.name}.mode")
    usual.touch()
    file.chmod(usual.stat().st_mode & 0o777)
    usual.unlink()
