"""The base model of a run: an encoder by its name, or a bundle, whose encoder was trained before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loanword.config import EncoderSettings, expanded
from loanword.deploy import manifest
from loanword.deploy.info import INFO, Info, read
from loanword.deploy.output import INSIDE
from loanword.deploy.portable import is_hub_id
from loanword.encoders.load import Loaded, load
from loanword.errors import ModelError, in_short
from loanword.hub import ask_hub, quiet_hub
from loanword.strategies.regime import Lineage


@dataclass(frozen=True, slots=True)
class Base:
    """An encoder with its tokenizer, and what it was trained on; `lineage` is None where no run of ours did that."""

    loaded: Loaded
    lineage: Lineage | None


def load_base(model: str, settings: EncoderSettings, *, training: bool = True) -> Base:
    """Load `model`: a bundled name, a folder, a Hub id, or a bundle (its folder, that of its run, or its Hub id).

    Where it is not for `training`, a model of texts and images will do, too.

    What `settings` leave open is what the model registry says, or how the bundle's encoder was trained. Raises
    `ModelError` for a model that cannot be had and for a damaged bundle.
    """
    folder = bundle_folder(model) or hub_bundle(model, revision=settings.revision)
    if folder is None:
        return Base(load(model, **settings.model_dump(), training=training), None)
    info, loaded = unpack(folder, settings)
    loaded.encoder.name = model
    return Base(loaded, info.lineage.of_encoder)


def unpack(folder: Path, settings: EncoderSettings = EncoderSettings()) -> tuple[Info, Loaded]:  # noqa: B008 - frozen
    """Check the bundle in `folder` against its manifest; return what it says of itself, and its encoder."""
    manifest.verify(folder)
    info = read(folder)
    own = {name: getattr(info, name) for name in ("prefix", "prompts", "pooling", "max_length")}
    given = settings.model_dump(exclude_none=True)
    if "prefix" in given:
        given["prompts"] = {}
    return info, load(str(folder), **{**own, **given})


def bundle_folder(path: str | Path) -> Path | None:
    """Return the folder of the bundle at `path`, which may be the run that made it; None where there is none."""
    folder = expanded(path)
    return next((place for place in (folder, folder / INSIDE) if (place / INFO).is_file()), None)


def hub_bundle(name: str, *, revision: str | None = None) -> Path | None:
    """Return the folder of the bundle that the Hub has as `name`, fetched or from the cache; None where it has none.

    Raises `ModelError` if the Hub has it and fetching it fails.
    """
    if not is_hub_id(name):
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    reply = ask_hub(name, kind="model", revision=revision)
    if reply.status in ("absent", "no revision") or (reply.files and INFO not in reply.files):
        return None
    try:
        with quiet_hub():
            folder = Path(snapshot_download(name, revision=revision, local_files_only=reply.status != "found"))
    except Exception as error:  # The connection broke, the disk is full, a file is gone.
        if reply.status != "found" and isinstance(error, LocalEntryNotFoundError):
            return None
        raise ModelError(f"bundle '{name}' cannot be fetched ({in_short(error)}); try again") from error
    return folder if (folder / INFO).is_file() else None
