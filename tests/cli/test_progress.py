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
