"""The flow of adapting a model to a language that it hardly knows, top to bottom.

text -> what it costs -> new pieces -> an encoder that learned from text and translations -> the task, before and after
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from torch import nn

from loanword import config
from loanword.adapt_config import AdaptRecipe
from loanword.config import DataSettings, EvaluationSettings, expanded
from loanword.data.corpus.corpus import Corpus
from loanword.data.gather import gather
from loanword.data.read import read
from loanword.data.records import Table
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.deploy.base import load_base
from loanword.deploy.bundle import Bundle
from loanword.deploy.extend import extend
from loanword.deploy.folder import save_folder
from loanword.deploy.output import INSIDE, expect_no_bundle, expect_output
from loanword.deploy.pretrained import REPORT as PRETRAINED
from loanword.deploy.pretrained import Pretrained
from loanword.durable import beside, put, sweep
from loanword.errors import UsageError
from loanword.evaluation.evaluate import Answers, Evaluator
from loanword.evaluation.intervals import bootstrap, difference
from loanword.evaluation.metrics import METRICS
from loanword.evaluation.report import is_ours
from loanword.evaluation.scores import Interval
from loanword.language.tag import name as name_of
from loanword.pretrain import pretrain
from loanword.pretrain_config import PretrainRecipe
from loanword.progress import Progress, Silent
from loanword.tasks.model import Model
from loanword.tokens.costs import Reader, costs, lacking
from loanword.training.lock import working_in

WIDER, LEARNED = "wider", "learned"
"""Folders in that of a run: the model with new pieces, and its pretraining."""
REPORT = "adapt.json"
KEY = "adapt.key"
"""A file beside what was learned: of what run it is."""
LOOKED_AT = 20_000
"""Texts that the vocabulary is measured on, and made from."""
USUAL = 2_000
"""New pieces, at most, where nobody says how many."""
LEAST = 2
"""Times that a new piece is found in the texts."""
README = "README.md"
CARD = """
## Adapted

