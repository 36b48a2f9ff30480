"""Any encoder by what the user calls it: a bundled name, a local folder, a Hub id; alone, or with its own decoder.

Only safetensors are read, and no code that comes with a model is run.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loanword.config import expanded
from loanword.encoders.encoder import Encoder
from loanword.encoders.models import MODELS, lookup
from loanword.encoders.modules import Modules, read_modules
from loanword.encoders.pooling import POOLINGS, Dense
from loanword.encoders.quiet import quiet_transformers
from loanword.encoders.seq2seq import Seq2Seq, expect_sentencepiece, read_model, read_tokenizer
from loanword.encoders.towers import ImageTower, TextTower, is_dual
from loanword.errors import MissingExtra, ModelError, UsageError, in_short
from loanword.hub import ask_hub
from loanword.tokens.seq2seq import PythonTokenizer, Seq2SeqTokenizer
from loanword.tokens.stock import StockTokenizer
from loanword.tokens.tokenizer import Tokenizer

PLAIN = ("TokenizersBackend", "PreTrainedTokenizerFast")
"""Classes of tokenizers that add nothing to what tokenizer.json says."""

UNSAFE = ("pytorch_model.bin", "model.pt", "model.pkl", "tf_model.h5", "model.h5", "flax_model.msgpack")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An encoder with its tokenizer."""

    encoder: Encoder
    tokenizer: Tokenizer


def load(
    name: str,
    *,
    max_length: int | None = None,
    prefix: str | None = None,
    prompts: Mapping[str, str] | None = None,
    pooling: str | None = None,
    revision: str | None = None,
    training: bool = True,
) -> Loaded:
    """Load the encoder `name`; where it is not for `training`, the texts' tower of a model of images will do, too.

    `max_length` is in pieces and capped by the model's positions. It, `prefix`, `prompts` and `pooling` default to what
    a folder of sentence-transformers says, or else the model registry; a `prefix` alone goes before texts of any role.
    Raises `ModelError` in one sentence for a model that cannot be had, `UsageError` for a wrong name.
    """
    source, options = resolved(name, revision)
    asked = pooling
    entry, said = lookup(name), read_modules(partial(_find, source, options), name=name)
    known = said or Modules()
    pooling = pooling or known.pooling or entry.pooling
    if pooling not in POOLINGS:
        raise UsageError(f"unknown pooling '{pooling}'; known: {', '.join(POOLINGS)}")
    if prompts is None:
        prompts = {} if prefix is not None else known.prompts or entry.prompts
    if prefix is None:
        prefix = known.prefix or entry.prefix
    model, stock = _read(source, name=name, options={**options, "subfolder": known.subfolder}, training=training)
    whole = model if model.config.is_encoder_decoder else None
    model = model if whole is None else whole.get_encoder()
    limit = positions(model)
    if is_dual(type(model)):
        if asked:
            raise UsageError(f"{name} has a pooling of its own, to which its images were fitted; leave '{asked}' out")
        length = min(max_length or stock.model_max_length, limit)
        images = partial(_image_tower, model, source, options, name)
        masked = "attention_mask" in stock.model_input_names
        tower = TextTower(model, name=name, pad_id=stock.pad_token_id, length=limit, masked=masked, images=images)
        return Loaded(tower, StockTokenizer(stock, prefix=prefix, max_length=length))
    encoder = Encoder(model, name=name, pooling=pooling, projection=known.projection)
    _expect_fitting(encoder)
    if said:
        encoder.language_ids = {}  # sentence-transformers tells a model no language.
        max_length = max_length or said.max_length or stock.model_max_length
        if said.lowercase:
            _lowercase(stock)
    about: dict[str, Any] = {"prefix": prefix, "max_length": min(max_length or limit, limit)}
    if whole is None:
        tokenizer = Tokenizer(stock, prompts=prompts, **about)
    else:
        tokenizer = (Seq2SeqTokenizer if stock.is_fast else PythonTokenizer)(stock, name=name, **about)
        encoder.seq2seq = Seq2Seq(whole, tokenizer)
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise ModelError(
            f"{name}: the tokenizer has {len(tokenizer)} pieces but the model only {rows} embedding rows; "
            "they do not belong together"
        )
    return Loaded(encoder, tokenizer)


