"""Tags of words: entities of Wikipedia sentences, and parts of speech of the parallel treebanks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, joined, one, parted, some, some_groups
from benchmarks.encoders import folder
from benchmarks.peers.settings import Settings
from loanword.data.shapes.tagged import TAGGED_TEXT

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted
    from loanword.data.records import Record

TRAIN, DEV, SENTENCES, DOCUMENTS = 2000, 300, 300, 120
FILES = ("cases/tagging.py", "peers/trainer_tagging.py")
UNIVERSAL = {"tags": "upos"}


class _Tagging(Case):
    """What both have in common: the peer."""

    task = "tagging"
    judge = "span_metrics"
    files = FILES

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the Trainer tag the first piece of every word."""
        from benchmarks.peers.trainer_tagging import run
        from loanword.data.records import Span
        from loanword.tasks.task import Prediction

        train, _ = joined(rows.train)
        records, sizes = joined(tests)
        answers, fitted = run(
            str(folder("pretrained", seed=0)),
            [_words(record) for record in train],
            [[span.label for span in record.label] for record in train],
            [_words(record) for record in records],
            seed=seed,
            settings=settings,
        )
        found = [
            Prediction(tuple(Span(span.start, span.end, tag) for span, tag in zip(record.label, tags, strict=True)))
            for record, tags in zip(records, answers, strict=True)
        ]
        return parted(found, sizes), fitted


class Entities(_Tagging):
    """Persons, places, organisations and others: trained on English sentences of WikiNEuRal, tested in nine languages.

    Sentences are not translations of one another, so each is a cluster.
    """

    name = "tagging-ner"
    metrics = ("span-f1", "tag-accuracy")
    folders = ("wikineural",)

    def rows(self, seed: int) -> Rows:
        """Draw 2,000 training sentences by `seed`, and 300 test sentences of each language once and for all."""
        train = one("wikineural", "en.train.tsv.gz", language="en", shape=TAGGED_TEXT)
        dev = one("wikineural", "en.dev.tsv", language="en", shape=TAGGED_TEXT)
        tests = {}
        for tag, table in found("wikineural", "*.test.tsv", shape=TAGGED_TEXT).items():
            numbered = grouped(table, (f"{tag} {row}" for row in range(len(table))))
            tests[f"wikineural/{tag}"] = some(numbered, SENTENCES, "ner", tag)
        return Rows(
            {"en": some(train, TRAIN, "ner", "train", seed)},
            {"en": some(dev, DEV, "ner", "dev")},
            tests,
        )


class PartsOfSpeech(_Tagging):
    """Universal parts of speech: trained on the English Web Treebank, tested on the parallel treebanks.

    Sentences are the same in all languages, and stand in documents: these are the clusters.
    """

    name = "tagging-pos"
    metrics = ("tag-accuracy", "macro-tag-f1")
    folders = ("ud_ewt", "ud_pud")

    def rows(self, seed: int) -> Rows:
        """Draw 2,000 training sentences by `seed`, and the sentences of 120 test documents once and for all."""
        train = one("ud_ewt", "en.train.conllu.gz", language="en", shape=TAGGED_TEXT, columns=UNIVERSAL)
        dev = one("ud_ewt", "en.dev.conllu.gz", language="en", shape=TAGGED_TEXT, columns=UNIVERSAL)
        tests = some_groups(found("ud_pud", "*.test.conllu", shape=TAGGED_TEXT, columns=UNIVERSAL), DOCUMENTS, "pos")
        return Rows(
            {"en": some(train, TRAIN, "pos", "train", seed)},
            {"en": some(dev, DEV, "pos", "dev")},
            {f"pud/{tag}": table for tag, table in tests.items()},
        )


def _words(record: Record) -> list[str]:
    return [record.text[span.start : span.end] for span in record.label]  # type: ignore[union-attr]
