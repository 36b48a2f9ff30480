from __future__ import annotations

import pytest

scratch = pytest.importorskip("benchmarks.cases.scratch", reason="run from the repository root")


def test_text_is_all_lines_and_both_sides_of_translations_once(tmp_path, monkeypatch):
    for name, content in {
        "mono/en.txt": "Known already.\nOf its own.\n",
        "mono/pt.txt": "Um texto.\n",
        "gnome_help/en-pt-br.train.tsv": "Known already.\tJá conhecido.\tpage#0\nAnother one.\tMais um.\tpage#1\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(scratch, "DATA", tmp_path)
    monkeypatch.setattr(scratch.bundled, "cache_root", lambda: tmp_path / "cache")
    found = {tag: path.read_text("utf-8").splitlines() for tag, path in scratch.texts().items()}
    assert found == {
        "en": ["Known already.", "Of its own.", "Another one."],
        "pt": ["Um texto.", "Já conhecido.", "Mais um."],
    }
    made = scratch.texts()["en"]
    assert made == scratch.texts()["en"]
    (tmp_path / "mono/en.txt").write_text("Something else.\n", encoding="utf-8")
    assert made != scratch.texts()["en"], "other data makes other files"
    assert len([*(tmp_path / "cache").iterdir()]) == 2, "nothing is left over"
