from types import SimpleNamespace

from loanword.cli.progress import Terminal


def test_without_a_terminal_it_prints_lines(capsys):
    watch = Terminal()
    watch.stage("train")
    (hook,) = watch.hooks()
    for step in range(1, 11):
        hook.after_update(SimpleNamespace(step=step, steps=10, tokens=100 * step, seconds=0.5 * step, loss=0.25))
    hook.on_evaluate(None, {"en": 0.5})
    watch.stage("evaluate", total=8)
    for _ in range(8):
        watch.advance(1)
    watch.done()
    told = capsys.readouterr()
    assert told.out == ""
    assert "200 tokens/s" in told.err
    assert "left" in told.err
    assert [line.strip() for line in told.err.splitlines() if " of 8 rows" in line] == [
        f"{count} of 8 rows" for count in (2, 4, 6, 8)
    ]


def test_what_it_says_stays_on_one_line_and_as_it_is(capsys):
    text = "the checkpoint [bold]/a/long/path[/bold] " + "is damaged and passed over " * 10
    Terminal().say(text)
    assert capsys.readouterr().err == f"{text}\n"


def test_on_a_terminal_the_cursor_comes_back_whatever_happens(call, finished, monkeypatch, toy_data):
    """Rich hides it while a bar is drawn."""
    import io

    from rich.console import Console

    from loanword.cli import progress
    from loanword.tasks.supervised import Supervised

    screen = io.StringIO()
    real = progress.Terminal.__init__

    def on_screen(self):
        real(self)
        self.console = self.bars.live.console = Console(file=screen, force_terminal=True, width=100)

    def interrupted(self, model, batch):
        interrupted.steps += 1
        if interrupted.steps > 2:
            raise KeyboardInterrupt
        return loss(self, model, batch)

    interrupted.steps, loss = 0, Supervised.loss
    monkeypatch.setattr(progress.Terminal, "__init__", on_screen)
    monkeypatch.setattr(Supervised, "loss", interrupted)
    done = call("train", finished[1] / "recipe.toml", "--out", finished[1].parent / "stopped")
    assert done.exit_code == 130
    shown = screen.getvalue()
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1
    assert "/6" in shown  # The bar was there.
