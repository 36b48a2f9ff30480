"""What a report says before it is set in Markdown or HTML: figures, sentences and rows, as text in one language."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

from loanword.evaluation.chart_data import RATIOS, by_fertility, calibrated, comparable, has_gaps, part_names
from loanword.evaluation.facts import facts, training
from loanword.evaluation.leaks import leaks
from loanword.evaluation.reading import advice, comparable_gaps, other_way, reading
from loanword.evaluation.scores import Confusion, Interval, Scores, TransferReport
from loanword.evaluation.words import Words, number, percent

MISTAKES = 3
"""Mistakes named in one line."""

NUMBERS = ("trivial", "ece_raw", "ece", "ece_noise", "fertility", "unknown", "truncated", "windows")
"""Fields of a row that the table of all numbers shows where any language has them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number: what it is, the number, a line below; `alarm` sets it in red."""

    label: str
    value: str
    note: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """One confusion, with its share of the language's rows."""

    expected: str
    predicted: str
    count: str
    share: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One language, everything as text; `metrics` are the other metrics in the order of `View.metrics`.

    `worst` names the most frequent of its `mistakes` in one line; `leak` says how many rows leaked, `turned` that the
    pair was trained on in the other direction. `ece_both` is the calibration error before and after scaling.
    """

    tag: str
    name: str
    script: str
    family: str
    is_source: bool
    collapsed: bool
    leak: str
    turned: bool
    n: str
    groups: str
    score: str
    interval: str
    metrics: tuple[str, ...]
    gap: str
    gap_interval: str
    basis: str
    trivial: str
    ece: str
    ece_raw: str
    ece_both: str
    ece_noise: str
    fertility: str
    unknown: str
    truncated: str
    windows: str
    origin: str
    mistakes: tuple[Mistake, ...]
    worst: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """One candidate: its mean over the common target languages, its weakest language, and whether it was kept.

    `same` says which other candidate it equals, if it does.
    """

    name: str
    mean: str
    worst: str
    kept: bool
    same: str


@dataclass(frozen=True, slots=True)
class View:
    """A whole report as text. `rows` are best first; `candidate_rows` are the scores behind `weights`.

    `gaps` says whether any row has a gap, `footnote` what a dash among them means; `fertility`, `calibration` and
    `parts_lead` are the sentences above these charts. `advice` is what to do about what `collapsed`; `classes` says
    whether there is anything to mix up, `scaled` whether a temperature was fitted; `numbers` are the fields of a row
    that hold any, and `glossary` explains them.
    """

    title: str
    metric: str
    subtitle: tuple[str, ...]
    figures: tuple[Figure, ...]
    reading: tuple[str, ...]
    collapsed: str
    advice: str
    regime: str
    notes: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    gap: tuple[str, ...]
    gaps: bool
    footnote: str
    fertility: tuple[str, ...]
    calibration: tuple[str, ...]
    parts: tuple[str, ...]
    parts_lead: tuple[str, ...]
    classes: bool
    scaled: bool
    numbers: tuple[str, ...]
    glossary: tuple[str, ...]
    weights: tuple[Weights, ...]
    candidate_rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    facts: tuple[tuple[str, str], ...]
    training: tuple[tuple[str, str], ...]
    machine: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    recipe: str
    command: str

    @property
    def weakest_first(self) -> tuple[Row, ...]:
        """Rows with mistakes, the weakest language first."""
        return tuple(row for row in reversed(self.rows) if row.mistakes)


def view(report: TransferReport, *, language: str = "en") -> View:
    """Put `report` into words of `language`."""
    words = Words(language)
    metrics = tuple(dict.fromkeys(name for one in report.languages.values() for name in one.metrics))
    others = tuple(name for name in metrics if name != report.metric)
    names, targets = comparable(report)
    ranked = sorted(report.languages.values(), key=lambda one: (-_sortable(_main(report, one).score), one.language))
    rows = tuple(_row(report, one, others, words) for one in ranked)
    numbers = tuple(_numbers(report, rows))
    return View(
        title=_title(report, words),
        metric=words.named("metrics", report.metric),
        subtitle=(
            words.named("tasks", report.task),
            report.model,
            words("weights", checkpoint=words.named("candidates", report.checkpoint)),
            words("seed", seed=str(report.seed)),
        ),
        figures=tuple(_figures(report, words)),
        reading=tuple(reading(report, language=language)),
        collapsed=words.listed([words.name(tag) for tag in report.collapsed], most=len(report.collapsed)),
        advice=advice(report, language=language),
        regime=regime(report, language=language),
        notes=report.notes,
        metrics=tuple(words.named("metrics", name) for name in others),
        rows=rows,
        parts=tuple(words.named("parts", name) for name in part_names(report)),
        parts_lead=tuple(_parts(report, words)),
        classes=bool(report.labels) or any(row.mistakes for row in rows),
        scaled=report.temperature != 1,
        numbers=numbers,
        glossary=tuple(_glossary(numbers, words)),
        gap=tuple(_gap(report, words)),
        gaps=has_gaps(report),
        footnote=words("gap_footnote") if 0 < len(comparable_gaps(report)) < len(report.targets) else "",
        fertility=tuple(_fertility(report, words)),
        calibration=tuple(_calibration(report, words)),
        weights=tuple(_weights(report, name, targets, words) for name in names),
        candidate_rows=tuple(
            (words.name(tag), tag, tuple(span(report.languages[tag].candidates[name], words) for name in names))
            for tag in reversed(targets)
        ),
        facts=tuple(facts(report, words)),
        training=tuple(training(report, words)),
        machine=tuple((words.named("machine", key), value) for key, value in report.machine.items()),
        versions=(("loanword", report.loanword_version), *report.versions.items()),
        recipe=report.recipe.strip("\n"),
        command=report.command,
    )


def regime(report: TransferReport, *, language: str = "en") -> str:
    """Return the regime line in `language`, in English where it is not known in it."""
    return (report.regime_zh if language == "zh" else "") or report.regime


def span(interval: Interval, words: Words) -> str:
    """Write a score with its interval: ``84.2% (81.0 – 87.1)``."""
    if not math.isfinite(interval.low) or not math.isfinite(interval.high):
        return percent(interval.score)
    return percent(interval.score) + words("bracket", text=ends(interval))


def ends(interval: Interval) -> str:
    """Write both ends of an interval in percent: ``81.0 – 87.1``."""
    low, high = (number(100 * end, digits=1) for end in (interval.low, interval.high))
    return f"{low} – {high}" if "–" not in (low, high) else "–"


def _title(report: TransferReport, words: Words) -> str:
    sources = words.listed([words.name(tag) for tag in report.sources])
    if report.targets:
        return words("title" if sources else "title_untrained", sources=sources, n=len(report.targets))
    return words("title_alone", sources=sources) if report.languages else words("title_empty")


def _figures(report: TransferReport, words: Words) -> list[Figure]:
    found = []
    targets = report.targets
    if len(targets) == 1:
        name, leak = words.name(targets[0]), _leak(report, targets[0], words)
        note = name + words("bracket", text=leak) if leak else name
        found.append(Figure(words("figure_target"), percent(report.mean(targets)), note, alarm=bool(leak)))
    elif targets:
        low, high = (percent(_main(report, report.languages[tag]).score) for tag in (targets[0], targets[-1]))
        label = words("figure_mean", metric=words.named("metrics", report.metric), n=len(targets))
        found.append(Figure(label, percent(report.mean(targets)), words("figure_mean_note", low=low, high=high)))
    sources = [tag for tag in report.languages if report.languages[tag].is_source]
    if sources:
        label = words("figure_source") if len(sources) == 1 else words("figure_sources", n=len(sources))
        names = words.listed([words.name(tag) for tag in sources], most=3)
        found.append(Figure(label, percent(report.mean(sources)), names))
    if len(targets) > 1:
        score = _main(report, report.languages[targets[0]]).score
        found.append(Figure(words("figure_worst"), percent(score), words.name(targets[0])))
    if report.languages:
        note = words("figure_collapsed_note") if report.collapsed else words("figure_healthy_note")
        found.append(Figure(words("figure_collapsed"), str(len(report.collapsed)), note, alarm=bool(report.collapsed)))
    return found


def _row(report: TransferReport, scores: Scores, others: tuple[str, ...], words: Words) -> Row:
    main, gap = _main(report, scores), scores.gap.interval
    other = (scores.metrics.get(name) for name in others)
    return Row(
        tag=scores.language,
        name=words.name(scores.language),
        script=words.script(scores.language),
        family=words.family(scores.language),
        is_source=scores.is_source,
        collapsed=scores.collapsed,
        leak=_leak(report, scores.language, words),
        turned=scores.language in other_way(report),
        n=number(scores.n, digits=0),
        groups=number(scores.groups, digits=0),
        score=percent(main.score),
        interval=ends(main),
        metrics=tuple(percent(one.score) if one else "–" for one in other),
        gap=number(100 * gap.score, digits=1) if gap else "–",
        gap_interval=ends(gap) if gap else "",
        basis="" if scores.is_source else words("basis_" + scores.gap.basis.replace("-", "_").replace(" ", "_")),
        trivial=percent(scores.trivial),
        ece=percent(scores.ece),
        ece_raw=percent(scores.ece_raw),
        ece_both=calibrated(scores),
        ece_noise=percent(scores.ece_noise),
        fertility=number(scores.fertility, digits=2),
        unknown=percent(scores.unknown),
        truncated=percent(scores.truncated),
        windows=str(scores.windows),
        origin=report.origins.get(scores.language, ""),
        mistakes=(mistakes := tuple(_mistake(one, scores.n, words) for one in scores.confusions)),
        worst=words("comma").join(
            f"{one.expected} → {one.predicted}{words('bracket', text=one.count)}" for one in mistakes[:MISTAKES]
        ),
        parts=tuple(percent(scores.breakdown.get(name, math.nan)) for name in part_names(report)),
    )


def _leak(report: TransferReport, tag: str, words: Words) -> str:
    one = leaks(report).get(tag)
    return words("leak_mark", n=str(one.leaked), rows=str(one.n)) if one else ""


def _numbers(report: TransferReport, rows: tuple[Row, ...]) -> list[str]:
    found = [name for name in NUMBERS if any(getattr(row, name) != "–" for row in rows)]
    return [name for name in found if name != "ece_raw" or report.temperature != 1]


def _glossary(numbers: tuple[str, ...], words: Words) -> list[str]:
    about = (
        ("trivial", "about_trivial"),
        ("ece", "about_ece"),
        ("ece_noise", "about_ece_noise"),
        ("fertility", "about_pieces"),
    )
    return [words(key) for name, key in about if name in numbers]


def _parts(report: TransferReport, words: Words) -> list[str]:
    names = set(part_names(report))
    said = [words("parts_lead")] if names - RATIOS else []
    return [*said, words("parts_ratio")] if names & RATIOS else said


def _mistake(one: Confusion, n: int, words: Words) -> Mistake:
    share = percent(one.count / n) if n else "–"
    expected, predicted = (name or words("no_label") for name in (one.expected, one.predicted))
    return Mistake(expected, predicted, number(one.count, digits=0), share, one.examples)


def _gap(report: TransferReport, words: Words) -> list[str]:
    targets = [report.languages[tag] for tag in report.targets]
    found = [one for one in targets if one.gap.interval]
    if not found:
        if not report.sources:
            return [words("gap_untrained")]
        untested = not any(one.is_source for one in report.languages.values())
        key = "gap_untested" if untested else "gap_none" if targets else "gap_alone"
        return [words(key)]
    parallel = sum(one.gap.basis == "parallel" for one in found)
    counts = {"gap_parallel": parallel, "gap_matched": len(found) - parallel}
    said = [words("gap_lead"), *(words(key, n=n) for key, n in counts.items() if n)]
    missing = [words.name(one.language) for one in targets if not one.gap.interval]
    return [*said, words("gap_some", names=words.listed(missing, most=12))] if missing else said


def _fertility(report: TransferReport, words: Words) -> list[str]:
    rows, apart = by_fertility(report, words)
    named = any(row["align"] and not row["is_source"] for row in rows)
    said = [words("fertility_lead"), *([words("fertility_named")] if named else [])]
    return [*said, words("fertility_apart", names=words.listed(apart, most=12))] if apart else said


def _calibration(report: TransferReport, words: Words) -> list[str]:
    key = "calibration_lead_raw" if report.temperature == 1 else "calibration_lead"
    said = [words(key, temperature=number(report.temperature, digits=2))]
    noisy = any(math.isfinite(one.ece_noise) for one in report.languages.values())
    return [*said, words("calibration_noise")] if noisy else said


def _same(report: TransferReport, name: str, words: Words) -> str:
    """Say which candidate has the scores of `name` in every language: the last weights, or an earlier one."""
    scored = [one.candidates for one in report.languages.values() if name in one.candidates]
    order = sorted(dict.fromkeys(other for one in scored for other in one), key=lambda other: other != "last")
    for other in order[: order.index(name)]:
        if all(one.get(other) == one[name] for one in scored):
            return words("candidate_same", other=words.named("candidates", other))
    return ""


def _weights(report: TransferReport, name: str, targets: list[str], words: Words) -> Weights:
    scores = {tag: report.languages[tag].candidates[name].score for tag in targets}
    worst = min(scores, key=lambda tag: _sortable(scores[tag]), default=None)
    return Weights(
        name=words.named("candidates", name),
        mean=percent(fmean(scores.values())) if scores else "–",
        worst=words.pair(words.name(worst), percent(scores[worst])) if worst else "–",
        kept=name == report.checkpoint,
        same=_same(report, name, words),
    )


def _main(report: TransferReport, scores: Scores) -> Interval:
    return scores.metrics[report.metric]


def _sortable(score: float) -> float:
    """Put a score that is no number last."""
    return score if math.isfinite(score) else -math.inf
