"""A model as a folder: what transformers and sentence-transformers load."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from loanword.encoders.load import Loaded
from loanword.encoders.masked import MaskedHead
from loanword.encoders.modules import save_modules
from loanword.encoders.save import save_model


def save_folder(loaded: Loaded, folder: Path, *, head: MaskedHead | None = None) -> None:
    """Write an encoder with its tokenizer, and the `head` that guesses hidden pieces, to the empty `folder`."""
    encoder, tokenizer = loaded.encoder, loaded.tokenizer
    with head.assembled() if head else nullcontext(encoder.whole) as whole:
        save_model(whole, folder)
    tokenizer.save(folder)
    if not encoder.language_ids:  # sentence-transformers has no place for the languages of texts.
        save_modules(encoder, tokenizer, folder)