def positions(model: Any) -> int:
    """Return how many pieces the transformers `model` can take, special ones included; 512 if it does not say."""
    limit = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0) or 0)
    if limit <= 0:
        return 512
    # RoBERTa's family counts positions from padding + 1, so the rows up to there are never a position.
    tables = [part for name, part in model.named_modules() if name.endswith("position_embeddings")]
    padding = getattr(tables[0], "padding_idx", None) if tables else None
    return limit if padding is None else limit - int(padding) - 1


def resolved(name: str, revision: str | None) -> tuple[str, dict[str, Any]]:
    """Turn what the user wrote into what transformers loads, with options; refuse what cannot work."""
    if name.startswith("bundled:"):
        if name not in MODELS:
            known = ", ".join(known for known in MODELS if known.startswith("bundled:"))
            raise UsageError(f"unknown bundled model '{name}'; known: {known}")
        from loanword.encoders import bundled

        return str(bundled.folder()), {}
    path = expanded(name)
    if path.is_dir():
        return str(_of_run(path)), {}
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise UsageError(f"model folder '{name}' does not exist")
    return name, {"revision": revision, "local_files_only": not _on_hub(name, revision)}


def _of_run(folder: Path) -> Path:
    """Return `folder`, or that of the model inside where it is the folder of a run, as `config` tells them apart."""
    own = any((folder / name).is_file() for name in ("config.json", "modules.json"))
    inside = folder / "model"
    return inside if not own and (inside / "config.json").is_file() else folder


def _find(source: str, options: Mapping[str, Any], file: str) -> Path | None:
    """Return where `file` of the folder or repository `source` lies, fetched if need be; None where it has none."""
    if Path(source).is_dir():
        return Path(source) / file if (Path(source) / file).is_file() else None
    from transformers.utils import cached_file

    with quiet_transformers():
        quietly = {f"_raise_exceptions_for_{what}": False for what in ("missing_entries", "connection_errors")}
        found = cached_file(source, file, **options, **quietly)
    return found and Path(found)


def _lowercase(fast: Any) -> None:
    """Let the tokenizer `fast` turn all letters into small ones first."""
    from tokenizers import normalizers

    backend = fast.backend_tokenizer
    parts = [normalizers.Lowercase(), *filter(None, [backend.normalizer])]
    backend.normalizer = normalizers.Sequence(parts)


def _expect_model(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} has no config.json; expected a Hugging Face model folder")
    _expect_safetensors(str(folder), {file.name for file in folder.iterdir()})


def _expect_safetensors(name: str, files: Collection[str]) -> None:
    if not any(file.endswith(".safetensors") for file in files):
        unsafe = [file for file in UNSAFE if file in files]
        seen = f"only {unsafe[0]}, which can carry code" if unsafe else "no weights"
        raise ModelError(f"{name} holds {seen}; expected *.safetensors (save it with model.save_pretrained)")


def _on_hub(name: str, revision: str | None) -> bool:
    """Say whether the Hub can be asked for `name`; if not, the cache may still have it.

    Raises `ModelError` if the Hub answers that there is no such model, or one that cannot be used.
    """
    reply = ask_hub(name, kind="model", revision=revision)
    if reply.status == "absent":
        raise ModelError(
            f"the Hub has no model '{name}' that you may read; check the spelling, or log in with `hf auth login`"
        )
    if reply.status == "no revision":
        raise ModelError(f"model '{name}' has no revision '{revision}' on the Hub")
    if reply.files:
        _expect_safetensors(f"model '{name}'", reply.files)
    return reply.status == "found"


