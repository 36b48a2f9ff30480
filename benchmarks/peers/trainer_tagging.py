"""The stock recipe for tags of words: transformers' token-classification example, the first piece of each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, DataCollatorForTokenClassification

from benchmarks.peers.clock import Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.trainer_fit import fit, predict

IGNORED = -100
Words = Sequence[str]


def run(
    folder: str, train: Sequence[Words], tags: Sequence[Words], tests: Sequence[Words], *, seed: int, settings: Settings
) -> tuple[list[list[str]], Fitted]:
    """Train on sentences (words) with tags; return the tags of `tests`, and what training took.

    As in the example, a sentence is cut at what the model reads, and tags are named in the order of the alphabet; a
    word that was cut off gets the first of them.
    """
    torch.manual_seed(seed)
    names = sorted({tag for row in tags for tag in row})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(names))

    def firsts(sentences: Sequence[Words]) -> tuple[list[dict[str, Any]], list[dict[int, int]]]:
        """Return the inputs, and for every word of each the place of its first piece."""
        codes = tokenizer([list(words) for words in sentences], is_split_into_words=True, truncation=True)
        rows, places = [], []
        for row in range(len(sentences)):
            found: dict[int, int] = {}
            for place, word in enumerate(codes.word_ids(row)):
                if word is not None:
                    found.setdefault(word, place)
            rows.append({name: codes[name][row] for name in codes})
            places.append(found)
        return rows, places

    rows, places = firsts(train)
    for row, found, said in zip(rows, places, tags, strict=True):
        row["labels"] = [IGNORED] * len(row["input_ids"])
        for word, place in found.items():
            row["labels"][place] = names.index(said[word])
    collate = DataCollatorForTokenClassification(tokenizer)
    trainer, fitted = fit(model, tokenizer, rows, collate, seed=seed, settings=settings)
    if not tests:
        return [], fitted
    rows, places = firsts(tests)
    logits = predict(trainer, rows)
    return [
        [names[int(values[found[word]].argmax())] if word in found else names[0] for word in range(len(words))]
        for words, found, values in zip(tests, places, logits, strict=True)
    ], fitted
