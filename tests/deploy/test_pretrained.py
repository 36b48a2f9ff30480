from __future__ import annotations

import json

from loanword.deploy.pretrained import Pretrained, summary
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.objectives.nsp import PairHead
from loanword.tasks.model import Model

POINTS = [
    {"step": 0, "tokens": 0, "languages": {"en": {"nats": 9.0, "bits": 3.5}, "sw": {"nats": 9.5, "bits": 4.0}}},
    {"step": 9, "tokens": 90, "languages": {"en": {"nats": 4.0, "bits": 1.5}, "sw": {"nats": 6.25, "bits": 2.0}}},
]
LEARNED = [{"step": 9, "objectives": {"mlm": 5.0}}]


def counted(read, *, aside=0, foreign=None, **dropped):
    kept = read - sum(dropped.values())
    sizes = {"read": {"documents": read}, "kept": {"documents": kept}, "held_out": {"documents": aside}}
    return {**sizes, "dropped": dropped, "foreign": foreign or {}}


def told(points=POINTS, learned=LEARNED, **documents):
    """Return the lines of the summary of a report; without `documents`, of two languages of which all are kept."""
    documents = documents or {"en": counted(4000, aside=1040), "sw": counted(50, aside=8)}
    corpus = {"documents": documents, "text": {tag: {} for tag in documents}}
    return summary({"held_out": points, "objectives": learned, "corpus": corpus}).splitlines()


def test_the_summary_says_before_and_after_by_language_and_of_how_many_documents():
    lines = told()
    assert lines[0].startswith("language  held-out documents")
    assert lines[1].split() == ["en", "1,040", "9.000", "->", "4.000", "3.500", "->", "1.500"]
    assert lines[2].split() == ["sw", "8", "9.500", "->", "6.250", "4.000", "->", "2.000"]
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 3


def test_the_summary_says_that_nothing_is_held_out():
    nothing = [{**point, "languages": {}} for point in POINTS]
    why = "corpus.held_out is 0, or there are too few documents"
    lines = told(nothing, en=counted(1))
    assert lines[0] == f"nothing is held out of en: {why}"
    assert lines[-1].split() == ["mlm", "5.000", "->", "5.000"]
    lines = told(en=counted(99, aside=9), sw=counted(99, aside=9), fi=counted(3))
    assert lines[-1] == f"nothing is held out of fi: {why}"
    assert len(lines) == 4
    translations = {"held_out": nothing, "objectives": LEARNED, "corpus": {"documents": {}, "text": {}}}
    assert summary(translations).startswith("nothing is held out: of translations nothing ever is\n")
    assert told([])[0] == "nothing is measured: no objective guesses hidden pieces"


def test_the_summary_has_the_losses_of_several_objectives_or_of_one_that_is_not_measured():
    learned = [
        {"step": 3, "objectives": {"mlm": 5.0, "ranking": 0.5}},
        {"step": 6, "objectives": {"mlm": 4.5, "ranking": 0.4, "nsp": 0.7}},
        {"step": 9, "objectives": {"mlm": 4.0, "ranking": 0.25}},
    ]
    lines = told(learned=learned)
    place = lines.index("objective  loss in training")
    assert [line.split() for line in lines[place + 1 :]] == [
        ["mlm", "5.000", "->", "4.000"],
        ["ranking", "0.500", "->", "0.250"],
        ["nsp", "0.700", "->", "0.700"],
    ]
    assert told([], [{"step": 9, "objectives": {"ranking": 0.5}}])[-1].split() == ["ranking", "0.500", "->", "0.500"]


def test_the_summary_says_what_became_of_documents_that_are_not_kept():
    lines = told(
        en=counted(4000, aside=40), sw=counted(1350, aside=8, short=2, language=14, foreign={"so": 12, "en": 2})
    )
    assert (
        lines[-1] == "sw: 1,334 of 1,350 documents are kept; dropped: 14 in another language (12 so, 2 en), 2 too short"
    )
    assert not any(line.startswith("en:") for line in lines)


def test_with_and_without_a_masked_head(tiny_encoder, tmp_path):
    import torch

    loaded = tiny_encoder("bert")
    for name, heads in (
        ("with", {"masked": masked_head(loaded.encoder), "nsp": PairHead(32)}),
        ("without", {"ranking": torch.nn.Identity()}),
    ):
        made = Pretrained(
            loaded, Model(loaded.encoder, torch.nn.ModuleDict(heads)), {"held_out": POINTS, "objectives": LEARNED}
        )
        made.save(tmp_path / name)
        again = load(str(tmp_path / name / "model"))
        assert masked_head(again.encoder).pretrained is (name == "with")
        assert json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8"))["held_out"] == POINTS
        made.save(tmp_path / name)  # An older one is replaced.
