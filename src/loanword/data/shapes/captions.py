"""An image and a text that says what is on it; the image's path is the record's second text."""

from __future__ import annotations

from pathlib import Path

from loanword.config import expanded
from loanword.data.cells import texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.records import Filled, Shape


def _fill(source: Source) -> Filled:
    file = Path(source.findings.path)
    beside = file.parent if file.is_file() else Path()
    images = [str(beside / expanded(name)) if name else "" for name in texts(source, "image", what="name of an image")]
    for (line, name), image in zip(source.column("image"), images, strict=True):
        if image and not Path(image).is_file():
            fix = "correct the path, which is taken from the folder of the file, or leave the row out"
            source.note("LW215", "image", line, cause=f"there is no image {shown(str(name))}", fix=fix)
    return Filled(text=texts(source, "text"), pair=images, group=images)


CAPTIONED_IMAGE = Shape(
    "captioned images",
    inputs=("text",),
    label="image",
    fill=_fill,
    known_as={"text": ("caption", "sentence"), "image": ("image_path", "file_name", "filename", "path")},
    second="needed",
)
