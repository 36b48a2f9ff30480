"""What the rows of the tasks benchmark say: the goals, and a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from benchmarks.cases.case import Case
from benchmarks.comparison import RESAMPLES, Clusters, Scores, by_set, interval, reduction, resampled
from benchmarks.harness import Goal, Row

SYSTEMS = ("loanword", "stock-tuned", "stock-shipped", "untouched", "trivial")
LEAST = 0.15
"""Relative error reduction over tuned stock that is asked for, mean over the tasks."""
LOST = 1.0
"""Points that a task may be worse than stock."""
ELSEWHERE = ("classification",)
"""Tasks that other benchmarks measure."""
LANGUAGES = 6
"""Languages in which summaries must be ahead of the first sentence, zero-shot."""
ASIDE = 2.0
"""Points that the share of answers in the right language may be below that of human ones."""
MEMORY = 2.0
"""Times that tuned stock's memory should be ours."""


@dataclass(frozen=True)
class Floor:
    """A score to beat, in a set or in one language of it: what simple means give."""

    task: str
    name: str
    place: str
    score: float


NLI = [Floor("pairs", f"inference, {tag}", f"xnli/{tag}", 45.0) for tag in ("en", "hr", "sw", "ur")]
FLOORS = (
    Floor("tagging-pos", "parts of speech", "pud", 81.1),
    Floor("tagging-pos", "parts of speech, Chinese", "pud/zh", 69.0),
    Floor("tagging-ner", "entities", "wikineural", 78.0),
    Floor("pairs", "inference", "xnli", 52.5),
    *NLI,
    Floor("retrieval", "Tatoeba", "tatoeba", 88.9),
    Floor("similarity", "similarity within languages", "within", 77.1),
    Floor("similarity", "similarity across languages", "across", 61.2),
    Floor("answers", "answers", "xquad", math.nan),
    Floor("summarization", "extracted summaries", "debian", 37.2),
    Floor("summarization", "extracted summaries, English", "debian/en", 36.8),
    Floor("abstractive-summarization", "written summaries", "debian", 37.2),
    Floor("abstractive-summarization", "written summaries, English", "debian/en", 36.8),
)
"""The best of what was measured before there was a recipe; of answers nothing was."""


@dataclass(frozen=True)
class Standing:
    """How the systems do on one task: their scores in every resample, and from how many seeds."""

    case: Case
    scores: dict[str, Scores]
    seeds: dict[str, int]

    @classmethod
    def of(cls, case: Case, rows: Sequence[Row], groups: Mapping[str, Sequence[str]]) -> Standing:
        """Score the "quality" rows of a task; `groups` are the clusters of its test rows."""
        mine = [row for row in rows if row["key"]["task"] == case.name and row["key"]["kind"] == "quality"]
        clusters = Clusters.of(groups)
        scores, seeds = {}, {}
        for system in SYSTEMS:
            theirs = sorted(
                (row for row in mine if row["key"]["system"] == system), key=lambda row: int(row["key"]["seed"])
            )
            if theirs:
                scores[system] = resampled(case.metrics[0], theirs, clusters)
                seeds[system] = len(theirs)
        return cls(case, scores, seeds)

    def compared(self) -> bool:
        """Whether loanword and the tuned recipe have the same seeds, more than one."""
        return 1 < self.seeds.get("loanword", 0) == self.seeds.get("stock-tuned", 0)

    def reduction(self) -> np.ndarray:
        """Return the relative error reduction over the tuned recipe (1 + draws)."""
        return reduction(self.scores["loanword"], self.scores["stock-tuned"])

    def leads(self) -> dict[str, float]:
        """Return by how many points loanword leads each stock recipe, in the mean over sets."""
        means = {
            system: fmean(float(values[0]) for values in by_set(one).values()) for system, one in self.scores.items()
        }
        return {
            system: 100 * (means["loanword"] - mean)
            for system, mean in means.items()
            if system.startswith("stock") and "loanword" in means
        }

    def at(self, system: str, place: str) -> np.ndarray:
        """Return a system's scores (1 + draws) in a language ("set/language") or a set."""
        scores = self.scores[system]
        return scores[place] if place in scores else by_set(scores)[place]


