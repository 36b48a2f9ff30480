"""A transformers tokenizer as it is, slow or fast: for models whose texts are only compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loanword.errors import ModelError, UsageError
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Role, Tokenizer


class StockTokenizer(Tokenizer):
    """Texts to piece ids exactly as the model's own tokenizer makes them, control tokens included."""

    def __init__(self, stock: Any, *, prefix: str = "", max_length: int) -> None:
        """Wrap `stock`; `prefix` is put before every text, at most `max_length` pieces are kept."""
        if stock.pad_token_id is None:
            raise ModelError("the tokenizer has no padding token; set one in its tokenizer_config.json")
        self.fast = stock
        self.prefix = prefix
        self.prompts: dict[str, str] = {}
        self.max_length = max_length
        self.pad_id = int(stock.pad_token_id)
        self.unknown_id: int | None = stock.unk_token_id

    def encode(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str],
        pairs: Sequence[str] | None = None,
        role: Role = "",
        into: Sequence[str] | None = None,
    ) -> list[Encoded]:
        """Encode `texts`, one `Encoded` each, in order; raises `UsageError` for second texts."""
        if pairs is not None:
            raise UsageError("this model reads single texts alone")
        whole = self._ids(texts)
        long = [row for row, ids in enumerate(whole) if len(ids) > self.max_length]
        for row, ids in zip(long, self._ids([texts[row] for row in long], cut=True), strict=True):
            whole[row] = ids
        rows = zip(whole, languages, strict=True)
        return [Encoded(ids, language, row, truncated=row in {*long}) for row, (ids, language) in enumerate(rows)]

    def save(self, folder: Path) -> None:
        """Refuse: a model of which nothing can be changed here is not saved anew (`UsageError`)."""
        raise UsageError("nothing of this model was changed; copy the folder that it came from")

    def _ids(self, texts: Sequence[str], *, cut: bool = False) -> list[list[int]]:
        if not texts:
            return []
        options = {"truncation": True, "max_length": self.max_length} if cut else {"verbose": False}
        found: list[list[int]] = self.fast([self.prefix + text for text in texts], **options)["input_ids"]
        return found
