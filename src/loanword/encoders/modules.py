"""Folders of sentence-transformers, read and written: what stands around the encoder itself.

modules.json                          the modules in their order: Transformer, Pooling, then any Dense and Normalize
sentence_bert_config.json             the length limit, and whether texts are lower-cased
config_sentence_transformers.json     prompts: what goes before a text, by what the text is
1_Pooling/config.json 2_Dense/...     a folder for each module; in older ones the encoder has 0_Transformer/

A `Normalize` at the end is not kept: wherever two vectors are compared here, they have length 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from loanword.encoders.encoder import Encoder
from loanword.encoders.pooling import ACTIVATIONS, POOLINGS, Dense, Normalize
from loanword.encoders.save import save_tensors
from loanword.errors import ModelError, in_short
from loanword.tokens.tokenizer import Role, Tokenizer

MODULES, PROMPTS = "modules.json", "config_sentence_transformers.json"
SETTINGS = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Where a Transformer's settings may stand; only the first is still written."""

KINDS = ("Transformer", "Pooling", "Dense", "Normalize")
KEYS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
"""The keys, one a pooling, that every version of sentence-transformers reads; newer ones write `pooling_mode`."""

DOCUMENT = ("document", "passage", "corpus")
"""How the prompt of what is searched may be called."""

VECTOR = "sentence_embedding"
Find = Callable[[str], Path | None]
"""From the name of a file of a folder, or of a repository, to where it lies; None where there is none."""


@dataclass(frozen=True, slots=True)
class Modules:
    """How a folder turns texts into vectors, as far as it says so.

    The encoder itself lies in `subfolder`. `prefix` goes before every text, one of `prompts` in its place where a text
    has that role; pooled vectors go through `projection`.
    """

    subfolder: str = ""
    max_length: int | None = None
    lowercase: bool = False
    pooling: str = ""
    projection: nn.Sequential = field(default_factory=nn.Sequential)
    prefix: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)


def read_modules(find: Find, *, name: str) -> Modules | None:
    """Read the folder of the model `name`; None if it has no modules.json, and is an encoder alone.

    Raises `ModelError` for modules that are not known here, and for settings that would make other vectors.
    """
    if find(MODULES) is None:
        return None
    try:
        return _read(find)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
    except Exception as error:  # Whatever a foreign folder's files hold.
        raise ModelError(f"{name}: its modules cannot be read ({in_short(error)})") from error


