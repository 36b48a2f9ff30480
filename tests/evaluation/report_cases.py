"""Reports of any size with made-up but plausible numbers, the same for the same arguments."""

import random
from dataclasses import replace

from loanword.evaluation.scores import Bin, Confusion, Gap, Interval, Scores, TransferReport

WORLD = (
    "en nl de sv nb da fr es pt it ca ro pl cs sk ru uk bg sr sr-Latn hr sl el hu fi et lv lt tr az ka hy ar he fa ur "
    "hi bn ta te ml kn gu pa ne th vi id ms sw ja ko zh-CN zh-TW cy ga eu gl is lb mn kk km my am"
)
TAGS = WORLD.split()
LABELS = ("turn_on", "turn_off", "set_temperature", "get_weather", "play_media")


def scores(tag, *, chance, source=False, collapsed=False, gap="parallel"):
    score = 0.93 if source else 0.24 if collapsed else min(0.95, max(0.3, chance.gauss(0.76, 0.1)))
    wide = chance.uniform(0.01, 0.05)
    basis = "not comparable" if source else gap
    left = chance.uniform(0.01, 0.04)
    return Scores(
        language=tag,
        n=chance.randrange(200, 2000),
        groups=chance.randrange(40, 200),
        metrics={
            "accuracy": Interval(score, score - wide, min(1.0, score + wide * 0.9)),
            "macro-f1": Interval(score - 0.03, score - 0.03 - wide, score - 0.03 + wide),
        },
        trivial=0.22 + chance.uniform(-0.03, 0.03),
        collapsed=collapsed,
        is_source=source,
        gap=Gap(basis)
        if basis == "not comparable"
        else Gap(basis, Interval(0.93 - score, 0.9 - score, 0.96 - score), 180),
        ece=left,
        ece_raw=left + chance.uniform(-0.01, 0.12),
        ece_noise=0.02,
        reliability=tuple(
            Bin(0.05 + 0.1 * k, min(1.0, max(0.0, 0.05 + 0.1 * k + chance.gauss(0, 0.05))), chance.randrange(5, 300))
            for k in range(2, 10)
        ),
        confusions=tuple(
            Confusion(*chance.sample(LABELS, 2), count)
            for count in sorted(chance.sample(range(2, 60), 4), reverse=True)
        ),
        breakdown={"forward": min(1.0, score + 0.02), "made up": score - 0.02},
        fertility=1.1 + 2.2 * (0.95 - score) + chance.uniform(0, 0.5),
        unknown=chance.choice([0.0, 0.0, 0.003]),
        truncated=chance.choice([0.0, 0.0, 0.01]),
        windows=1234,
        candidates={
            name: Interval(score + shift, score + shift - wide, score + shift + wide)
            for name, shift in (("averaged", 0.0), ("last", -0.012), ("source-dev-best", -0.006))
        },
    )


def report(*, languages=45, collapsed=(), gap="parallel", seed=7, **changes):
    """A report on the first `languages` of `TAGS`, trained on English; `changes` replace fields."""
    chance = random.Random(seed)
    tags = TAGS[:languages]
    made = TransferReport(
        task="classification",
        model="bundled:e5-small",
        regime="zero-shot: trained on English; no target text or labels seen; weights averaged, nothing chosen",
        metric="accuracy",
        seed=seed,
        sources=("en",),
        languages={
            tag: scores(tag, chance=chance, source=tag == "en", collapsed=tag in collapsed, gap=gap) for tag in tags
        },
        labels=LABELS,
        checkpoint="averaged",
        seconds={"train": 754.2, "evaluate": 48.5},
        tokens_per_second=12345.6,
        peak_memory_bytes=3_221_225_472,
        versions={"python": "3.11.9", "torch": "2.10.0", "transformers": "5.3.0"},
        machine={"processor": "Example CPU", "threads": "2", "precision": "bf16"},
        loanword_version="0.1.0",
        recipe='seed = 7\n\n[model]\nname = "bundled:e5-small"\n\n[train]\nlanguages = ["en"]\nlearning_rate = 2e-5\n',
        origins=dict.fromkeys(tags, "home-assistant-intents"),
        training={"updates": 1200, "learning_rate": 2e-5, "frozen_layers": 0, "early_stop": None},
        temperature=1.731,
        command="loanword train recipe.toml",
        notes=("0.3% of the rows were truncated at 128 tokens.", "One thread was left to other programs."),
    )
    return replace(made, **changes)


def leaky(made, **counts):
    """The report, with so many leaked rows of so many in some languages."""
    changed = {tag: replace(made.languages[tag], leaked=leaked, n=n) for tag, (leaked, n) in counts.items()}
    return replace(made, languages={**made.languages, **changed})