@dataclass(frozen=True)
class Elsewhere:
    """What another benchmark says of a task: relative error reduction over tuned stock (1 + draws), lead in points."""

    reduction: np.ndarray
    lead: float


def goals(standings: Mapping[str, Standing], rows: Sequence[Row], others: Mapping[str, Elsewhere]) -> list[Goal]:
    """Judge what is complete; `others` are tasks that other benchmarks measure."""
    return [*_quality(standings, others), *_floors(standings), *_written(standings, rows), *_speed(standings, rows)]


def _quality(standings: Mapping[str, Standing], others: Mapping[str, Elsewhere]) -> Iterator[Goal]:
    found = {name: one.reduction() for name, one in standings.items() if one.compared()}
    found |= {name: one.reduction[: RESAMPLES + 1] for name, one in others.items()}
    wanted = [*ELSEWHERE, *(name for name, one in standings.items() if not one.case.alone)]
    missing = [name for name in wanted if name not in found]
    if found:
        mean = np.mean(list(found.values()), axis=0)
        low, high = interval(mean)
        each = ", ".join(f"{name} {100 * draws[0]:+.1f} %" for name, draws in found.items())
        lacking = f"; not there: {', '.join(missing)}" if missing else ""
        yield Goal(
            "mean relative error reduction over tuned stock",
            f">= {100 * LEAST:.0f} %, interval excludes 0, all tasks",
            f"{100 * mean[0]:.1f} % [{100 * low:.1f}, {100 * high:.1f}] over {len(found)} tasks",
            each + lacking,
            bool(mean[0] >= LEAST and low > 0 and not missing),
        )
    leads = {(name, system): lead for name, one in standings.items() for system, lead in one.leads().items()}
    leads |= {(name, "stock-tuned"): one.lead for name, one in others.items()}
    if leads:
        task, system = worst = min(leads, key=leads.__getitem__)
        each = ", ".join(f"{name} {lead:+.1f} ({who.removeprefix('stock-')})" for (name, who), lead in leads.items())
        text = f"{leads[worst]:+.1f} points ({task}, against {system})"
        yield Goal("smallest lead over stock on a task", f">= -{LOST:.1f} point", text, each, leads[worst] >= -LOST)


def _floors(standings: Mapping[str, Standing]) -> Iterator[Goal]:
    for floor in FLOORS:
        standing = standings.get(floor.task)
        if standing is None or "loanword" not in standing.scores:
            continue
        draws = 100 * standing.at("loanword", floor.place)
        low, high = interval(draws)
        seeds = standing.seeds["loanword"]
        words = f"{draws[0]:.1f} [{low:.1f}, {high:.1f}]"
        known = math.isfinite(floor.score)
        goal = f"lower bound > {floor.score:.1f}" if known else "no goal"
        others = ", ".join(
            f"{system} {100 * standing.at(system, floor.place)[0]:.1f}"
            for system in standing.scores
            if system != "loanword"
        )
        yield Goal(f"{floor.name} ({seeds} seeds)", goal, words, others, not known or low > floor.score)


