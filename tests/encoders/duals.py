"""Tiny random models of texts and images, and images to give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from loanword.encoders.quiet import quiet_transformers

KINDS = ("clip", "siglip", "chinese_clip")
LENGTH = 20


def write(kind: str, folder: Path, tokenizer: Any) -> Path:
    """Write a model of `kind`, with width 16 or 32, its tokenizer and its image processor."""
    import torch
    import transformers as hf
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    text = {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": LENGTH,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
    }
    vision = {"image_size": 24, "patch_size": 8, **small}
    parts = {"text_config": {**text, **small}, "vision_config": vision}
    crop, square = {"height": 24, "width": 24}, {"shortest_edge": 24}
    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(3)
        if kind == "siglip":
            model, processor = hf.SiglipModel(hf.SiglipConfig(**parts)), SiglipImageProcessorPil(size=crop)
            tokenizer.model_input_names = ["input_ids"]  # As its own tokenizers say: it looks at the padding.
        elif kind == "clip":
            model = hf.CLIPModel(hf.CLIPConfig(**parts, projection_dim=16))
            processor = CLIPImageProcessorPil(size=square, crop_size=crop)
        else:
            model = hf.ChineseCLIPModel(hf.ChineseCLIPConfig(**parts, projection_dim=16))
            processor = CLIPImageProcessorPil(size=square, crop_size=crop)
        with torch.no_grad():  # Wider than usual, so that random weights tell texts apart, and images.
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
        for part in (model, tokenizer, processor):
            part.save_pretrained(folder)
    return folder


def pictures(folder: Path, count: int, *, seed: int = 0) -> list[Path]:
    """Write `count` images of noise in several sizes and modes."""
    from PIL import Image

    chance = np.random.default_rng(seed)
    found = []
    for number in range(count):
        pixels = chance.integers(0, 255, (20 + number, 40, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).convert(("RGB", "L", "RGBA", "P")[number % 4])
        found.append(folder / f"{number}.png")
        image.save(found[-1])
    return found


def vectors(folder: Path, texts: list[str], images: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Return what transformers' own classes make of texts and images: the oracle."""
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    with quiet_transformers(), torch.inference_mode():
        model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
        processor = AutoImageProcessor.from_pretrained(folder)
        options = {"padding": "max_length", "truncation": True, "max_length": LENGTH, "return_tensors": "pt"}
        said = tokenizer(texts, **options)
        inputs = {name: said[name] for name in tokenizer.model_input_names if name != "token_type_ids"}
        left = model.get_text_features(**inputs).pooler_output
        seen = processor(images=[Image.open(image).convert("RGB") for image in images], return_tensors="pt")
        right = model.get_image_features(**seen).pooler_output
    return tuple(part.numpy() / np.linalg.norm(part.numpy(), axis=1, keepdims=True) for part in (left, right))
