"""What every benchmark shares: cached rows, goals, one result file.

A row is one measurement by one process. It is kept under the hash of the code that its numbers hang on (each benchmark
names it), its data and the versions, so an interrupted benchmark goes on where it stopped, and only what changed is
measured again.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from loanword.hardware import detect
from loanword.provenance import machine, versions

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DATA = Path(os.environ.get("LOANWORD_BENCH_DATA", ROOT.parent / "shared" / "data"))
Row = dict[str, Any]
LIMIT = 600
"""Seconds a row may take, unless a benchmark gives it more."""
SAID = ("accuracy", "score", "seconds_epoch")
"""What a row says that is printed when it is there."""
RACE = ("kind", "task", "shape", "seed")
"""Parts of a key that rows have in common whose times are compared with one another."""
JUDGES = "goals"
"""The function of a benchmark that judges its rows."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach: what was `measured`, what is possible at all (`ceiling`), whether it is met."""

    name: str
    goal: str
    measured: str
    ceiling: str
    met: bool


def fingerprint(
    *, code: Iterable[str], data: Iterable[Path], settings: str = "", installed: Mapping[str, str] | None = None
) -> str:
    """Hash the files of `code` (paths below the root; folders whole), those of `data`, the `settings`, the versions.

    Versions are those `installed` here, unless others are given. Of code the syntax tree counts, without docstrings: a
    comment or a line break changes no result. Nor does how rows are judged (`JUDGES`).
    """
    digest = hashlib.sha256()
    for name in sorted(code):
        place = ROOT / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + _logic(file.read_text("utf-8")).encode())
    for file in sorted(data):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    digest.update(settings.encode() + json.dumps(installed or versions(), sort_keys=True).encode())
    return digest.hexdigest()[:16]


@cache
def _logic(source: str) -> str:
    tree = ast.parse(source)
    tree.body = [part for part in tree.body if not (isinstance(part, ast.FunctionDef) and part.name == JUDGES)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                part
                for part in node.body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))  # Docstrings.
            ]
    whole = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    return ast.dump(tree, **whole).replace(", type_params=[]", "")  # One text, whatever the version of Python.


def load(name: str) -> dict[str, Any]:
    """Return the result file of benchmark `name`, or an empty one."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": [], "goals": []}


def standing(
    name: str,
    keys: Sequence[dict[str, Any]],
    stamp: Callable[[dict[str, Any], Mapping[str, str] | None], str],
    *,
    timed: Sequence[str] = ("time",),
) -> list[Row]:
    """Return the rows of benchmark `name` that have one of `keys` and are not stale.

    A row of another machine counts with its versions. Of rows whose kind is among `timed` those that are compared with
    one another (`RACE`) count from one machine alone, that which measured most of them.
    """
    wanted, own = {json.dumps(key) for key in keys}, here()

    def of(row: Row) -> dict[str, str]:
        machine: dict[str, str] = row.get("machine", own)
        return machine

    fresh = [
        row
        for row in load(name)["rows"]
        if json.dumps(row["key"]) in wanted
        and stamp(row["key"], row["versions"] if of(row) != own else None) == row["fingerprint"]
    ]
    races: dict[str, list[dict[str, str]]] = {}
    for row in fresh:
        races.setdefault(_race(row), []).append(of(row))
    best = {race: max(them, key=lambda one: (them.count(one), one == own)) for race, them in races.items()}
    return [row for row in fresh if row["key"].get("kind") not in timed or of(row) == best[_race(row)]]


def _race(row: Row) -> str:
    return json.dumps([row["key"].get(part) for part in RACE])


def measure(name: str, wanted: Sequence[tuple[dict[str, Any], str]], *, jobs: int = 1, limit: int = LIMIT) -> None:
    """Measure the rows of benchmark `name` that its file lacks: (key, fingerprint), each in a process of its own.

    `jobs` rows run side by side, each with its share of the cores: for rows whose time is not what is measured. A row
    that fails or takes longer than `limit` seconds is left out, and the reason printed.
    """
    known = {json.dumps(found["key"]): found["fingerprint"] for found in load(name)["rows"]}
    missing = [(key, stamp) for key, stamp in wanted if known.get(json.dumps(key)) != stamp]
    print(
        f"{name}: {len(wanted) - len(missing)} rows are there, {len(missing)} to measure", file=sys.stderr, flush=True
    )

    def one(item: tuple[dict[str, Any], str]) -> None:
        key, stamp = item
        found = _row(name, key, jobs=jobs, limit=limit)
        if found is not None:
            with alone():
                stored = load(name)
                kept = [other for other in stored["rows"] if other["key"] != key]
                write(name, rows=[*kept, {"key": key, "fingerprint": stamp, **found}], goals=stored["goals"])

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, missing))


@contextmanager
def alone() -> Iterator[None]:
    """Hold the results against every other thread and process."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    handle = os.open(RESULTS, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _row(name: str, key: dict[str, Any], *, jobs: int, limit: int) -> dict[str, Any] | None:
    began, threads = time.time(), max(1, len(os.sched_getaffinity(0)) // jobs)
    command = [sys.executable, "-m", f"benchmarks.{name.replace('-', '_')}", "--row", json.dumps(key)]
    parallel = str(jobs == 1).lower()
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": parallel}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"  {json.dumps(key)}: over {limit} s, left out", file=sys.stderr, flush=True)
        return None
    if done.returncode:
        print(f"  {json.dumps(key)}: failed\n{done.stderr[-600:]}", file=sys.stderr, flush=True)
        return None
    found = json.loads(done.stdout.splitlines()[-1])
    seconds = round(time.time() - began, 1)
    said = next((found[name] for name in SAID if name in found), None)
    print(f"  {json.dumps(key)}: {said} in {seconds} s", file=sys.stderr, flush=True)
    return {"commit": commit(), "versions": versions(), "machine": here(), "seconds": seconds, **found}


def here() -> dict[str, str]:
    """Return what this machine is, by what it is made of: how many threads are free now changes nothing of that."""
    said = machine(detect())
    return {part: said[part] for part in ("processor", "cores", "accelerator") if part in said}


def take(name: str, path: Path) -> None:
    """Take over the rows of a result file that another machine wrote."""
    taken = json.loads(path.read_text(encoding="utf-8"))["rows"]
    with alone():
        stored, keys = load(name), [row["key"] for row in taken]
        write(name, rows=[*(row for row in stored["rows"] if row["key"] not in keys), *taken], goals=stored["goals"])


def write(name: str, *, rows: Sequence[dict[str, Any]], goals: Sequence[Goal | dict[str, Any]]) -> Path:
    """Write the result file of benchmark `name`."""
    path = RESULTS / f"{name}.json"
    content = {
        "name": name,
        "command": f"make bench-{name}",
        "machine": detect().describe(),
        "rows": sorted(rows, key=lambda item: json.dumps(item["key"])),
        "goals": [asdict(goal) if isinstance(goal, Goal) else goal for goal in goals],
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def commit() -> str:
    """Return the commit that is checked out, marked where files differ from it."""
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "--", "src", "benchmarks/*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return head.stdout.strip() + ("+" if dirty.stdout.strip() else "")
