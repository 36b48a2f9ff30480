import errno
import gzip
import os
import time
from pathlib import Path

import pytest

from loanword.data.codes import Findings
from loanword.data.text import FREE_BYTES, decode, expect_file, load
from loanword.errors import DataError


def problem(call):
    with pytest.raises(DataError) as caught:
        call()
    (found,) = caught.value.problems
    return found


def fetch(path, *, packed=False, parquet=False):
    return load(path, packed=packed, parquet=parquet, findings=Findings(str(path)))


def test_bytes_come_as_they_are(tmp_path):
    content = "\u2028é\r\n\x1c漢\t".encode()
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content[:5]) + gzip.compress(content[5:]))
    assert fetch(tmp_path / "a.csv") == content
    assert fetch(tmp_path / "a.csv.gz", packed=True) == content


def test_a_byte_order_mark_is_dropped_once_and_only_at_the_start():
    assert decode("\ufeffa\ufeff".encode(), Findings("a")) == "a\ufeff"
    assert decode(b"\xef\xbb\xbf\xef\xbb\xbfa", Findings("a")) == "\ufeffa"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_wide_encodings_are_named(encoding):
    found = problem(lambda: decode("text,label\nhello,greeting\n".encode(encoding), Findings("a.csv")))
    assert found.code == "LW108"
    assert "iconv -f UTF-" in found.fix


def test_a_few_nul_bytes_are_not_taken_for_a_wide_encoding():
    assert decode(b"a\0b" * 100, Findings("a")) == "a\0b" * 100


def test_invalid_utf8_is_placed_and_the_rest_still_read():
    findings = Findings("a.csv")
    text = decode(b"one\ntwo\ncaf\xe9,\xff\nfour\nna\xefve\n", findings)
    (found,) = findings.problems
    assert (found.code, found.line) == ("LW109", 3)
    assert "0xe9 at offset 11" in found.cause
    assert "2 such lines" in found.cause
    assert "iconv -f" in found.fix
    assert text.split("\n")[2:4] == ["caf\ufffd,\ufffd", "four"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\n\t"])
def test_empty_files(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert problem(lambda: decode(fetch(path), Findings("a"))).code == "LW110"


def test_what_is_not_a_regular_file_is_refused_without_opening(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for path, code in [
        (tmp_path, "LW102"),
        (tmp_path / "pipe.csv", "LW102"),
        (Path("/dev/zero"), "LW102"),
        (tmp_path / "loop.csv", "LW103"),
        (tmp_path / "absent.csv", "LW101"),
        (tmp_path / "absent" / "a.csv", "LW101"),
        (tmp_path / ("x" * 300), "LW103"),
        (tmp_path / "a\0b", "LW103"),
    ]:
        started = time.monotonic()
        assert problem(lambda path=path: expect_file(path, Findings(str(path)))).code == code, path
        assert time.monotonic() - started < 1


def test_a_link_to_a_file_is_a_file(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x")
    (tmp_path / "b.csv").symlink_to("a.csv")
    expect_file(tmp_path / "b.csv", Findings("b.csv"))
    assert fetch(tmp_path / "b.csv") == b"x"


@pytest.mark.parametrize(
    ("failure", "said"),
    [(PermissionError(errno.EACCES, "Permission denied"), "Permission denied"), (OSError(errno.EIO, "I/O"), "I/O")],
)
def test_unreadable_files(tmp_path, monkeypatch, failure, said):
    def refuse(_self):
        raise failure

    monkeypatch.setattr(Path, "read_bytes", refuse)
    found = problem(lambda: fetch(tmp_path / "a.csv"))
    assert found.code == "LW103"
    assert said in found.cause


@pytest.mark.parametrize("damage", ["cut", "flipped", "tail"])
def test_damaged_gzip(tmp_path, damage):
    content = bytearray(gzip.compress(bytes(range(256)) * 20))
    if damage == "cut":
        del content[-20:]
    elif damage == "flipped":
        content[40] ^= 0xFF
    else:
        content += b"garbage"
    (tmp_path / "a.csv.gz").write_bytes(content)
    assert problem(lambda: fetch(tmp_path / "a.csv.gz", packed=True)).code == "LW106"


def test_a_gigabyte_from_a_megabyte_is_given_up_early(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(2**22)) * 256)
    assert path.stat().st_size < 1.1 * 2**20
    started = time.monotonic()
    assert problem(lambda: fetch(path, packed=True)).code == "LW107"
    assert time.monotonic() - started < 5


def test_much_repeated_text_within_the_free_bytes_is_read(tmp_path):
    content = b"a" * (FREE_BYTES // 8)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content, mtime=0))
    assert fetch(tmp_path / "a.csv.gz", packed=True) == content


@pytest.mark.parametrize(
    ("content", "packed", "parquet"),
    [
        (b"PAR1....", False, False),
        (b"text,label", False, True),
        (gzip.compress(b"text", mtime=0), False, False),
        (b"text,label", True, False),
        (b"PK\x03\x04....", False, False),
        (gzip.compress(b"PAR1....", mtime=0), True, False),
        (gzip.compress(gzip.compress(b"a", mtime=0), mtime=0), True, False),
    ],
)
def test_content_that_belies_the_name(tmp_path, content, packed, parquet):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert problem(lambda: fetch(path, packed=packed, parquet=parquet)).code == "LW105"
