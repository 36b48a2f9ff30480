"""Trimmed vocabularies: how small bundled:e5-small gets for one, five and twenty languages, and what stays the same.

    make bench-vocabulary                       all rows that are not there yet, then the goals and the table
    python -m benchmarks.vocabulary --plan      what is there and what is missing

Texts are the monolingual files: English; the five largest, by bytes unpacked; the twenty largest. A tenth of each is
held out (`loanword tokenizer trim` does so itself) and measures the share that is covered, at the default of what is
asked for and below it. Then the trimmed model is saved and read back by transformers alone, as the whole one is, and
covered held-out texts go through both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import dependencies, harness
from benchmarks.harness import DATA, Goal, Row
from loanword.data.read import read
from loanword.data.shapes.texts import TEXTS
from loanword.encoders import bundled

NAME = "vocabulary"
MODEL = "bundled:e5-small"
ASKED = ((1, 0.995), (5, 0.995), (20, 0.995), (1, 0.9), (1, 0.95), (5, 0.95))
"""Languages, and the share of unseen texts that is asked for: the default, and less."""
COMPARED = 20
"""Covered held-out texts of a language that are read by both models."""
LIMIT = 1200


def files() -> dict[str, Path]:
    """Return the text files by language, the largest first."""
    found = {path.name.split(".")[0]: path for path in sorted((DATA / "mono").glob("*.txt*"))}
    size = {tag: len(_unpacked(path)) for tag, path in found.items()}
    return {tag: found[tag] for tag in sorted(found, key=lambda tag: (-size[tag], tag))}


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def languages(count: int) -> list[str]:
    """Return the languages of a row: English alone, or those with the largest files."""
    return ["en"] if count == 1 else [*files()][:count]


def measure(key: Mapping[str, Any]) -> Row:
    """Trim, save, read back and compare."""
    from loanword.deploy.trim import held_out, trimmed

    there = files()
    tables = {tag: read(there[tag], language=tag, shape=TEXTS) for tag in languages(key["languages"])}
    began = time.perf_counter()
    done = trimmed(MODEL, tables, share=key["coverage"])
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small"
        done.save(small)
        held = {tag: held_out([*dict.fromkeys(table.text)], tag)[1] for tag, table in tables.items()}
        differences = compared(bundled.folder(), small, held)
        disk = {"before": on_disk(bundled.folder()), "after": on_disk(small)}
    told = done.describe()
    return {
        "score": round(told["share"], 5),
        "languages": {tag: {**one, "share": round(one["share"], 5)} for tag, one in sorted(told["languages"].items())},
        "pieces": told["pieces"],
        "weights": told["bytes"],
        "disk": disk,
        "proved": told["compared"],
        "compared": len(differences),
        "difference": max(differences),
        "trim_seconds": round(seconds, 1),
    }


def on_disk(folder: Path) -> int:
    """Return the bytes of a model's weights and its tokenizer."""
    return sum((folder / name).stat().st_size for name in ("model.safetensors", "tokenizer.json"))


def compared(whole: Path, small: Path, texts: Mapping[str, Sequence[str]]) -> list[float]:
    """Return the largest difference of any number in the vectors of any piece, for each covered text."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    (old, fast), (new, quick) = (
        (AutoModel.from_pretrained(place, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(place))
        for place in (whole, small)
    )
    known, found = set(quick.get_vocab()), []
    for lines in texts.values():
        covered = [text for text in lines if set(fast.tokenize(text)) <= known][:COMPARED]
        for text in covered:
            inputs = [one(text, truncation=True, max_length=512, return_tensors="pt") for one in (fast, quick)]
            with torch.inference_mode():
                states = [model(**one).last_hidden_state for model, one in zip((old, new), inputs, strict=True)]
            found.append(float((states[0] - states[1]).abs().max()))
    return found


def keys() -> list[dict[str, Any]]:
    """Return the keys of all rows."""
    return [{"languages": count, "coverage": share} for count, share in ASKED]


def stamp(key: Mapping[str, Any]) -> str:
    """Return the fingerprint of a row's code and data."""
    code = {"benchmarks/vocabulary.py", "src/loanword/deploy/trim.py"}
    code |= {*dependencies.reached("tokens.coverage", "encoders.resize", "encoders.modules", "batches.passes")}
    there = files()
    return harness.fingerprint(code=code, data=[there[tag] for tag in languages(key["languages"])])


def current() -> list[Row]:
    """Return the rows of the result file that are not stale, in the order of their keys."""
    found = {json.dumps(row["key"]): row for row in harness.load(NAME)["rows"]}
    rows = [(found.get(json.dumps(key)), stamp(key)) for key in keys()]
    return [row for row, fresh in rows if row is not None and row["fingerprint"] == fresh]


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Judge what is there: the share that is covered, and that nothing else changed."""
    made = []
    for row in rows:
        count, share = row["key"]["languages"], row["key"]["coverage"]
        name = f"{count} language{'s' if count > 1 else ''}, {share:.1%} asked for"
        held = sum(one["held_out"] for one in row["languages"].values())
        made += [
            Goal(
                f"held-out sentences covered, {name}",
                f">= {share:.1%}",
                f"{row['score']:.2%} of {held:,}",
                "",
                row["score"] >= share,
            ),
            Goal(
                f"largest difference of a vector of a covered sentence, {name}",
                "0",
                f"{row['difference']:g} over {row['compared']:,}",
                "",
                row["difference"] == 0,
            ),
        ]
    return made


def shown(rows: Sequence[Row]) -> str:
    """Return the sizes as a Markdown table."""
    lines = ["| languages | asked for | pieces | on disk | covered | seconds |", "|---|---|---|---|---|---|"]
    for row in rows:
        disk, pieces = row["disk"], row["pieces"]
        if row is rows[0]:
            lines.append(f"| all | | {pieces['before']:,} | {disk['before'] / 1e6:.0f} MB | | |")
        asked = f"{row['key']['languages']} | {row['key']['coverage']:.1%}"
        size = f"{pieces['after']:,} | {disk['after'] / 1e6:.0f} MB"
        lines.append(f"| {asked} | {size} | {row['score']:.2%} | {row['trim_seconds']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing; print goals and sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", help="measure one row (JSON key) and print it")
    parser.add_argument("--plan", action="store_true", help="print what is there and what is missing")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    if options.row:
        print(json.dumps(measure(json.loads(options.row))))
        return
    if not options.plan:
        harness.measure(NAME, [(key, stamp(key)) for key in keys()], limit=LIMIT)
    rows = current()
    if options.plan:
        there = [row["key"] for row in rows]
        print("\n".join(f"{'there  ' if key in there else 'missing'} {json.dumps(key)}" for key in keys()))
        return
    judged = goals(rows)
    with harness.alone():
        harness.write(NAME, rows=rows, goals=judged)
    print(shown(rows))
    for goal in judged:
        print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.measured} (goal {goal.goal})")


if __name__ == "__main__":
    main()
