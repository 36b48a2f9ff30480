"""What the numbers of a report mean, and what to do about them, in a few plain sentences."""

from __future__ import annotations

import math
from statistics import fmean, median

from loanword.evaluation.calibration import calibration_errors
from loanword.evaluation.leaks import leaks
from loanword.evaluation.scores import TransferReport
from loanword.evaluation.words import Words, number, percent, turned

ENOUGH_FOR_HALVES = 4
"""Target languages from which the median is worth a sentence."""

WORSE = 0.005
"""What the temperature may add to the calibration error of a language unnamed."""


def reading(report: TransferReport, *, language: str = "en") -> list[str]:
    """Say in a few plain sentences what the numbers mean."""
    words = Words(language)
    said = [_source(report, words), *_targets(report, words)]
    said += [words("read_leak", name=words.name(tag), n=one.leaked, rows=one.n) for tag, one in leaks(report).items()]
    turned_round = words.listed([words.name(tag) for tag in other_way(report)])
    said += [words("read_turned", names=turned_round)] if turned_round else []
    collapsed = words.listed([words.name(tag) for tag in report.collapsed])
    if collapsed:
        said += [words("read_collapsed", names=collapsed), advice(report, language=language)]
    elif report.languages:
        said.append(words("read_healthy"))
    gaps = comparable_gaps(report)
    if gaps:
        said.append(words("read_gap", gap=words.points(fmean(gaps)), n=len(gaps)))
    return said + _calibration(report, words)


def advice(report: TransferReport, *, language: str = "en") -> str:
    """Say what to do where languages collapsed: one among others is odd, all of them or a source are a failed run."""
    words = Words(language)
    sources = [one for one in report.languages.values() if one.is_source]
    failed = len(report.collapsed) == len(report.languages) or any(one.collapsed for one in sources)
    if not failed:
        return words("advice_odd")
    if not report.sources:
        return words("advice_untrained")
    return words("advice_source") if sources else words("advice_untested")


def other_way(report: TransferReport) -> list[str]:
    """Return the targets that are a pair of languages which was trained on in the other direction."""
    return [tag for tag in report.targets if turned(tag) in report.sources]


def comparable_gaps(report: TransferReport) -> list[float]:
    """Return the gaps of the target languages that have one."""
    found = [report.languages[tag].gap.interval for tag in report.targets]
    return [gap.score for gap in found if gap is not None and math.isfinite(gap.score)]


def _source(report: TransferReport, words: Words) -> str:
    trained = words.listed([words.name(tag) for tag in report.sources])
    tested = [tag for tag in report.languages if report.languages[tag].is_source]
    if not trained:
        return words("read_untrained")
    if not tested:
        return words("read_source_unseen", sources=trained)
    found = {"metric": words.named("metrics", report.metric), "score": percent(report.mean(tested))}
    if len(tested) == len(report.sources):
        return words("read_source", sources=trained, **found)
    return words("read_source_some", sources=trained, tested=words.listed([words.name(tag) for tag in tested]), **found)


def _targets(report: TransferReport, words: Words) -> list[str]:
    targets = report.targets
    if not targets:
        return [words("read_none")]
    scores = [report.languages[tag].metrics[report.metric].score for tag in targets]
    ends = {
        "mean": percent(report.mean(targets)),
        "best": words.name(targets[-1]),
        "high": percent(scores[-1]),
        "worst": words.name(targets[0]),
        "low": percent(scores[0]),
    }
    one = "read_target_turned" if other_way(report) else "read_target"
    said = [words(one if len(targets) == 1 else "read_targets", n=len(targets), **ends)]
    return [*said, words("read_median", median=percent(median(scores)))] if len(targets) >= ENOUGH_FOR_HALVES else said


def _calibration(report: TransferReport, words: Words) -> list[str]:
    before, after, noise = calibration_errors(report)
    if not math.isfinite(after):
        return []
    key = "read_uncalibrated" if report.temperature == 1 else "read_calibration"
    temperature = number(report.temperature, digits=2)
    said = [words(key, temperature=temperature, before=percent(before), after=percent(after))]
    said += [words("read_noise", noise=percent(noise))] if math.isfinite(noise) else []
    worse = [words.name(tag) for tag, one in report.languages.items() if one.ece - one.ece_raw > WORSE]
    return [*said, words("read_worse", names=words.listed(worse))] if worse else said