def _read(source: str, *, name: str, options: dict[str, Any], training: bool) -> tuple[Any, Any]:
    if Path(source).is_dir():
        source = str(Path(source) / options.pop("subfolder"))
        _expect_model(Path(source))
    try:
        import torch
        from transformers import MODEL_MAPPING, AutoConfig, AutoModel, AutoTokenizer
    except ImportError:
        raise MissingExtra("train", "transformers", f"the model {name}") from None
    options = {**options, "trust_remote_code": False}
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(source, **options)
            if config.is_encoder_decoder:
                stock = read_tokenizer(source, options)
                model, info = read_model(source, config, options)
            else:
                stock = _plain_tokenizer(source) or AutoTokenizer.from_pretrained(source, use_fast=True, **options)
                kind = MODEL_MAPPING[type(config)]
                if training and is_dual(kind):
                    raise ModelError(
                        f"{name} is a model of texts and images, which is measured here and not trained: "
                        f"loanword evaluate {name} --task text-image"
                    )
                if "add_pooling_layer" in inspect.signature(kind.__init__).parameters:
                    options["add_pooling_layer"] = False  # Our pooling reads the last layer itself.
                model, info = AutoModel.from_pretrained(
                    source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **options
                )
    except ModelError:
        raise
    except Exception as error:  # A foreign folder can make transformers raise anything.
        expect_sentencepiece(error, name)
        raise ModelError(
            _explain(error, name=name, missing=options.get("local_files_only", False) and isinstance(error, OSError))
        ) from error
    fast = config.is_encoder_decoder or getattr(stock, "is_fast", False) or is_dual(type(model))
    if not fast or len(stock) <= len(stock.all_special_tokens):
        raise ModelError(f"{name} has no fast tokenizer (tokenizer.json); loanword needs one")
    _expect_complete(name, model, missing=info["missing_keys"])
    for part in model.modules():
        if "Sinusoidal" in type(part).__name__:  # transformers makes them to stay as they are, and forgets it here.
            part.requires_grad_(False)
    return model, stock


def _image_tower(model: Any, source: str, options: dict[str, Any], name: str) -> ImageTower:
    """Return what embeds images by the dual encoder `model`, whose other files are in `source`."""
    try:
        import PIL  # noqa: F401 - what transformers says without it is a page
        from transformers import AutoImageProcessor
    except ImportError:
        raise MissingExtra("images", "Pillow", f"the images of {name}") from None
    try:
        with quiet_transformers():
            processor = AutoImageProcessor.from_pretrained(source, **options, trust_remote_code=False)
    except Exception as error:  # Again anything.
        raise ModelError(f"{name}: its images cannot be prepared ({in_short(error)})") from error
    return ImageTower(model, processor)


def _plain_tokenizer(source: str) -> Any | None:
    """Return the tokenizer of the folder `source`, if it says that tokenizer.json is all there is to it; else None.

    transformers reads that file twice; for a vocabulary of 250,000 pieces the second time takes 0.7 s.
    """
    from transformers import PreTrainedTokenizerFast

    path, settings = Path(source) / "tokenizer.json", Path(source) / "tokenizer_config.json"
    more = (Path(source) / name for name in ("special_tokens_map.json", "added_tokens.json"))
    if not path.is_file() or not settings.is_file() or any(file.exists() for file in more):
        return None
    config = json.loads(settings.read_text(encoding="utf-8"))
    simple = all(isinstance(value, (str, int, float)) for value in config.values())
    if config.pop("tokenizer_class", "") not in PLAIN or not simple:
        return None
    return PreTrainedTokenizerFast(**{**config, "tokenizer_file": str(path), "name_or_path": source})


def _expect_complete(name: str, model: Any, *, missing: Collection[str]) -> None:
    """Raise `ModelError` if weights of `model` were not in its files: transformers would leave them random."""
    absent = sorted(set(missing).intersection(name for name, _ in model.named_parameters()))
    if absent:
        raise ModelError(
            f"{name} lacks {len(absent)} of the weights of a {type(model).__name__}, such as {absent[0]}; "
            "config.json and the safetensors do not belong together, or tensors were renamed or left out"
        )


def _expect_fitting(encoder: Encoder) -> None:
    """Raise `ModelError` unless every layer of the projection takes what the one before it gives."""
    layers = [part.linear for part in encoder.projection if isinstance(part, Dense)]
    widths = [encoder.width, *(layer.out_features for layer in layers)]
    for width, layer in zip(widths, layers, strict=False):
        if layer.in_features != width:
            raise ModelError(f"{encoder.name}: a Dense takes vectors of {layer.in_features} numbers, but gets {width}")


def _explain(error: Exception, *, name: str, missing: bool) -> str:
    """Turn a loading error into one sentence with a remedy; `missing`: the Hub could not be asked."""
    if missing:
        return (
            f"model '{name}' is neither a local folder nor in the cache, and the Hub cannot be reached; "
            "use bundled:e5-small, a local folder, or a mirror through HF_ENDPOINT"
        )
    first = (str(error).strip().splitlines() or [""])[0][:200].rstrip(".")
    return f"model {name} cannot be loaded: {first or type(error).__name__}"
