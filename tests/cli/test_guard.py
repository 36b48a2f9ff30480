import pytest
import typer

from loanword.cli.guard import guarded
from loanword.errors import DataError, LoanwordError, Problem, UsageError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoanwordError("x"), 1),
        (UsageError("x"), 2),
        (DataError([Problem("LW100", "f", 1, "c", "d")]), 3),
        (KeyboardInterrupt(), 130),
        (OSError(28, "No space left on device", "somewhere"), 1),
        (MemoryError(), 1),
        (RuntimeError("a bug"), 1),
    ],
)
def test_every_error_has_its_status(capsys, monkeypatch, error, code):
    monkeypatch.delenv("LOANWORD_DEBUG", raising=False)

    @guarded
    def verb() -> None:
        raise error

    with pytest.raises(typer.Exit) as stop:
        verb()
    assert stop.value.exit_code == code
    told = capsys.readouterr().err
    assert told
    assert "Traceback" not in told
