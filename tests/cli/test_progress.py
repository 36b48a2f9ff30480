from types import SimpleNamespace

from loanword.cli.progress import Terminal


def test_without_a_terminal_it_prints_lines(capsys):
    watch = Terminal()
    watch.stage("train")
    (hook,) = watch.hooks()
    for step in range(1, 11):
        hook.after_update(SimpleNamespace(step=step, steps=10, tokens=100 * step, seconds=0.5 * step, loss=0.25))
    hook.on_evaluate(None, {"en": 0.5})
    watch.stage("evaluate", total=3)
    watch.advance(3)
    watch.done()
    told = capsys.readouterr()
    assert told.out == ""
    assert "200 tokens/s" in told.err
    assert "left" in told.err
