"""Models that put texts and images into one space (CLIP, SigLIP and their kin): either tower by itself.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"; Zhai et al. 2023, "Sigmoid
Loss for Language Image Pre-Training". Nothing here trains them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.errors import DataError, MissingExtra, Problem, in_short

BATCH = 32
"""Images that are read and embedded at a time."""


class ImageTower(nn.Module):
    """Vectors of images, by what the transformers `model` and its image processor make of them."""

    def __init__(self, model: Any, processor: Any) -> None:
        """Use `model`, which has get_image_features, on what `processor` makes of images."""
        super().__init__()
        self.model = model
        self.processor = processor

    def embed(self, images: Sequence[Any]) -> np.ndarray:
        """Return the vectors of `images` (n, width), in order, of length 1; each is a path, or an image of Pillow.

        Raises `DataError` with every file that is no image.
        """
        found: list[np.ndarray] = []
        problems: list[Problem] = []
        for start in range(0, len(images), BATCH):
            opened = [_opened(image, problems) for image in images[start : start + BATCH]]
            if not problems:
                found.append(self._vectors(opened))
        if problems:
            raise DataError(problems)
        return np.concatenate(found) if found else np.empty((0, 0), dtype=np.float32)

    @torch.inference_mode()
    def _vectors(self, images: Sequence[Any]) -> np.ndarray:
        device = next(self.model.parameters()).device
        inputs = self.processor(images=list(images), return_tensors="pt").to(device)
        vectors: np.ndarray = nn.functional.normalize(_features(self.model.get_image_features(**inputs))).cpu().numpy()
        return vectors


class TextTower(Encoder):
    """The tower of texts, as an encoder whose pooled vectors lie where those of `images()` do.

    Texts are padded to the longest that the model takes: SigLIP reads its vector off the last place, whatever is there.
    """

    def __init__(
        self, model: Any, *, name: str, pad_id: int, length: int, masked: bool, images: Callable[[], ImageTower]
    ) -> None:
        """Wrap `model`, which has get_text_features; it gets an attention mask if `masked`."""
        super().__init__(model, name=name, pooling="")
        self.pad_id = pad_id
        self.length = length
        self.masked = masked
        self.images = images
        self.eval()
        with torch.no_grad():
            ids = torch.full((1, 1), pad_id)
            self._pooled_width = self(Batch(ids, torch.ones_like(ids), ("und",), (0,))).pooled.shape[1]

    @property
    def config(self) -> Any:
        """The transformers configuration of this tower."""
        return self.model.config.get_text_config()

    @property
    def pooled_width(self) -> int:
        """Size of a text's vector."""
        return int(self._pooled_width)

    def forward(self, batch: Batch) -> EncoderOutput:
        """Run the tower; shapes as in `EncoderOutput`."""
        seq = batch.ids.shape[1]
        inputs = {"input_ids": nn.functional.pad(batch.ids, (0, self.length - seq), value=self.pad_id)}
        if self.masked:
            inputs["attention_mask"] = nn.functional.pad(batch.mask, (0, self.length - seq))
        said = self.model.get_text_features(**inputs)
        hidden = said.last_hidden_state[:, :seq]
        return EncoderOutput(hidden=hidden, mask=batch.mask, pooled=_features(said), ids=batch.ids)


def is_dual(kind: type) -> bool:
    """Whether a class of transformers puts texts and images into one space."""
    return hasattr(kind, "get_text_features") and hasattr(kind, "get_image_features")


def _features(said: Any) -> torch.Tensor:
    features: torch.Tensor = said.pooler_output.float()
    return features


def _opened(image: Any, problems: list[Problem]) -> Any:
    """Return an image of Pillow, whose pixels were read; note what is none."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtra("images", "Pillow", "reading images") from None
    if isinstance(image, Image.Image):
        return image.convert("RGB")
    try:
        with Image.open(Path(image)) as file:
            return file.convert("RGB")
    except Exception as error:  # Pillow raises anything for what is no image, or too large a one.
        fix = "Give a picture that Pillow reads, such as PNG or JPEG"
        problems.append(Problem("LW215", str(image), 0, f"this is no image that can be read ({in_short(error)})", fix))
        return None
