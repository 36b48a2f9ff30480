"""Untrained models of every task on tiny encoders, and a text for each to explain."""

from loanword.data.records import Record, Span
from loanword.deploy.bundle import Bundle
from loanword.hardware import Hardware
from loanword.language.words import words
from loanword.randomness import seeded
from loanword.strategies.regime import Lineage
from loanword.tasks.model import Model
from loanword.tasks.task import TASKS

FIRST, SECOND = "my grandmother keeps bees behind the school", "бабушка держит пчёл за школой"


def tagged(text):
    return tuple(Span(start, end, "B-LONG" if end - start > 5 else "O") for start, end in words(text))


LEARNED = {
    "classification": [
        Record(FIRST, "en", label="bees"),
        Record(SECOND, "ru", label="school"),
        Record("x", "en", label="no"),
    ],
    "pairs": [Record(FIRST, "en", pair="bees", label="yes"), Record(SECOND, "ru", pair="no bees", label="no")],
    "multilabel": [Record(FIRST, "en", label=("bees", "school")), Record(SECOND, "ru", label=("no",))],
    "tagging": [Record(FIRST, "en", label=tagged(FIRST))],
    "answers": [Record(FIRST, "en", pair="where are the bees", label=(Span(25, 43, "behind the school"),))],
    "similarity": [Record(FIRST, "en", pair=SECOND, pair_language="ru", label=4.0)],
    "retrieval": [Record(FIRST, "en", pair=SECOND, pair_language="ru")],
    "translation": [Record(FIRST, "en", pair=SECOND, pair_language="ru")] * 2,
    "summarization": [Record(FIRST, "en", pair="bees behind", pair_language="en")],
    "abstractive-summarization": [Record(FIRST, "en", pair="bees behind", pair_language="en")] * 2,
}
"""Task to what it is fitted on; its first record, without the label, is what is explained."""

SECONDS = {"pairs": "bees", "answers": "where are the bees", "similarity": SECOND, "retrieval": SECOND}
"""Task to the second text that it needs."""


def bundle(tiny_encoder, kind, task="classification", *, seed=1, hardware=None, **options):
    """Make a model that nobody trained, with a head wide enough that its answers differ."""
    import torch

    loaded = tiny_encoder(
        kind, **{name: options.pop(name) for name in ("pooling", "max_length", "prefix") if name in options}
    )
    found = TASKS.get(task)(**options)
    found.fit(LEARNED[task], loaded.tokenizer)
    with seeded(seed, "head"):
        model = Model(loaded.encoder, found.head(loaded.encoder))
        with torch.no_grad():
            for parameter in model.head.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.3)
    model.eval()
    hardware = hardware or Hardware(device="cpu", precision="fp32", threads=1)
    return Bundle(model, loaded.tokenizer, found, hardware, Lineage(sources=("en",)))
