"""Documents in six scripts, and an index of them by a tiny encoder."""

from __future__ import annotations

import pytest
from tests.corpus import SENTENCES

from loanword.search.index import Index


@pytest.fixture(scope="session")
def documents(tmp_path_factory):
    """A folder: a text file of ten paragraphs for each language, a page, and a table. Read only."""
    folder = tmp_path_factory.mktemp("documents") / "docs"
    folder.mkdir()
    for tag, lines in SENTENCES.items():
        (folder / f"{tag}.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    (folder / "page.html").write_text("<h1>Kettle</h1><p>the kettle &amp; the stove</p>", encoding="utf-8")
    (folder / "rows.csv").write_text("text,id\ntwo goats on a ferry,1\n水壶,2\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def built(documents, tiny_folder, tmp_path_factory):
    """An index of them in a folder. Read only."""
    out = tmp_path_factory.mktemp("indexes") / "index"
    return Index.build(documents, out=out, model=tiny_folder("bert"), length=32, overlap=8)
