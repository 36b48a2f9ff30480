"""What comes out of a packed file is what went in, piece by piece; what is damaged is said, with its place."""

import bz2
import gzip

import pytest

from loanword.data.codes import Findings
from loanword.data.corpus import streams
from loanword.data.corpus.streams import bare, head, lines, pieces
from loanword.errors import DataError, MissingExtra

TEXT = "".join(f"line {number}: чайник ещё тёплый 茶壶还是热的\r\n" for number in range(9000))


def packed(kind, data):
    if kind == ".zst":
        zstandard = pytest.importorskip("zstandard", reason="needs the extra 'corpus'")
        return zstandard.ZstdCompressor().compress(data)
    return {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}[kind](data)


@pytest.fixture
def write(tmp_path):
    def make(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return make


def problems(path, read=lambda path, findings: list(lines(path, findings))):
    findings = Findings(str(path))
    with pytest.raises(DataError) as caught:
        read(path, findings)
    return [(problem.code, problem.line) for problem in caught.value.problems]


@pytest.mark.parametrize("kind", ["", ".gz", ".bz2", ".zst"])
def test_lines_come_as_they_are_with_their_numbers(write, kind):
    path = write(f"a.txt{kind}", packed(kind, TEXT.encode()))
    findings = Findings(str(path))
    assert b"".join(pieces(path, findings)) == TEXT.encode()
    assert list(lines(path, findings)) == list(enumerate(TEXT.split("\r\n")[:-1], start=1))
    assert head(path, findings) == TEXT.encode()[: streams.HEAD]
    assert findings.problems == []


@pytest.mark.parametrize("kind", [".gz", ".bz2", ".zst"])
def test_files_that_were_packed_in_parts_and_joined(write, kind):
    parts = [b"", b"one\ntw", b"o\nthree"]
    path = write(f"a.txt{kind}", b"".join(packed(kind, part) for part in parts))
    assert [text for _, text in lines(path, Findings("a"))] == ["one", "two", "three"]


def test_frames_of_zstd_that_hold_no_data_are_passed_over(write):
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    path = write("a.txt.zst", skipped + packed(".zst", b"one\n") + skipped)
    assert list(lines(path, Findings("a"))) == [(1, "one")]


@pytest.mark.parametrize("kind", [".gz", ".bz2", ".zst"])
def test_damage_is_told_after_what_was_read(write, kind):
    data = packed(kind, TEXT.encode())
    for broken in (data[:-20], data[: len(data) // 2], data[:40] + bytes(len(data) - 40)):
        assert problems(write(f"a.txt{kind}", broken)) == [("LW106", 0)]


@pytest.mark.parametrize("kind", [".gz", ".bz2", ".zst"])
def test_a_name_that_is_wrong(write, kind):
    if kind == ".zst":
        pytest.importorskip("zstandard", reason="needs the extra 'corpus'")
    assert problems(write(f"a.txt{kind}", b"plain text")) == [("LW105", 0)]


@pytest.mark.parametrize("kind", [".gz", ".bz2", ".zst"])
def test_a_bomb_is_given_up(write, kind, monkeypatch):
    monkeypatch.setattr(streams, "FREE_BYTES", 2**20)
    path = write(f"a.txt{kind}", packed(kind, b"tick\n" * 2**20))
    assert path.stat().st_size < 2**20 / 100
    assert problems(path) == [("LW107", 0)]


def test_a_line_without_end_is_given_up(write, monkeypatch):
    monkeypatch.setattr(streams, "PIECE", 2**10)
    monkeypatch.setattr(streams, "LONGEST", 2**12)
    assert len(list(lines(write("a.txt", b"one\n" + b"x" * 4000 + b"\nthree"), Findings("a")))) == 3
    assert problems(write("a.txt", b"one\n" + b"x" * 5500)) == [("LW216", 2)]


def test_lines_longer_than_a_piece_are_whole(write, monkeypatch):
    monkeypatch.setattr(streams, "PIECE", 16)
    wanted = ["short", "a line of far more than sixteen bytes, in the middle", "", "last"]
    assert [text for _, text in lines(write("a.txt", "\n".join(wanted).encode()), Findings("a"))] == wanted


def test_bytes_that_are_not_utf8_have_a_line_and_a_place(write):
    path = write("a.txt", "one\ncafé\n".encode("latin-1") + b"three\n\xff\n")
    findings = Findings(str(path))
    assert list(lines(path, findings)) == [(1, "one"), (3, "three")]
    assert [(problem.code, problem.line) for problem in findings.problems] == [("LW109", 2), ("LW109", 4)]
    assert "byte 0xe9, number 4 of the line" in findings.problems[0].cause


def test_a_byte_order_mark_is_no_text(write):
    path = write("a.txt", b"\xef\xbb\xbf\xef\xbb\xbfone\n\xef\xbb\xbftwo")
    assert list(lines(path, Findings("a"))) == [(1, "\ufeffone"), (2, "\ufefftwo")]
    assert head(path, Findings("a")).startswith(b"\xef\xbb\xbfone")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "LW110"), ("one\ntwo\nthree\n".encode("utf-16"), "LW108"), (b"PAR1....", "LW105"), (b"PK\x03\x04", "LW105")],
)
def test_what_is_no_text_is_told_by_its_beginning(write, data, code):
    assert problems(write("a.txt", data), head) == [(code, 0)]


def test_a_file_that_goes_away(tmp_path):
    assert problems(tmp_path / "gone.txt") == [("LW103", 0)]


def test_the_extension_of_packing_alone_goes(tmp_path):
    names = {"a.txt.gz": "a.txt", "a.jsonl.ZST": "a.jsonl", "wiki_00.bz2": "wiki_00", "a.txt": "a.txt"}
    assert {name: bare(tmp_path / name).name for name in names} == names


def test_without_the_library_one_line_says_what_to_install(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(MissingExtra, match=r"pip install 'loanword\[corpus\]'"):
        list(lines(write("a.txt.zst", b"\x28\xb5\x2f\xfd"), Findings("a")))
