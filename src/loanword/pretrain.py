"""The flow of pretraining, top to bottom: text without labels in, an encoder out.

text -> Document -> pieces on disk -> rows -> Batch -> loss -> the encoder, its heads, its curves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from loanword.batches.mixture import Mixture, Part, Rows
from loanword.batches.sampler import pass_tokens
from loanword.deploy.base import load_base
from loanword.deploy.output import INSIDE
from loanword.deploy.pretrained import Pretrained
from loanword.encoders.load import Loaded
from loanword.encoders.lookups import sparse_lookups
from loanword.encoders.readers import tokenizer_of
from loanword.encoders.sizes import fresh
from loanword.hardware import Hardware, detect
from loanword.objectives.corpora import Sources, held_out, tokenized
from loanword.objectives.mixed import Mixed
from loanword.objectives.pretraining import PRETRAINING
from loanword.objectives.streams import Corpus
from loanword.pretrain_config import PretrainRecipe
from loanword.progress import Progress, Silent
from loanword.provenance import versions
from loanword.randomness import seeded
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded
from loanword.training.budget import planned
from loanword.training.checkpoints import Checkpoints
from loanword.training.held_out import ByObjective, HeldOut, measured_by
from loanword.training.lock import FOLDER, working_in
from loanword.training.processes import Gathered, Processes, Reading, Shared, device_here, shared, together
from loanword.training.state import Data, Run
from loanword.training.trainer import train


def pretrain(recipe: PretrainRecipe, *, progress: Progress | None = None) -> Pretrained:
    """Run `recipe`; raises what can be known to be wrong before training.

    A run that was stopped goes on where it was when the same recipe is run again in the same folder, which also keeps
    the tokenized corpus.
    """
    machine = recipe.hardware.model_dump()
    hardware = detect(**{**machine, "device": device_here(machine["device"])})
    with together(hardware.device) as processes:
        if not processes.first:
            processes.wait()
            return _flow(recipe, Silent(), Path(recipe.out) / FOLDER, hardware, processes)
        with working_in(Path(recipe.out), target=INSIDE) as folder:
            return _flow(recipe, progress or Silent(), folder, hardware, processes)


def _flow(
    recipe: PretrainRecipe, watch: Progress, folder: Path, hardware: Hardware, processes: Processes
) -> Pretrained:
    settings, out = recipe.training, Path(recipe.out)

    # 1 an encoder, pretrained or fresh, with its tokenizer
    watch.stage("load", detail=recipe.model)
    loaded = _encoder(recipe)

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
    held = held_out(out / "corpus", corpus, rows=recipe.evaluation.rows)

    # 3 objectives, with their heads on the encoder
    names = recipe.objectives
    objective = Mixed({name: PRETRAINING.get(name)(loaded.tokenizer, **one.options) for name, one in names.items()})
    with seeded(recipe.seed, "head"):
        model = Model(loaded.encoder, objective.head(loaded.encoder)).to(hardware.device)

    # 4 pieces -> rows: which language and which objective come next, for how many steps
    parts = [_part(recipe, name, objective, corpus) for name in names]
    if processes.first:
        processes.wait()  # The others find the corpus, cut into rows, where this one put it.
    budget = settings.micro_tokens or pass_tokens(hardware.device)
    mixture = shared(partial(Mixture, parts, micro_tokens=budget, seed=recipe.seed), processes)
    rows = Rows(parts, digest=corpus.digest, pieces=_reached(corpus, held) if settings.embeddings == "compact" else ())
    plan = Run(
        model=model,
        tokenizer=loaded.tokenizer,
        task=None,  # type: ignore[arg-type]  # Nothing is labelled.
        objective=objective,
        data=Data(train={}),
        settings=settings,
        hardware=hardware,
        seed=recipe.seed,
    )
    steps = processes.agreed(planned(plan, rows, mixture, progress=watch))
    every = max(1, steps // recipe.evaluation.points)
    look = HeldOut(measured_by(objective, loaded.tokenizer), held, hardware, every=every)
    learned = ByObjective(objective, every=every)
    sampler = mixture(steps=steps, every=every)
    gathering = [Gathered(sampler, objective, rows)] if isinstance(sampler, Shared) else []
    plan = replace(
        plan,
        settings=settings.model_copy(update={"min_steps": steps, "max_steps": steps}),
        sampler=lambda _: sampler,
        hooks=(*gathering, look, learned, *watch.hooks()),
    )

    # 5 rows -> Batch -> loss, until the steps are done
    kind = Checkpoints if processes.first else Reading
    with sparse_lookups(loaded.encoder):
        trained = train(plan, rows, checkpoints=kind.of(settings, folder, progress=watch), progress=watch)

    # 6 the encoder with its heads, and the curves
    watch.stage("save", detail=recipe.out)
    slowed = trained.seconds / max(trained.seconds - look.seconds, 1e-9)  # By looking at held-out text.
    report = {
        "recipe": recipe.model_dump(mode="json", exclude_unset=True),
        "corpus": {"documents": counts, "text": {tag: shard.describe() for tag, shard in corpus.texts.items()}},
        "training": {**trained.describe(settings), "tokens_per_second": round(trained.tokens_per_second * slowed)},
        "held_out": look.points,
        "objectives": learned.points,
        "machine": hardware.describe(),
        "versions": versions(),
    }
    made = Pretrained(loaded, model, report)
    if processes.first:
        made.save(out)
    processes.wait()
    watch.done()
    return made


def _encoder(recipe: PretrainRecipe) -> Loaded:
    if recipe.model != "fresh":
        return load_base(recipe.model, recipe.encoder).loaded
    about = recipe.fresh
    return fresh(
        tokenizer_of(about.tokenizer, max_length=recipe.encoder.max_length),
        size=about.size,
        architecture=about.architecture,
        config=about.config,
        languages=tuple(recipe.corpus.text),
        seed=recipe.seed,
    )


def _part(recipe: PretrainRecipe, name: str, objective: Mixed, corpus: Corpus) -> Part:
    said, part = recipe.objectives[name], objective.parts[name]
    return Part(
        name,
        part.streams(corpus),
        weight=said.weight,
        batch_size=said.batch_size or recipe.training.batch_size,
        alpha=recipe.sampling.alpha,
        cap=recipe.sampling.cap,
        whole=getattr(part, "whole_steps", False),
    )


def _reached(corpus: Corpus, held: Mapping[str, Sequence[Encoded]]) -> list[int]:
    """Return the pieces that are seen, and those that are measured by."""
    return sorted({*corpus.reached, *(piece for items in held.values() for item in items for piece in item.ids)})
