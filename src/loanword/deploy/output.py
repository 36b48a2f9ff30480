"""Where a run may be saved: an earlier one is replaced, what somebody else put there is not."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from loanword.deploy.info import INFO
from loanword.durable import sealed_around
from loanword.errors import UsageError
from loanword.evaluation.report import FILES, is_ours

INSIDE = "model"
"""The bundle's folder inside a run's folder."""

RECIPE = "recipe.toml"
PRETRAINED = ("report.json", "adapt.json", "curves.svg", RECIPE)
"""What a run without labels may have left, and the next one replaces; the first two say that it was one."""


def expect_replaceable(target: Path) -> None:
    """Raise `UsageError` if `target` holds something that is no bundle, which saving one would destroy."""
    if not target.exists() or (target / INFO).is_file() or (target.is_dir() and not any(target.iterdir())):
        return
    raise UsageError(f"{target} exists and is no bundle; choose another folder, or move it away")


def expect_new(folder: Path) -> None:
    """Raise `UsageError` unless `folder` can be made: nothing is there yet, and it lies in no bundle or index."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} exists; choose another folder, or move it away")
    expect_output(folder, files=())
    if around := sealed_around(folder.absolute()):
        raise UsageError(f"{folder} lies in {around}, a bundle or an index; choose another place")


def expect_no_bundle(folder: Path) -> None:
    """Raise `UsageError` if a model saved in `folder` would replace the bundle of a run on labels.

    What another run on labels replaces, it makes anew; a run without labels does not.
    """
    if (folder / INSIDE / INFO).is_file():
        raise UsageError(
            f"{folder} holds the bundle of an earlier run, which this one would replace; choose another folder"
        )


def expect_output(folder: Path, *, files: Sequence[str] = (RECIPE, *FILES)) -> None:
    """Raise `UsageError` if `files` and a bundle could not be saved in `folder`: asked before hours are spent on them.

    Files of an earlier run are replaced, and no others: least of all those of a bundle.
    """
    around = next((place for place in (folder, *folder.resolve().parents) if (place / INFO).is_file()), None)
    if around is not None:
        where = "is" if around == folder else f"lies in {around}, which is"
        raise UsageError(f"{folder} {where} a bundle; what is written into it would damage it. Choose another folder")
    if not folder.exists() and folder.is_symlink():
        raise UsageError(f"{folder} is a link to {folder.readlink()}, which does not exist; choose another folder")
    ours: Sequence[str] = FILES if is_ours(folder) else ()
    if any(is_ours(folder, name, "corpus") for name in PRETRAINED[:2]):  # Whose model is no bundle.
        ours = PRETRAINED
    else:
        expect_replaceable(folder / INSIDE)
    if not (folder / INSIDE / INFO).is_file():
        foreign = [name for name in files if name not in ours and (folder / name).exists()]
        if foreign:
            raise UsageError(
                f"{folder} holds {', '.join(foreign)}, which no loanword run wrote and this one would replace; "
                "choose another folder, or move them away"
            )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to ({nearest}: {error.strerror or error})") from None
