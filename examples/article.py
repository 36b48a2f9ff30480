"""Fine-tune a multilingual encoder and evaluate it by language: the usual short listing, put right.

The listing passes no labels, never zeroes gradients, batches nothing, and tests no language apart. Here is what it
wants to show, in plain torch and transformers; below it, the same data and epochs in three lines of loanword, which
holds out a tenth of the rows to calibrate.

    python examples/article.py [MODEL]
"""

from __future__ import annotations

import sys

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer, logging

import loanword
from loanword.data import builtin
from loanword.encoders import bundled

LANGUAGES = ("de", "zh-CN", "ar")
EPOCHS = 5
TRAIN = builtin.load("home-assistant", language="en", split="train", rows=320)
TESTS = {tag: builtin.load("home-assistant", language=tag, split="test", rows=100) for tag in LANGUAGES}


def plain(model_name: str) -> dict[str, float]:
    """Train and test with torch and transformers alone; returns the accuracy of each language."""
    torch.manual_seed(0)
    logging.set_verbosity_error()
    labels = sorted({str(label) for label in TRAIN.label})
    tokenizer = AutoTokenizer.from_pretrained(model_name)
    model = AutoModelForSequenceClassification.from_pretrained(model_name, num_labels=len(labels))

    def collate(rows: list[loanword.Record]) -> dict[str, torch.Tensor]:
        inputs = tokenizer([row.text for row in rows], truncation=True, padding=True, return_tensors="pt")
        known = [labels.index(str(row.label)) if row.label in labels else -100 for row in rows]
        return {**inputs, "labels": torch.tensor(known)}  # Labels must reach the model, or there is no loss.

    batches = DataLoader(list(TRAIN), batch_size=32, shuffle=True, collate_fn=collate)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for _ in range(EPOCHS):
        for batch in batches:
            optimizer.zero_grad()  # Gradients add up otherwise.
            model(**batch).loss.backward()
            optimizer.step()

    model.eval()
    scores = {}
    for language, table in TESTS.items():  # One score a language: an average hides the one that fell to chance.
        with torch.no_grad():
            batch = collate(list(table))
            scores[language] = (model(**batch).logits.argmax(-1) == batch["labels"]).float().mean().item()
    return scores


def short(model_name: str) -> dict[str, float]:
    """Do the same with loanword."""
    model = loanword.TransferClassifier(model=model_name, language="en", epochs=EPOCHS, learning_rate=1e-4)
    model.fit(TRAIN.text, TRAIN.label)
    return {language: model.score(table.text, table.label) for language, table in TESTS.items()}


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else None
    for what, scores in (
        ("plain", plain(name or str(bundled.folder()))),
        ("loanword", short(name or "bundled:e5-small")),
    ):
        print(f"{what:10}", "  ".join(f"{language} {score:.0%}" for language, score in scores.items()))
