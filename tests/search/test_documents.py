import gzip

import pytest

from loanword.errors import DataError, UsageError
from loanword.search.documents import Documents
from loanword.search.passages import passages


def listed(root, **options):
    return [(one.name, one.line, one.text) for one in Documents.within(root).read(**options)]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "docs"
    (root / "deep" / "er").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "a.txt").write_text("not looked at")
    (root / "b.txt").write_bytes("\ufeffder Kessel\r\nist warm\n".encode())
    (root / "deep" / "A.MD").write_text("# Ferry\n\nno boat", encoding="utf-8")
    (root / "deep" / "er" / "p.html").write_text("<p>zwei &amp; Ziegen</p>", encoding="utf-8")
    (root / "rows.csv").write_text("body,id\n奶奶,1\nпчёлы,2\n", encoding="utf-8")
    (root / "z.txt.gz").write_bytes(gzip.compress(b"packed"))
    (root / "picture.png").write_bytes(b"\x89PNG")
    return root


def test_all_that_can_be_read_in_the_order_of_names(folder):
    assert listed(folder) == [
        ("b.txt", 0, "der Kessel\r\nist warm\n"),
        ("deep/A.MD", 0, "# Ferry\n\nno boat"),
        ("deep/er/p.html", 0, "zwei & Ziegen"),
        ("rows.csv", 2, "奶奶"),
        ("rows.csv", 3, "пчёлы"),
        ("z.txt.gz", 0, "packed"),
    ]
    assert [path.name for path in Documents.within(folder).others] == ["picture.png"]


def test_a_single_file_and_a_column_of_ones_own(folder, tmp_path):
    assert listed(folder / "b.txt")[0][0] == "b.txt"
    (tmp_path / "t.jsonl").write_text('{"says": "x y"}\n', encoding="utf-8")
    assert listed(tmp_path / "t.jsonl", columns={"text": "says"}) == [("t.jsonl", 1, "x y")]


def test_only_pages_and_what_has_a_byte_order_mark_have_runs(folder):
    runs = {one.name: one.runs for one in Documents.within(folder).read()}
    assert {name for name, found in runs.items() if found} == {"b.txt", "deep/er/p.html"}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "Der Kessel ist warm.\r\n\r\nNiemand zählte."),
        ("a.md", "# Fähre\n\nkein Boot"),
        ("a.md.gz", "# Fähre\n\nkein Boot"),
        ("a.html", "<p>zwei Ziegen</p> <p>ein Boot</p>"),
    ],
)
def test_places_are_those_of_the_file_with_its_byte_order_mark(tmp_path, mark, name, content):
    data = (mark + content).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (document,) = Documents.within(tmp_path).read()
    whole = data.decode("utf-8")
    assert not document.text.startswith("\ufeff")
    for room in (14, 99):
        found = passages(document, range(len(document.text)), room=room, overlap=0)
        assert (len(found) > 1) == (room == 14)
        for one in found:
            for word in one.text.split():
                start, end = one.place(one.text.index(word), one.text.index(word) + len(word))
                assert whole[start:end] == word
            assert whole[one.start : one.end].split()[0].startswith(one.text.split()[0])
            assert whole[one.start : one.end].endswith(one.text.split()[-1])


def test_all_problems_of_all_files_at_once(folder):
    (folder / "a.txt").write_bytes(b"fine\nnot \xff so\n")
    (folder / "c.txt").write_bytes(b"one\ntwo\0\n")
    (folder / "d.md").write_bytes(b"")
    (folder / "e.html").write_text("<script>1</script>")
    (folder / "f.csv").write_text("text\nfine\n \n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        listed(folder)
    problems = [(one.path.rpartition("/")[2], one.line, one.code) for one in caught.value.problems]
    assert problems == [
        ("a.txt", 2, "LW109"),
        ("c.txt", 2, "LW212"),
        ("d.md", 0, "LW110"),
        ("e.html", 0, "LW110"),
        ("f.csv", 3, "LW210"),
    ]


def test_a_folder_without_documents(tmp_path):
    with pytest.raises(UsageError, match=r"holds no documents, but nothing; expected files that end in \.txt, \.md"):
        Documents.within(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"x")
    with pytest.raises(UsageError, match="holds no documents, but 1 of other kinds"):
        Documents.within(tmp_path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(DataError, match="LW101 there is no such file"):
        listed(tmp_path / "nowhere.txt")
    with pytest.raises(DataError, match="LW104"):
        listed(tmp_path / "nowhere.pdf") if (tmp_path / "nowhere.pdf").write_bytes(b"x") else None
