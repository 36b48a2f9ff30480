import pytest

from loanword.data.read import read
from loanword.data.shapes.captions import CAPTIONED_IMAGE
from loanword.errors import DataError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "pictures" / name).write_bytes(b"")
    return tmp_path


def test_paths_are_taken_from_the_folder_of_the_file(folder, write_jsonl, monkeypatch):
    monkeypatch.chdir("/")
    rows = [{"caption": f"text {n}", "file_name": f"pictures/{name}"} for n, name in enumerate(("a.png", "./b.png"))]
    rows.append({"caption": "text 2", "file_name": str(folder / "pictures" / "a.png")})
    table = read(write_jsonl(folder / "de.jsonl", rows), language="de", shape=CAPTIONED_IMAGE)
    expected = [str(folder / "pictures" / name) for name in ("a.png", "b.png", "a.png")]
    assert (table.text, table.pair, table.group) == (["text 0", "text 1", "text 2"], expected, expected)


def test_groups_of_the_files_own_win(folder, write_jsonl):
    rows = [{"text": "x", "image": "pictures/a.png", "group": "album 1"}]
    assert read(write_jsonl(folder / "x.jsonl", rows), language="de", shape=CAPTIONED_IMAGE).group == ["album 1"]


def test_every_image_that_is_not_there_is_told_with_its_line(folder):
    rows = ["text\timage", "a\tpictures/a.png", "b\tpictures/c.png", "c\tpictures", "d\t"]
    (folder / "x.tsv").write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        read(folder / "x.tsv", language="de", shape=CAPTIONED_IMAGE)
    found = [(one.code, one.line, one.column) for one in caught.value.problems]
    assert found == [("LW215", 3, "image"), ("LW215", 4, "image"), ("LW210", 5, "image")]
    assert "there is no image 'pictures/c.png'" in str(caught.value)
    assert "the name of an image is empty" in str(caught.value)
