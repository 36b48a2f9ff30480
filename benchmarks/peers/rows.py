"""Texts as the stock Trainer wants them."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Rows(torch.utils.data.Dataset):
    """Tokenized texts, at most 128 pieces."""

    def __init__(self, tokenizer, texts: Sequence[str], targets: Sequence[int] | None = None) -> None:  # noqa: ANN001
        self.codes = tokenizer(list(texts), truncation=True, max_length=128)["input_ids"]
        self.targets = targets

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> dict[str, object]:
        label = {} if self.targets is None else {"labels": self.targets[index]}
        return {"input_ids": self.codes[index], **label}
