"""Folders on disk that are there whole or not at all, and that can be asked whether they are still what was written.

A folder is filled beside its place and sealed with a manifest (a SHA-256 for every file); then every byte is flushed
to the disk, and one rename puts it where it belongs. Whoever is killed in between leaves a partial folder, which
`sweep` removes. (Replacing takes two renames; who is killed between them leaves the place empty.)
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from loanword.errors import LoanwordError

MANIFEST = "manifest.json"
PARTIAL = ".partial"
"""How the names of folders end that are not finished."""
LEFT = (".", "Thumbs.db", "desktop.ini")
"""How the names of files begin that file managers and network disks leave: .DS_Store, ._x, .nfs0."""


def seal(folder: Path, *, leave: Collection[str] = ()) -> None:
    """Write the manifest of `folder`: file name -> size and SHA-256, but for the names in `leave`."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    entries = {name: _entry(folder / name) for name in files if name != MANIFEST and name not in leave}
    (folder / MANIFEST).write_bytes(_dump(entries))


def damage(folder: Path, *, whole: bool = False) -> list[str]:
    """Say of every file of a sealed `folder` that is missing or changed, the manifest included, that it is.

    Files that were added are not looked at, unless it is to be the `whole` folder; those that file managers leave
    wherever they were are never.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        expected = dict(json.loads(content))
    except OSError as error:
        return [f"there is no readable {MANIFEST}: {error.strerror or error}"]
    except (ValueError, TypeError):
        return [f"there is no readable {MANIFEST}: its content is none"]
    found = {name: _entry(folder / name) for name in expected if (folder / name).is_file()}
    bad = [
        f"{name} {'was changed' if name in found else 'is missing'}"
        for name, entry in expected.items()
        if found.get(name) != entry
    ]
    if whole:
        known = {folder / name for name in (*expected, MANIFEST)}
        known |= {place for file in known for place in file.parents}
        more = (path for path in sorted(folder.rglob("*")) if path not in known)
        bad += [f"{path.relative_to(folder)} was added" for path in more if not path.name.startswith(LEFT)]
    return bad or ([f"{MANIFEST} was changed"] if _dump(found) != content else [])


def listed(folder: Path) -> set[str]:
    """Return the names of the files that the manifest of `folder` vouches for."""
    return set(json.loads((folder / MANIFEST).read_bytes()))


def sealed_around(place: Path) -> Path | None:
    """Return the sealed folder that `place` lies in, if there is one."""
    return next((folder for folder in place.parents if _is_sealed(folder)), None)


@contextmanager
def beside(target: Path, *, needed: int = 0, advice: str = "") -> Iterator[Path]:
    """Give an empty folder on the file system of `target`, in which to make what is to take its place.

    Whatever the disk refuses inside becomes a `LoanwordError` with the path, the bytes `needed` if known, those that
    are free, and `advice`.
    """
    made = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-", suffix=PARTIAL))
        yield made
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        needs = f"it needs {size(needed)}, " if needed else ""
        room = size(free(target))
        raise LoanwordError(f"{target} cannot be saved: {reason} ({needs}{room} are free there){advice}") from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the file `target` at the end, or is gone.

    What the disk refuses becomes a `LoanwordError` that names the target and its folder.
    """
    partial = target.with_name(f".{target.name}{PARTIAL}")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or error
        raise LoanwordError(f"{target.name} cannot be written to the folder {target.parent}: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Remove what killed processes left unfinished beside `target`, or beside folders whose names begin like it.

    Nobody else may be at work there.
    """
    for place in target.parent.glob(f".{target.name}-*{PARTIAL}"):
        shutil.rmtree(place, ignore_errors=True)


def put(new: Path, target: Path) -> None:
    """Put the folder `new` in the place of `target`, or leave everything as it was; an older one goes beside `new`.

    When this returns, what was put is on the disk and not in the memory of the operating system alone.
    """
    for path in (*sorted(new.rglob("*")), new):
        flush(path)
    old = new.with_name(f"{new.name}-old")
    try:
        if target.exists() or target.is_symlink():
            target.rename(old)
        new.rename(target)
    except BaseException:  # Also Ctrl-C: the older one must not go with the staging folder.
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    flush(target.parent)


def free(place: Path) -> int:
    """Return the bytes that are free on the disk that holds `place`, or will."""
    return shutil.disk_usage(next(part for part in (place, *place.absolute().parents) if part.exists())).free


def size(count: int) -> str:
    """Render a number of bytes for a message."""
    return f"{count / 1e6:,.0f} MB"


def flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders, and keeps their lists safe by itself.
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)  # Windows flushes what can be written.
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_sealed(folder: Path) -> bool:
    try:
        entries = dict(json.loads((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError):
        return False
    return all(isinstance(one, dict) and set(one) == {"bytes", "sha256"} for one in entries.values())


def _entry(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": digest(path)}


def _dump(entries: Mapping[str, object]) -> bytes:
    return (json.dumps(entries, indent=1) + "\n").encode()
