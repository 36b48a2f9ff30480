"""Something that embeds texts, whatever it was made for: a bundle, or any encoder as it came."""

from __future__ import annotations

from pathlib import Path

from loanword.deploy.base import bundle_folder, hub_bundle
from loanword.deploy.bundle import Bundle
from loanword.hardware import detect


def embedder(model: str | Path, *, device: str = "auto", precision: str = "auto", threads: int = 0) -> Bundle:
    """Load `model`: a bundle, its run, a bundled name, a folder or a Hub id; `Bundle.embed` gives its vectors.

    Raises `ModelError` for a model that cannot be had.
    """
    if bundle_folder(model) or hub_bundle(str(model)):
        return Bundle.load(model, device=device, precision=precision, threads=threads)
    hardware = detect(device=device, precision=precision, threads=threads)
    return Bundle.untrained(model, task="similarity", hardware=hardware)
