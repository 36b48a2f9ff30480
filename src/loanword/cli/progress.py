"""Progress on stderr: what is going on, tokens per second, time left; plain lines where it is no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loanword.training.state import Hook, State

WORDS = {
    "read": "Reading data",
    "load": "Loading",
    "probe": "Fitting the probe",
    "train": "Training",
    "evaluate": "Evaluating",
    "index": "Working out vectors",
    "save": "Writing",
}


class Terminal:
    """Bars for training and evaluation, a line for everything else. A `Progress`."""

    def __init__(self) -> None:
        """Write to stderr."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(stderr=True, highlight=False)
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
        )
        self.bar: Any = None
        self.total = self.count = 0

    def stage(self, name: str, *, total: int = 0, detail: str = "") -> None:
        """Say that a stage begins; draw a bar if its length is known."""
        self._close()
        self.console.print(f"{WORDS.get(name, name)} {detail}".rstrip(), style="dim", markup=False)
        self.total, self.count = total, 0
        if total:
            self._open(WORDS.get(name, name), total)

    def advance(self, count: int) -> None:
        """Move the bar."""
        before, self.count = self.count, self.count + count
        if self.bar is not None:
            self.bars.advance(self.bar, count)
        elif self.total and 4 * self.count // self.total > 4 * before // self.total:
            self.console.print(f"  {self.count} of {self.total} rows", style="dim")

    def say(self, text: str) -> None:
        """Print it above the bar."""
        self.console.print(text, markup=False, soft_wrap=True)

    def hooks(self) -> tuple[Hook, ...]:
        """Follow the training steps."""
        return (_Steps(self),)

    def done(self) -> None:
        """Take the bar away."""
        self._close()

    def _open(self, name: str, total: int) -> None:
        if self.console.is_terminal:
            self.bars.start()
            self.bar = self.bars.add_task(name, total=total, speed="")

    def _close(self) -> None:
        if self.bar is not None:
            self.bars.remove_task(self.bar)
            self.bars.stop()
            self.bar = None


class _Steps:
    """Draws training steps with tokens per second; without a terminal, a line every tenth of the way."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.dev = ""

    def before_update(self, state: State) -> None:
        """Nothing to draw yet."""

    def after_update(self, state: State) -> None:
        """Draw one step."""
        terminal = self.terminal
        if terminal.bar is None and state.step < state.steps:
            terminal._open("Training", state.steps)
        speed = f"{state.tokens / max(state.seconds, 1e-9):,.0f} tokens/s  loss {state.loss:.3f}{self.dev}"
        if terminal.bar is not None:
            terminal.bars.update(terminal.bar, completed=state.step, speed=speed)
        elif state.step % max(1, state.steps // 10) == 0:
            left = state.seconds / state.step * (state.steps - state.step)
            terminal.console.print(f"  step {state.step}/{state.steps}  {speed}  {left:.0f} s left", style="dim")

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Remember the source-dev score for the line."""
        self.dev = f"  source dev {sum(scores.values()) / len(scores):.3f}"