Adapted to {name} ({tag}) by {by}, without labels of it; the scores above are those before. {gains}
"""
"""What is added to the card of a bundle."""
Verdict = Literal["helped", "harmed", "not certain"]


@dataclass(frozen=True)
class Gain:
    """The score of a test set before and after, and the difference, paired."""

    before: Interval
    after: Interval
    gain: Interval

    @property
    def verdict(self) -> Verdict:
        """Whether the interval of the gain leaves out 0, and on which side."""
        return "helped" if self.gain.low > 0 else "harmed" if self.gain.high < 0 else "not certain"


@dataclass
class Adapted:
    """What came of it: the `report`; and where there was one, the `bundle`, with its answers `before` and `after`."""

    report: dict[str, Any]
    gains: dict[str, Gain]
    bundle: Bundle | None
    before: Mapping[str, Answers] = field(default_factory=dict)
    after: Mapping[str, Answers] = field(default_factory=dict)


def adapt(recipe: AdaptRecipe, *, progress: Progress | None = None) -> Adapted:
    """Run `recipe`; raises what can be known to be wrong before training.

    A run that was stopped goes on where it was when the same recipe is run again in the same folder.
    """
    watch, out, source = progress or Silent(), expanded(recipe.out), recipe.task or recipe.model
    expect_output(out, files=(REPORT,))
    if not (is_ours(out, REPORT, "corpus") or (out / LEARNED / KEY).is_file()):
        expect_no_bundle(out)
    if expanded(source).exists() and expanded(source).resolve() in (out.resolve(), (out / INSIDE).resolve()):
        raise UsageError(f"{source} is to be adapted, and {out} would replace it; choose another folder for --out")
    with working_in(out, target=INSIDE):
        sweep(out / WIDER)
        return _flow(recipe, source, out, watch)


def _flow(recipe: AdaptRecipe, source: str, out: Path, watch: Progress) -> Adapted:
    # 1 the bundle whose encoder is adapted, and how it does
    bundle = Bundle.load(recipe.task, **recipe.hardware.model_dump()) if recipe.task else None
    tests = _tests(recipe, bundle) if bundle else {}
    before = _answered(bundle, tests, watch) if bundle else {}

    # 2 what the language costs; pieces for it, if the vocabulary lacks some
    cost, wider = _vocabulary(recipe, source, out, watch)

    # 3 text and translations -> an encoder
    made = _learned(recipe, str(out / WIDER) if wider else source, out / LEARNED, watch)
    report: dict[str, Any] = {"language": recipe.language, "cost": cost, "vocabulary": wider, **made.report}

    # 4 the bundle with that encoder, beside the one before
    gains: dict[str, Gain] = {}
    after: Mapping[str, Answers] = {}
    if bundle:
        made.loaded.encoder.name = bundle.model.encoder.name
        bundle.model.encoder, bundle.tokenizer = made.loaded.encoder, made.loaded.tokenizer
        seen = {*bundle.lineage.sees, "target text", *(["parallel text"] if recipe.corpus.parallel else [])}
        bundle = replace(bundle, lineage=replace(bundle.lineage, sees=tuple(sorted(seen))), info={})
        after = _answered(bundle, tests, watch)
        gains = compared(before, after, bundle.task.metrics[0], seed=recipe.seed)
        metric = bundle.task.metrics[0]
        report["task"] = {
            name: {"metric": metric, "rows": len(tests[name]), **asdict(gain), "verdict": gain.verdict}
            for name, gain in gains.items()
        }
        if README in bundle.documents:
            by = "its text and translations" if recipe.corpus.parallel else "its text"
            about = {"name": name_of(recipe.language), "tag": recipe.language, "by": by, "gains": _said(gains)}
            bundle.documents[README] += CARD.format(**about)
    watch.stage("save", detail=recipe.out)
    if bundle:
        bundle.save_pretrained(out / INSIDE)
    else:
        with beside(out / INSIDE) as staging:
            put(shutil.copytree(out / LEARNED / INSIDE, staging / INSIDE), out / INSIDE)
    (out / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for told, done in ((out / LEARNED / KEY, out / LEARNED / INSIDE), (out / WIDER / REPORT, out / WIDER)):
        told.unlink(missing_ok=True)  # First: else half of a folder would be taken for a whole one.
        shutil.rmtree(done, ignore_errors=True)
    watch.done()
    return Adapted(report, gains, bundle, before, after)


def _said(gains: Mapping[str, Gain]) -> str:
    """Say what was gained, in a sentence of a model card."""
    return "; ".join(
        f"{name} {100 * one.before.score:.1f} before, {100 * one.after.score:.1f} after ({one.verdict})"
        for name, one in gains.items()
    )


def compared(
    before: Mapping[str, Answers], after: Mapping[str, Answers], metric: str, *, seed: int = 0
) -> dict[str, Gain]:
    """Return what each set gained, by two bundles' answers to the same rows."""
    found = {}
    judge = METRICS.get(metric)
    for name, theirs in before.items():
        ours, groups = after[name], theirs.table.group
        one, other = (judge.rows(item.predictions, item.references) for item in (theirs, ours))
        found[name] = Gain(
            bootstrap(one, judge, groups=groups, seed=seed),
            bootstrap(other, judge, groups=groups, seed=seed),
            difference(other, one, judge, groups=groups, seed=seed),
        )
    return found


def _tests(recipe: AdaptRecipe, bundle: Bundle) -> dict[str, Table]:
    where = config.part(DataSettings, {"test": recipe.test, "columns": recipe.columns}, where="test data")
    return dict(gather(where, shape=bundle.task.columns, seed=recipe.seed)["test"])


def _answered(bundle: Bundle, tests: Mapping[str, Table], watch: Progress) -> dict[str, Answers]:
    if not tests:
        return {}
    watch.stage("evaluate", total=sum(map(len, tests.values())))
    evaluator = Evaluator.of(bundle, EvaluationSettings())
    return evaluator.answer(tests, evaluator.encode(tests), progress=watch.advance)