def _written(standings: Mapping[str, Standing], rows: Sequence[Row]) -> Iterator[Goal]:
    """Judge texts: in how many languages they are ahead of the trivial ones, and how often in the right language."""
    for name, standing in standings.items():
        if {"loanword", "trivial"} <= set(standing.scores):
            ours, theirs = standing.scores["loanword"], standing.scores["trivial"]
            leads = {place: 100 * (ours[place] - theirs[place]) for place in ours if not place.endswith("/en")}
            ahead = sum(lead[0] > 0 for lead in leads.values())
            sure = sum(interval(lead)[0] > 0 for lead in leads.values())
            each = ", ".join(f"{place.partition('/')[2]} {lead[0]:+.1f}" for place, lead in leads.items())
            text = f"{name}: languages ahead of the first sentence, zero-shot"
            measured = f"{ahead} of {len(leads)}, {sure} of them by an interval without 0"
            yield Goal(text, f">= {LANGUAGES}", measured, each, bool(ahead >= LANGUAGES))
        wanted = {"kind": "quality", "task": name, "system": "loanword"}
        parts = [row["parts"] for row in rows if wanted.items() <= row["key"].items() and "parts" in row]
        if parts:
            said, human = (
                fmean(100 * part[place][key] for part in parts for place in part)
                for key in ("right-language", "right-language-of-the-references")
            )
            text = f"{name}: answers in the right language beside human ones"
            goal = f"at most {ASIDE:.0f} points below"
            yield Goal(text, goal, f"{said:.1f} and {human:.1f} %", "", human - said <= ASIDE)


def _speed(standings: Mapping[str, Standing], rows: Sequence[Row]) -> Iterator[Goal]:
    for name, standing in standings.items():
        found = {system: _timed(rows, name, system) for system in SYSTEMS[:3]}
        if not found["loanword"] or not found["stock-tuned"]:
            continue
        spent = ", ".join(
            f"{system} {median(row['seconds_epoch'] for row in timed.values()):.1f} s, "
            f"{median(row['memory'] for row in timed.values()):.2f} GB"
            for system, timed in found.items()
            if timed
        )
        for what, value, goal in (("faster", "seconds_epoch", standing.case.faster), ("less memory", "memory", MEMORY)):
            middle, words = ratio(found["loanword"], found["stock-tuned"], value)
            text = f"{name}: times {what} than tuned stock, an epoch"
            yield Goal(text, f">= {goal:.1f}", words, spent, middle >= goal)


def _timed(rows: Sequence[Row], task: str, system: str) -> dict[int, Row]:
    """Return the "time" rows of a system on a task, by round."""
    wanted = {"kind": "time", "task": task, "system": system}
    return {row["key"]["seed"]: row for row in rows if wanted.items() <= row["key"].items()}


def ratio(ours: Mapping[int, Row], theirs: Mapping[int, Row], value: str) -> tuple[float, str]:
    """Return the median over rounds of theirs to ours, and that with the extremes."""
    found = [theirs[number][value] / ours[number][value] for number in sorted(set(ours) & set(theirs))]
    if not found:
        return math.nan, "no round has both"
    return median(found), f"{median(found):.2f} [{min(found):.2f}, {max(found):.2f}]"


def table(standings: Mapping[str, Standing], rows: Sequence[Row]) -> str:
    """Return a Markdown table: by task and set the scores (%), in brackets where seeds are fewer than loanword's."""
    head = ["task", "set", *SYSTEMS, "error less than tuned's", "epoch, tuned / ours", "memory, tuned / ours"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, standing in standings.items():
        sets = list(by_set(next(iter(standing.scores.values()), {})))
        for place in sets:
            cells = [name, place, *(_cell(standing, system, place) for system in SYSTEMS)]
            first = place == sets[0]
            cells.append(_reduced(standing) if first else "")
            for value in ("seconds_epoch", "memory"):
                pair = (_timed(rows, name, system) for system in SYSTEMS[:2])
                middle, words = ratio(*pair, value)
                cells.append(words if first and math.isfinite(middle) else "")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(standing: Standing, system: str, place: str) -> str:
    if system not in standing.scores:
        return ""
    text = f"{100 * standing.at(system, place)[0]:.1f}"
    seeds = standing.seeds[system]
    return text if seeds >= standing.seeds.get("loanword", 0) else f"{text} ({seeds} seed{'s' * (seeds > 1)})"


def _reduced(standing: Standing) -> str:
    if not standing.compared():
        return ""
    draws = 100 * standing.reduction()
    low, high = interval(draws)
    return f"{draws[0]:.1f} % [{low:.1f}, {high:.1f}]"
