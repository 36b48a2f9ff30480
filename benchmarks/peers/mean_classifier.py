"""What a careful user of the stock recipe writes: a linear head on the encoder's mean vector."""

from __future__ import annotations

import torch
from transformers import AutoModel
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanClassifier(torch.nn.Module):
    """An encoder with a fresh linear head on its mean vector."""

    def __init__(self, folder: str, classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.dropout = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, classes)
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, input_ids, attention_mask, labels=None, **_):  # noqa: ANN001, ANN003, ANN201
        """Return logits, and the loss where labels are given; called by the Trainer with names."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        logits = self.head(self.dropout((hidden * mask).sum(1) / mask.sum(1))).float()
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
