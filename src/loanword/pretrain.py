"""The flow of pretraining, top to bottom: text without labels in, an encoder out.

text -> Document -> pieces on disk -> rows -> Batch -> loss -> the encoder, its heads, its curves
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loanword.batches.mixture import Mixture, Part, Rows, pass_tokens
from loanword.data.corpus.counts import reasons
from loanword.deploy.base import load_base
from loanword.deploy.output import INSIDE, RECIPE, expect_no_bundle, expect_output
from loanword.deploy.pretrained import CURVES, REPORT, Pretrained
from loanword.encoders.load import Loaded
from loanword.encoders.lookups import sparse_lookups
from loanword.encoders.readers import limited, tokenizer_of
from loanword.encoders.sizes import fresh
from loanword.errors import ConfigError, ModelError, UsageError
from loanword.hardware import Hardware, detect, keep_few_shapes
from loanword.language.tag import sides
from loanword.objectives.corpora import Sources, held_out, tokenized
from loanword.objectives.latent import start_latent
from loanword.objectives.mixed import Mixed
from loanword.objectives.pretraining import make_objective
from loanword.objectives.streams import Corpus
from loanword.pretrain_config import PretrainRecipe
from loanword.progress import Progress, Silent
from loanword.provenance import versions
from loanword.randomness import seeded
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded
from loanword.training.budget import Kept, planned
from loanword.training.candidates import use
from loanword.training.checkpoints import FREE, Checkpoints
from loanword.training.held_out import ByObjective, HeldOut, guesser, measured_by
from loanword.training.lock import FOLDER, working_in
from loanword.training.processes import Gathered, Processes, Reading, Shared, device_here, shared, together
from loanword.training.state import Data, Run
from loanword.training.trainer import train
from loanword.version import __version__

LABELLED = ("epochs", "start")
"""What is said of a run on labels alone."""
LOOKED_AT = 32
"""Rows of a language that say whether there is anything to learn from."""
ROUND = 1
"""The only one: what a run of several strategies counts."""


@dataclass(frozen=True)
class Unlabelled(Data):
    """What names rows of text in messages: there are no tables."""

    train: Mapping[str, Any] = field(
        default_factory=lambda: defaultdict(lambda: SimpleNamespace(line=defaultdict(int)))
    )

    def source(self, item: Encoded) -> str:
        """Return of which objective and language a row is."""
        return f"{item.table} in {item.language},"


def pretrain(recipe: PretrainRecipe, *, progress: Progress | None = None) -> Pretrained:
    """Run `recipe`; raises what can be known to be wrong before training.

    A run that was stopped goes on where it was when the same recipe is run again in the same folder, which also keeps
    the tokenized corpus.
    """
    keep_few_shapes()
    machine = recipe.hardware.model_dump()
    hardware = detect(**{**machine, "device": device_here(machine["device"])})
    with together(hardware.device) as processes:
        if not processes.first:
            processes.wait()
            return _flow(recipe, Silent(), Path(recipe.out) / FOLDER, hardware, processes)
        expect_output(Path(recipe.out), files=(REPORT, CURVES, RECIPE))
        expect_no_bundle(Path(recipe.out))
        with working_in(Path(recipe.out), target=INSIDE) as folder:
            return _flow(recipe, progress or Silent(), folder, hardware, processes)


def _flow(
    recipe: PretrainRecipe, watch: Progress, folder: Path, hardware: Hardware, processes: Processes
) -> Pretrained:
    settings, out = recipe.training, Path(recipe.out)

    # 1 an encoder, pretrained or fresh, with its tokenizer; what it is to learn
    watch.stage("load", detail="a fresh encoder" if recipe.model == "fresh" else recipe.model)
    loaded = _encoder(recipe)
    objectives = _objectives(recipe, loaded, processes=processes.count)
    if settings.length > loaded.tokenizer.max_length and "length" in settings.model_fields_set:
        watch.say(f"rows have {loaded.tokenizer.max_length} pieces, and no more: that is all that the model reads")
    objective = Mixed(objectives, seed=recipe.seed if processes.count > 1 else None)

    # 2 text -> Document -> pieces on disk; some documents of every language are laid aside
    watch.stage("read")
    said = recipe.corpus
    corpus, counts = tokenized(
        Sources(said.text, said.parallel, said.columns, said),
        loaded.tokenizer,
        out / "corpus",
        length=min(settings.length, loaded.tokenizer.max_length),
        seed=recipe.seed,
        progress=watch,
    )
    for tag in counts.keys() - corpus.texts.keys():
        watch.say(f"nothing is learned from this language: {_became(tag, counts[tag])}")
    held = held_out(out / "corpus", corpus, rows=recipe.evaluation.rows) if guesser(objective) else {}

    # 3 objectives, with their heads on the encoder, whose table may start from the translations
    began = time.perf_counter()
    if recipe.table == "latent":
        start_latent(loaded, corpus, out / "corpus" / "rows.safetensors")
    table_seconds = time.perf_counter() - began
    with seeded(recipe.seed, "head"):
        model = Model(loaded.encoder, objective.head(loaded.encoder)).to(hardware.device)

    # 4 pieces -> rows: which language and which objective come next, for how many steps
    parts = [_part(recipe, name, objective, corpus, counts) for name in recipe.objectives]
    for name, tag in _unread(objective, parts):
        watch.say(
            f"{name} learns nothing from {tag}, of whose text the model knows no piece; give it some: "
            "loanword tokenizer extend"
        )
    if processes.first:
        processes.wait()  # The others find the corpus, cut into rows, where this one put it.
    budget = settings.micro_tokens or pass_tokens(hardware.device)
    mixture = shared(partial(Mixture, parts, micro_tokens=budget, seed=recipe.seed), processes)
    pieces = _reached(corpus, held) if settings.embeddings == "compact" else ()
    rows = Rows(parts, digest=_digest(recipe, corpus), pieces=pieces)
    plan = Run(
        model=model,
        tokenizer=loaded.tokenizer,
        task=None,  # type: ignore[arg-type]  # Nothing is labelled.
        objective=objective,
        data=Unlabelled(),
        settings=settings,
        hardware=hardware,
        seed=recipe.seed,
        agreed=processes.most,
    )
    kept = Kept(folder / f"round-{ROUND}" / "steps.json", f"{rows.digest} {settings.model_dump_json(exclude={*FREE})}")
    steps = processes.agreed(kept.steps()) or processes.agreed(planned(plan, rows, mixture, progress=watch))
    if processes.first and settings.minutes:
        kept.keep(steps)
    every = max(1, steps // recipe.evaluation.points)
    look = HeldOut(measured_by(objective, loaded.tokenizer, held), held, hardware, every=every)
    learned = ByObjective(objective, every=every)
    sampler = mixture(steps=steps, every=every)
    for part, share in zip(parts, sampler.dealt(), strict=True):
        if not share:
            watch.say(f"{part.name} gets none of the {steps:,} steps; give it more weight, or the run more steps")
    gathering = [Gathered(sampler, objective, rows)] if isinstance(sampler, Shared) else []
    plan = replace(
        plan,
        settings=settings.model_copy(update={"min_steps": steps, "max_steps": steps}),
        sampler=lambda _: sampler,
        hooks=(*gathering, look, learned, *watch.hooks()),
    )

    # 5 rows -> Batch -> loss, until the steps are done
    kind = Checkpoints if processes.first else Reading
    checkpoints = kind.of(settings, folder, progress=watch)
    loaded.tokenizer.put_away()  # All is read.
    with sparse_lookups(loaded.encoder):
        trained = train(plan, rows, checkpoints=checkpoints and checkpoints.of_round(ROUND), progress=watch)
    if "averaged" in trained.candidates:
        use(model, trained.candidates["averaged"], kept=trained.kept)

    # 6 the encoder with its heads, and the curves
    watch.stage("save", detail=recipe.out)
    slowed = trained.seconds / max(trained.seconds - look.seconds, 1e-9)  # By looking at held-out text.
    report = {
        "recipe": recipe.model_dump(mode="json", exclude_unset=True),
        "corpus": {"documents": counts, "text": {tag: shard.describe() for tag, shard in corpus.texts.items()}},
        "training": {
            **{name: value for name, value in trained.describe(settings).items() if name not in LABELLED},
            "passes": {part.name: _passes(sampler, number) for number, part in enumerate(parts)},
            "table_seconds": round(table_seconds, 4),
            "tokens_per_second": round(trained.tokens_per_second * slowed),
        },
        "held_out": look.points,
        "objectives": learned.points,
        "machine": hardware.describe(),
        "versions": versions(),
        "loanword_version": __version__,
    }
    made = Pretrained(loaded, model, report)
    if processes.first:
        made.save(out)
        (out / RECIPE).write_text(recipe.seen_from(out).to_toml(), encoding="utf-8")
        kept.file.unlink(missing_ok=True)
    processes.wait()
    watch.done()
    return made


def _encoder(recipe: PretrainRecipe) -> Loaded:
    if recipe.model != "fresh":
        return load_base(recipe.model, recipe.encoder).loaded
    about = recipe.fresh
    given = recipe.encoder
    made = fresh(
        tokenizer_of(about.tokenizer, max_length=given.max_length, prefix=given.prefix or ""),
        size=about.size,
        architecture=about.architecture,
        config=about.config,
        languages=tuple(
            dict.fromkeys([*recipe.corpus.text, *(tag for pair in recipe.corpus.parallel for tag in sides(pair))])
        ),
        pooling=given.pooling or "mean",
        seed=recipe.seed,
    )
    if given.max_length:
        return made
    # It reads what it learns to read, though it has room for more.
    return replace(made, tokenizer=limited(made.tokenizer, min(recipe.training.length, made.tokenizer.max_length)))


def _objectives(recipe: PretrainRecipe, loaded: Loaded, *, processes: int) -> dict[str, Any]:
    """Make the objectives; raises `ConfigError` with all that cannot be made, or finds nothing to learn from.

    A step that comes whole is dealt out row by row to the `processes`: each needs one.
    """
    found, problems = {}, [] if recipe.objectives else ["there is none; name some, e.g. mlm = {}"]
    for name, said in recipe.objectives.items():
        try:
            made = found[name] = make_objective(name, loaded.tokenizer, said.options)
            if expect := getattr(made, "expect", None):
                expect(loaded.encoder)
        except (UsageError, ModelError) as error:
            problems.append(str(error))
            continue
        if (reads := getattr(made, "reads", None)) and not getattr(recipe.corpus, reads):
            what, give = ("text", "--text sw=sw.txt") if reads == "text" else ("translations", "--parallel en:sw=FILE")
            problems.append(
                f"the objective {name} learns from {what}, and corpus.{reads} is empty; give some, e.g. {give}, "
                "or leave the objective out"
            )
        rows = said.batch_size or recipe.training.batch_size
        if getattr(made, "whole_steps", False) and rows < processes:
            problems.append(
                f"the objective {name} has {rows} rows a step, and each of {processes} processes needs one; "
                f"raise objectives.{name}.batch_size, or start fewer processes"
            )
    if problems:
        raise ConfigError(problems, where="objectives")
    return found


def _part(recipe: PretrainRecipe, name: str, objective: Mixed, corpus: Corpus, counts: Mapping[str, Any]) -> Part:
    said, part = recipe.objectives[name], objective.parts[name]
    streams = {tag: stream for tag, stream in part.streams(corpus).items() if len(stream)}
    if not streams:
        became = "; ".join(_became(tag, count) for tag, count in counts.items())
        raise UsageError(f"the objective {name} finds nothing to learn from: {became or 'no translation is left'}")
    return Part(
        name,
        streams,
        weight=said.weight,
        batch_size=said.batch_size or recipe.training.batch_size,
        alpha=recipe.sampling.alpha,
        cap=recipe.sampling.cap,
        whole=getattr(part, "whole_steps", False),
    )


def _unread(objective: Mixed, parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """Yield objectives, and languages in whose first rows they find nothing to learn from."""
    for part in parts:
        weigh = getattr(objective.parts[part.name], "weight", None)
        for tag, stream in part.streams.items():
            if weigh and not weigh([stream[number] for number in range(min(LOOKED_AT, len(stream)))]):
                yield part.name, tag


def _became(tag: str, count: Mapping[str, Any]) -> str:
    """Say what became of the documents of a language."""
    kept, read = count["kept"]["documents"], count["read"]["documents"]
    return f"{tag} keeps {kept:,} of {read:,} documents" + (f" (dropped: {reasons(count)})" if count["dropped"] else "")


def _digest(recipe: PretrainRecipe, corpus: Corpus) -> str:
    """Return what tells the rows of a run, and what is learned from them, from those of any other."""
    said = json.dumps([recipe.model_dump(mode="json", include={"objectives", "sampling"}), corpus.digest])
    return hashlib.sha256(said.encode()).hexdigest()


def _passes(mixture: Any, number: int) -> float:
    """Return how often a run shows the rows of objective `number`."""
    part, steps = mixture.parts[number], int(mixture.dealt()[number])
    return round(steps * int(part.batch_size) / sum(len(rows) for rows in part.streams.values()), 2)


def _reached(corpus: Corpus, held: Mapping[str, Sequence[Encoded]]) -> list[int]:
    """Return the pieces that are seen, and those that are measured by."""
    return sorted({*corpus.reached, *(piece for items in held.values() for item in items for piece in item.ids)})
