"""What a report says before it is set in Markdown or HTML: figures, sentences and rows, as text in one language."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median

from loanword.evaluation.calibration import calibration_errors
from loanword.evaluation.chart_data import by_fertility, comparable, has_gaps, part_names
from loanword.evaluation.scores import Confusion, Interval, Scores, TransferReport
from loanword.evaluation.words import Words, number, percent

ENOUGH_FOR_HALVES = 4
"""Target languages from which the median is worth a sentence."""

MISTAKES = 3
"""Mistakes named in one line."""


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

    `worst` names the most frequent of its `mistakes` in one line.
    """

    tag: str
    name: str
    script: str
    family: str
    is_source: bool
    collapsed: bool
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

    `gaps` says whether any row has a gap, `footnote` what a dash among them means; `fertility` and `calibration` are
    the sentences above these charts.
    """

    title: str
    metric: str
    subtitle: tuple[str, ...]
    figures: tuple[Figure, ...]
    reading: tuple[str, ...]
    collapsed: str
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
        regime=regime(report, language=language),
        notes=report.notes,
        metrics=tuple(words.named("metrics", name) for name in others),
        rows=tuple(_row(report, one, others, words) for one in ranked),
        parts=tuple(words.named("parts", name) for name in part_names(report)),
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
        facts=tuple(_facts(report, words)),
        training=tuple((words.named("training", key), _value(value)) for key, value in report.training.items()),
        machine=tuple((words.named("machine", key), value) for key, value in report.machine.items()),
        versions=(("loanword", report.loanword_version), *report.versions.items()),
        recipe=report.recipe.strip("\n"),
        command=report.command,
    )


def regime(report: TransferReport, *, language: str = "en") -> str:
    """Return the regime line in `language`, in English where it is not known in it."""
    return (report.regime_zh if language == "zh" else "") or report.regime


def reading(report: TransferReport, *, language: str = "en") -> list[str]:
    """Say in a few plain sentences what the numbers mean."""
    words = Words(language)
    sources = [tag for tag in report.languages if report.languages[tag].is_source]
    trained = words.listed([words.name(tag) for tag in report.sources])
    metric = words.named("metrics", report.metric)
    said = [words("read_source_unseen", sources=trained) if trained else words("read_untrained")]
    if sources:
        said = [words("read_source", sources=trained, metric=metric, score=percent(report.mean(sources)))]
    targets = report.targets
    if not targets:
        return [*said, words("read_none")]
    scores = [_main(report, report.languages[tag]).score for tag in targets]
    ends = {
        "mean": percent(report.mean(targets)),
        "best": words.name(targets[-1]),
        "high": percent(scores[-1]),
        "worst": words.name(targets[0]),
        "low": percent(scores[0]),
    }
    said.append(words("read_target" if len(targets) == 1 else "read_targets", n=len(targets), **ends))
    if len(targets) >= ENOUGH_FOR_HALVES:
        said.append(words("read_median", median=percent(median(scores))))
    collapsed = words.listed([words.name(tag) for tag in report.collapsed])
    said.append(words("read_collapsed", names=collapsed) if collapsed else words("read_healthy"))
    gaps = comparable_gaps(report)
    if gaps:
        said.append(words("read_gap", gap=words.points(fmean(gaps)), n=len(gaps)))
    before, after, noise = calibration_errors(report)
    if math.isfinite(after):
        key = "read_uncalibrated" if report.temperature == 1 else "read_calibration"
        temperature = number(report.temperature, digits=2)
        said.append(words(key, temperature=temperature, before=percent(before), after=percent(after)))
        said += [words("read_noise", noise=percent(noise))] if math.isfinite(noise) else []
    return said


def comparable_gaps(report: TransferReport) -> list[float]:
    """Return the gaps of the target languages that have one."""
    found = [report.languages[tag].gap.interval for tag in report.targets]
    return [gap.score for gap in found if gap is not None and math.isfinite(gap.score)]


def span(interval: Interval, words: Words) -> str:
    """Write a score with its interval: ``84.2% (81.0 – 87.1)``."""
    if not math.isfinite(interval.low) or not math.isfinite(interval.high):
        return percent(interval.score)
    return percent(interval.score) + words("bracket", text=ends(interval))


def ends(interval: Interval) -> str:
    """Write both ends of an interval in percent: ``81.0 – 87.1``."""
    low, high = (number(100 * end, digits=1) for end in (interval.low, interval.high))
    return f"{low} – {high}" if "–" not in (low, high) else "–"


def memory(size: int) -> str:
    """Write a number of bytes in GiB; a dash for 0, which says that it is not known."""
    return f"{number(size / 2**30, digits=2)} GiB" if size else "–"


def _title(report: TransferReport, words: Words) -> str:
    sources = words.listed([words.name(tag) for tag in report.sources])
    if report.targets:
        return words("title" if sources else "title_untrained", sources=sources, n=len(report.targets))
    return words("title_alone", sources=sources) if report.languages else words("title_empty")


def _figures(report: TransferReport, words: Words) -> list[Figure]:
    found = []
    targets = report.targets
    if len(targets) == 1:
        found.append(Figure(words("figure_target"), percent(report.mean(targets)), words.name(targets[0])))
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
    said = [words("calibration_lead", temperature=number(report.temperature, digits=2))]
    noisy = any(math.isfinite(one.ece_noise) for one in report.languages.values())
    return [*said, words("calibration_noise")] if noisy else said


def _same(report: TransferReport, name: str, words: Words) -> str:
    """Say which candidate has the scores of `name` in every language: the last weights, or an earlier one."""
    scored = [one.candidates for one in report.languages.values() if name in one.candidates]
    order = sorted(dict.fromkeys(other for one in scored for other in one), key=lambda other: other != "last")
    for other in order[: order.index(name)]:
        if all(one.get(other) == one[name] for one in scored):
            key = "candidate_same" if "averaged" in (name, other) else "candidate_same_step"
            return words(key, other=words.named("candidates", other))
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


def _facts(report: TransferReport, words: Words) -> list[tuple[str, str]]:
    sources = [words.name(tag) + words("bracket", text=tag) for tag in report.sources]
    labels = words("comma").join(report.labels[:12]) + ("…" if len(report.labels) > 12 else "")
    facts = {
        "fact_task": words.named("tasks", report.task),
        "fact_model": report.model,
        "fact_sources": words.listed(sources, most=12),
        "fact_labels": words("label_list", count=str(len(report.labels)), names=labels),
        "fact_checkpoint": words.named("candidates", report.checkpoint),
        "fact_temperature": number(report.temperature, digits=3),
        "fact_seed": str(report.seed),
        "fact_train": words.duration(report.seconds.get("train", math.nan)),
        "fact_evaluate": words.duration(report.seconds.get("evaluate", math.nan)),
        "fact_speed": number(report.tokens_per_second, digits=0),
        "fact_memory": memory(report.peak_memory_bytes),
    }
    if not report.seconds.get("train"):
        del facts["fact_train"], facts["fact_speed"]  # Nothing was trained: a bundle was evaluated.
    if not report.sources:
        del facts["fact_sources"]  # Nor was anything ever.
    return [(words(key), value) for key, value in facts.items()]


def _main(report: TransferReport, scores: Scores) -> Interval:
    return scores.metrics[report.metric]


def _sortable(score: float) -> float:
    """Put a score that is no number last."""
    return score if math.isfinite(score) else -math.inf


def _value(value: float | int | str | bool | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