def save_modules(encoder: Encoder, tokenizer: Tokenizer, folder: Path, *, role: Role = "") -> None:
    """Write what makes `folder`, which holds the model and its tokenizer, one of sentence-transformers.

    It gives the vectors of `encoder`, of length 1; texts are of `role` where nothing else is asked for.
    """
    parts = [*encoder.projection, Normalize()]
    places = [f"{number}_{type(part).__name__}" for number, part in enumerate(parts, start=2)]
    listed = zip(("", "1_Pooling", *places), (*KINDS[:2], *(type(part).__name__ for part in parts)), strict=True)
    modules = [
        {"idx": number, "name": str(number), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for number, (place, kind) in enumerate(listed)
    ]
    keys = {key: pooling == encoder.pooling for pooling, key in KEYS.items()}
    _write(folder / MODULES, modules)
    _write(folder / SETTINGS[0], {"max_seq_length": tokenizer.max_length, "do_lower_case": False})
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": encoder.width, **keys})
    for place, part in zip(places, parts, strict=True):
        if isinstance(part, Dense):
            _write(folder / place / "config.json", part.settings())
            save_tensors(part.state_dict(), folder / place / "model.safetensors")
    prompts = dict(tokenizer.prompts)
    default: str | None = role if role in prompts else None
    if default is None and tokenizer.prefix:
        default = next((name for name, text in prompts.items() if text == tokenizer.prefix), "default")
        prompts[default] = tokenizer.prefix
    _write(
        folder / PROMPTS,
        {
            "model_type": "SentenceTransformer",
            "prompts": prompts,
            "default_prompt_name": default,
            "similarity_fn_name": "cosine",
        },
    )


def _read(find: Find) -> Modules:
    listed = [(str(one["type"]), str(one["path"])) for one in _json(find, MODULES)]
    kinds = [kind.rpartition(".")[2] for kind, _ in listed]
    for kind, (whole, place) in zip(kinds, listed, strict=True):
        if kind not in KINDS or not whole.startswith("sentence_transformers."):
            raise ModelError(f"{MODULES} names the module {whole}; known: {', '.join(KINDS)}")
        if place.startswith("/") or ".." in Path(place).parts:
            raise ModelError(f"{MODULES} leads out of its folder, to {place}")
    if kinds[:2] != [*KINDS[:2]] or {*kinds[2:]} & {*KINDS[:2]}:
        raise ModelError(f"{MODULES} lists {', '.join(kinds)}; expected Transformer, Pooling, then Dense and Normalize")
    (subfolder, pooling, *places) = [place for _, place in listed]
    parts = [
        _dense(find, place) if kind == "Dense" else Normalize() for kind, place in zip(kinds[2:], places, strict=True)
    ]
    if parts and isinstance(parts[-1], Normalize):
        parts.pop()
    settings: dict[str, Any] = next(filter(None, (_json(find, f"{subfolder}/{name}") for name in SETTINGS)), {})
    method = settings.get("modality_config", {}).get("text", {"method": "forward"}).get("method")
    if settings.get("transformer_task", "feature-extraction") != "feature-extraction" or method != "forward":
        raise ModelError(f"{SETTINGS[0]} asks for more of the model than the last layer's vectors")
    said = _json(find, PROMPTS) or {}
    prompts = {name: text for name, text in (said.get("prompts") or {}).items() if text is not None}
    prefix = prompts.get(said.get("default_prompt_name"), "")
    if documents := [prompts[name] for name in DOCUMENT if name in prompts]:
        prompts["document"] = next(filter(None, documents), "")
    if not any(prompts.values()):
        prompts = {}
    pooled = _json(find, f"{pooling}/config.json") or {}
    if prompts and not pooled.get("include_prompt", True):
        raise ModelError(f"{pooling} leaves the pieces of prompts out, which is not known here")
    return Modules(
        subfolder=subfolder,
        max_length=settings.get("max_seq_length"),
        lowercase=bool(settings.get("do_lower_case")),
        pooling=_pooling(pooled),
        projection=nn.Sequential(*parts),
        prefix=prefix,
        prompts=prompts,
    )


def _pooling(config: Mapping[str, Any]) -> str:
    said = config.get("pooling_mode") or [pooling for pooling, key in KEYS.items() if config.get(key)] or "mean"
    modes = [said] if isinstance(said, str) else list(said)
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise ModelError(f"it pools by {' and '.join(map(str, modes))}; expected one of {', '.join(POOLINGS)}")
    return str(modes[0])


def _dense(find: Find, place: str) -> Dense:
    config = _json(find, f"{place}/config.json")
    whole = str(config.get("activation_function", "torch.nn.Tanh"))
    activation = whole.rpartition(".")[2]
    if not whole.startswith("torch.nn.") or activation not in ACTIVATIONS:
        raise ModelError(f"{place} has the activation function {whole}; known: {', '.join(ACTIVATIONS)}")
    ends = {config.get(f"module_{end}_name") or VECTOR for end in ("input", "output")}
    if ends != {VECTOR} or config.get("use_residual"):
        raise ModelError(f"{place} does more than to map the text's vector, which is not known here")
    if (weights := find(f"{place}/model.safetensors")) is None:
        raise ModelError(f"{place} holds no model.safetensors; save the model again with a newer sentence-transformers")
    from safetensors.torch import load_file

    layer = Dense(config["in_features"], config["out_features"], bias=config.get("bias", True), activation=activation)
    layer.load_state_dict(load_file(weights))
    return layer


def _json(find: Find, file: str) -> Any:
    """Return what `file` holds, None if there is none; "/x" is "x"."""
    place = find(file.removeprefix("/"))
    return None if place is None else json.loads(place.read_text(encoding="utf-8"))


def _write(file: Path, value: Any) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
