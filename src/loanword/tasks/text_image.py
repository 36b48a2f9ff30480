"""Find the image that a text describes, and the text that describes an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from loanword.data.records import Record
from loanword.data.shapes.captions import CAPTIONED_IMAGE
from loanword.encoders.encoder import Encoder
from loanword.encoders.load import load
from loanword.encoders.towers import ImageTower, TextTower
from loanword.errors import UsageError
from loanword.tasks.aim import Aim, Answered
from loanword.tasks.neighbours import Scoring, crowdings
from loanword.tasks.retrieval import Found, Retrieval
from loanword.tasks.task import TASKS, Prediction
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("text-image")
class TextImage(Retrieval):
    """Retrieval of images by texts, and of texts by images; measured only, with a model that was made for both.

    Candidates are the images of the table, each once, and its texts; an image is found by any of its texts.
    """

    columns = CAPTIONED_IMAGE
    training = "never"

    def __init__(self, *, scoring: Scoring = "cosine", images: str = "") -> None:
        """Create the task; `images` is the model that embeds images, where the one of texts does not."""
        super().__init__(scoring=scoring)
        self.images = images
        self.tower: ImageTower | None = None
        self._seen: dict[str, np.ndarray] = {}

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the head that compares vectors; from here on, images are those of `encoder` or of the other model."""
        both = load(self.images, training=False).encoder if self.images else encoder
        if not isinstance(both, TextTower):
            raise UsageError(
                f"{both.name} is a model of texts alone; name the one of images: --set task_options.images=MODEL"
            )
        head = super().head(encoder)
        head.images = self.tower = both.images()  # So that it goes where the model goes.
        return head

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts; the target is the image's vector."""
        new = sorted({record.pair for record in records} - set(self._seen))
        if new and self.tower is not None:
            self._seen.update(zip(new, self.tower.embed(new), strict=True))
        languages = [record.languages[0] for record in records]
        encoded = tokenizer.encode([record.text for record in records], languages=languages)
        for item, record in zip(encoded, records, strict=True):
            item.target = self._seen[record.pair]
        return encoded

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Let every text look for its image among those of all `records`, and every image for one of its texts."""
        if not len(outputs):
            return []
        names = list(dict.fromkeys(record.pair for record in records))
        place = {name: number for number, name in enumerate(names)}
        own, every = np.array([place[record.pair] for record in records]), np.arange(len(names))
        texts = np.stack([vectors[0] for vectors in outputs])
        vectors = {record.pair: item.target for record, item in zip(records, encoded, strict=True)}
        images = np.stack([vectors[name] for name in names])
        if texts.shape[1] != images.shape[1]:
            sizes = f"{texts.shape[1]} numbers, those of images {images.shape[1]}"
            raise UsageError(f"vectors of texts have {sizes}: the two models were not made for one another")
        here, there = crowdings(texts, images)
        forward, best = self._ranks(texts, images, here, there, wanted=own, offered=every)
        backward, _ = self._ranks(images, texts, there, here, wanted=every, offered=own)
        seen = zip(best, forward, backward[own], strict=True)
        return [
            Found(label=names[found], score=float(texts[row] @ images[found]), ranks=(int(one), int(two)))
            for row, (found, one, two) in enumerate(seen)
        ]

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Raise `UsageError`: the towers read padding as well, and images have no words."""
        raise UsageError("text-image cannot be explained: models of texts and images cannot be looked into")

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return accuracy in either direction."""
        found = super().breakdown(predictions, records)
        return {"text_to_image": found["forward"], "image_to_text": found["backward"]}

    def state(self) -> dict[str, Any]:
        """Return the settings."""
        return {"scoring": self.scoring, "images": self.images}