def _vocabulary(
    recipe: AdaptRecipe, source: str, out: Path, watch: Progress
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Say what the language costs in the vocabulary of `source`; write a model with more pieces, if it lacks some."""
    tag, corpus = recipe.language, Corpus(recipe.corpus.text, recipe.corpus, watch)
    texts: dict[str, list[str]] = {tag: [] for tag in recipe.corpus.text}
    aside: set[str] = set()
    for document in corpus.documents():
        if document.held_out:
            aside |= {document.text.replace("\n", " "), *document.text.split("\n")}
        elif len(texts[document.language]) < LOOKED_AT:
            texts[document.language] += document.text.split("\n")
        if min(map(len, texts.values())) >= LOOKED_AT:
            break  # The rest is read when it is tokenized.
    loaded = load_base(source, recipe.encoder).loaded
    found = costs(Reader(loaded.tokenizer.fast, loaded.tokenizer.max_length, loaded.tokenizer.prefix), texts)
    cost = {**asdict(found[tag]), "lacks": lacking(found).get(tag, [])}
    size = recipe.pieces if recipe.pieces is not None else USUAL if cost["lacks"] else 0
    if not size:
        return cost, None
    key, file = _key(recipe, source, size), out / WIDER / REPORT
    if file.is_file() and (told := json.loads(file.read_text(encoding="utf-8")))["key"] == key:
        return cost, told["vocabulary"]  # The run goes on: other pieces would be another model.
    watch.say(f"{tag} gets new pieces: {', '.join(cost['lacks']) or 'as asked for'}")
    every = [pair for name, path in recipe.corpus.parallel.items() for pair in _translations(name, path, recipe)]
    pairs = [pair for pair in every if aside.isdisjoint(pair)]
    table = Table(tag, texts[tag], [None] * len(texts[tag]))
    done = extend(loaded, {tag: table}, size=size, least=LEAST, start=recipe.start, parallel=pairs, seed=recipe.seed)
    with beside(out / WIDER) as staging:
        made = staging / WIDER
        made.mkdir()
        save_folder(done.loaded, made, head=done.head)
        (made / REPORT).write_text(json.dumps({"key": key, "vocabulary": done.describe()}), encoding="utf-8")
        put(made, out / WIDER)
    return cost, done.describe()


def _learned(recipe: AdaptRecipe, model: str, folder: Path, watch: Progress) -> Pretrained:
    """Pretrain `model`; or take what is there already of a run that was stopped after it had learned."""
    key, file = _key(recipe, model), folder / KEY
    if file.is_file() and file.read_text(encoding="utf-8") == key and (folder / INSIDE).is_dir():
        watch.say(f"what was learned is in {folder} already")
        loaded = load_base(str(folder / INSIDE), recipe.encoder).loaded
        report = json.loads((folder / PRETRAINED).read_text(encoding="utf-8"))
        return Pretrained(loaded, Model(loaded.encoder, nn.Identity()), report)
    file.unlink(missing_ok=True)
    made = pretrain(_pretraining(recipe, model=model), progress=watch)
    file.write_text(key, encoding="utf-8")
    return made


def _translations(name: str, path: str, recipe: AdaptRecipe) -> Iterator[tuple[str, str]]:
    """Yield a text of a language that the model knows, and its translation into the new one."""
    table = read(path, language=name, shape=PARALLEL_TEXT, columns=recipe.corpus.columns)
    yield from zip(table.text, table.pair, strict=True)


def _key(recipe: AdaptRecipe, model: str, size: int | None = None) -> str:
    """Return what new pieces of `model` hang on, `size` of them at most; or else what it learns."""
    roots = [expanded(path) for path in (*recipe.corpus.text.values(), *recipe.corpus.parallel.values(), model)]
    files = [file for root in roots for file in (sorted(root.rglob("*")) if root.is_dir() else [root])]
    about = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    whole = recipe.model_dump(mode="json", exclude={"out", "hardware", "test", "columns"})
    said = whole if size is None else [recipe.language, size, recipe.start, recipe.seed, whole["corpus"]]
    return hashlib.sha256(json.dumps([model, said, about]).encode()).hexdigest()


def _pretraining(recipe: AdaptRecipe, *, model: str) -> PretrainRecipe:
    """Return the recipe of the pretraining inside."""
    own = {name: getattr(recipe, name) for name in PretrainRecipe.model_fields}
    return PretrainRecipe.model_construct(
        **{**own, "model": model, "out": str(expanded(recipe.out) / LEARNED), "objectives": recipe.learned}
    )
