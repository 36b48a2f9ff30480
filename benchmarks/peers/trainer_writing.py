"""The stock recipe for writing: the encoder within transformers' EncoderDecoderModel, and its translation example.

The decoder is the same pretrained model with fresh cross-attention, as the documentation sets it up; what to write is
said by the example's source prefix, as T5 is told. Targets have at most 128 pieces, as in the example of summarization.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoTokenizer, DataCollatorForSeq2Seq, EncoderDecoderModel

from benchmarks.peers.clock import Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.trainer_fit import fit

SOURCE, TARGET, LONGEST, AT_ONCE = 512, 128, 64, 32
"""What the model reads, the example's targets, what is written of a test, and how many texts are written at a time."""


def run(
    folder: str,
    train: Sequence[str],
    targets: Sequence[str],
    tests: Sequence[str],
    *,
    seed: int,
    settings: Settings,
) -> tuple[list[str], Fitted]:
    """Train on texts, each after its prefix, with their `targets`; return those of `tests`, and what training took."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = EncoderDecoderModel.from_encoder_decoder_pretrained(folder, folder)
    model.config.decoder_start_token_id = tokenizer.cls_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    model.config.vocab_size = model.config.decoder.vocab_size

    def features(texts: Sequence[str]) -> list[dict[str, Any]]:
        codes = tokenizer(list(texts), truncation=True, max_length=SOURCE)
        return [{name: codes[name][row] for name in ("input_ids", "attention_mask")} for row in range(len(texts))]

    rows = features(train)
    for row, labels in zip(
        rows, tokenizer(list(targets), truncation=True, max_length=TARGET)["input_ids"], strict=True
    ):
        row["labels"] = labels
    trainer, fitted = fit(
        model, tokenizer, rows, DataCollatorForSeq2Seq(tokenizer, model=model), seed=seed, settings=settings
    )
    model = trainer.model.eval()
    asked = features(tests) if tests else []
    order = sorted(range(len(asked)), key=lambda row: len(asked[row]["input_ids"]))
    written = [""] * len(asked)
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        batch = tokenizer.pad([asked[row] for row in chosen], return_tensors="pt").to(model.device)
        with torch.no_grad(), torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=settings.bf16):
            codes = model.generate(
                **batch,
                max_length=LONGEST,
                num_beams=settings.beams,
                decoder_start_token_id=tokenizer.cls_token_id,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.sep_token_id,
            )
        for row, text in zip(chosen, tokenizer.batch_decode(codes, skip_special_tokens=True), strict=True):
            written[row] = text
    return written, fitted
