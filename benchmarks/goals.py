"""Print every goal of every benchmark result, missed ones first."""

from __future__ import annotations

import json

from benchmarks.harness import RESULTS


def main() -> None:
    """Read all result files and print their goals."""
    goals = [
        (goal["met"], path.stem, goal)
        for path in sorted(RESULTS.glob("*.json"))
        for goal in json.loads(path.read_text(encoding="utf-8"))["goals"]
    ]
    for met, bench, goal in sorted(goals, key=lambda item: (item[0], item[1])):
        print(f"{'met   ' if met else 'MISSED'} {bench}: {goal['name']}: {goal['measured']} (goal {goal['goal']})")
        if goal["ceiling"]:
            print(f"       {goal['ceiling']}")
    if not goals:
        print("no results yet; run: make bench-transfer")


if __name__ == "__main__":
    main()
