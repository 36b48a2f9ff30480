"""A bundle made from the names of its labels: no text with a label is needed, in any language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from loanword.config import EncoderSettings
from loanword.data.records import Table
from loanword.deploy.base import load_base
from loanword.deploy.bundle import Bundle
from loanword.errors import ConfigError, UsageError
from loanword.hardware import Hardware
from loanword.strategies.regime import Lineage
from loanword.tasks.classification import Classification
from loanword.tasks.inference import Inference
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tasks.pairs import Pairs

PLACE = "{label}"
TEMPLATE = f"This text is about {PLACE}."
TEMPERATURE = 0.0075
"""What cosines are divided by before the softmax; it fits e5-small, whose cosines differ little."""

LOWEST, HIGHEST = 0.003, 100.0
"""Temperatures that make probabilities: cosines differ by 2 at most, and e^(-2 / 0.003) is a number above 0 still."""


def by_cosine(
    labels: Mapping[str, str] | Sequence[str],
    *,
    model: str,
    hardware: Hardware,
    templates: Sequence[str] = (TEMPLATE,),
    temperature: float = TEMPERATURE,
    unlabelled: Mapping[str, Table] | None = None,
) -> Bundle:
    """Make a classifier that says the label whose description is nearest to the text, as the encoder `model` has it.

    A label's vector is the mean over the `templates`, each filled with what `sentences` says; logits are cosines over
    `temperature`. From them is taken what a label has in any text, if there are `unlabelled` ones, by language: their
    mean, which tells no topic, but how near the label lies to everything (after Zhao et al. 2021, "Calibrate Before
    Use: Improving Few-Shot Performance of Language Models").
    """
    if not LOWEST <= temperature <= HIGHEST:
        raise UsageError(f"temperature is {temperature}; expected a number from {LOWEST:g} to {HIGHEST:g}")
    said = sentences(labels, templates)
    base = load_base(model, EncoderSettings())
    encoder, tokenizer = base.loaded.encoder, base.loaded.tokenizer
    task = Classification(labels=list(said), head="cosine", dropout=0.0)
    made = Model(encoder, task.head(encoder)).to(hardware.device).eval()
    texts = [text for group in said.values() for text in group]
    found = outputs(
        made,
        tokenizer.encode(texts, languages=["und"] * len(texts)),
        pad_id=tokenizer.pad_id,
        hardware=hardware,
        forward=lambda batch: made.head.features(*made.read(batch)),
    )
    vectors = torch.from_numpy(np.stack(found.values)).reshape(len(said), len(templates), -1).mean(dim=1)
    weight = torch.nn.functional.normalize(vectors, dim=-1) / temperature
    made.head.start_from(weight, torch.zeros(len(said)))
    bundle = Bundle(made, tokenizer, task, hardware, _lineage(said, unlabelled, base.lineage))
    made.head.start_from(weight, -torch.from_numpy(_usual(bundle, unlabelled)))
    return bundle


def by_inference(
    labels: Mapping[str, str] | Sequence[str],
    *,
    by: str | Path,
    templates: Sequence[str] = (TEMPLATE,),
    entailment: str = "entailment",
    unlabelled: Mapping[str, Table] | None = None,
    hardware: Hardware,
) -> Bundle:
    """Make a classifier that says the label whose filled `templates` a text entails most, as the bundle `by` has it.

    `by` is one of pairs, with a label `entailment`; `unlabelled` texts serve as for `by_cosine`.
    """
    said = sentences(labels, templates)
    known = Bundle.load(by, device=hardware.device, precision=hardware.precision, threads=hardware.threads)
    if not isinstance(known.task, Pairs):
        raise UsageError(f"{by} is a bundle of {known.describe()['task']}; inference needs one of pairs")
    task = Inference(labels=list(said), hypotheses=list(said.values()), pairs=known.task, entailment=entailment)
    lineage = _lineage(said, unlabelled, known.lineage)
    bundle = Bundle(known.model, known.tokenizer, task, known.hardware, lineage, seed=known.seed)
    task.usual = _usual(bundle, unlabelled)
    return bundle


def sentences(labels: Mapping[str, str] | Sequence[str], templates: Sequence[str]) -> dict[str, list[str]]:
    """Return what is said of each label: the templates, filled with its name and, where there is one, its description.

    Raises `ConfigError` with all that is wrong with them.
    """
    pairs = list(labels.items()) if isinstance(labels, Mapping) else [(name, "") for name in labels]
    names = [name for name, _ in pairs]
    wrong = [f"the label {name!r} is given twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    wrong += ["a label has no name"] if not all(name.strip() for name in names) else []
    wrong += [f"there {'is one label' if names else 'are no labels'}; give two or more"] if len(names) < 2 else []
    wrong += [f"template {one!r}: expected {PLACE} in it, once" for one in templates if one.count(PLACE) != 1]
    wrong += ["there is no template; give one or more"] if not templates else []
    if wrong:
        raise ConfigError(wrong, where="labels")
    return {
        name: [one.replace(PLACE, ", ".join(filter(None, (name, about.strip())))) for one in templates]
        for name, about in pairs
    }


def _lineage(
    said: Mapping[str, Sequence[str]], unlabelled: Mapping[str, Table] | None, earlier: Lineage | None
) -> Lineage:
    names = tuple(group[0] for group in said.values())
    return Lineage(sources=(), names=names, texts=tuple(unlabelled or ()), earlier=earlier)


def _usual(bundle: Bundle, unlabelled: Mapping[str, Table] | None) -> np.ndarray:
    """Return each label's mean logit over texts, less the mean over labels; languages count alike."""
    means = [
        np.log([list(one.scores.values()) for one in bundle.answer(list(table))]).mean(axis=0)
        for table in (unlabelled or {}).values()
    ]
    usual: np.ndarray = np.mean(means, axis=0) if means else np.zeros(len(bundle.task.labels))
    apart: np.ndarray = (usual - usual.mean()).astype(np.float32)
    return apart
