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
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"), 1),
        (RuntimeError("could not create a memory object"), 1),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), 1),
        (RuntimeError("expected m1 and m2 to have the same dtype, but got: float != c10::BFloat16"), 1),
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
    assert ("out of memory; lower training.micro_tokens" in told) == ("memory" in f"{error!r}".lower())
    assert ("bug in loanword" in told) == ("a bug" in str(error))
    assert ("hardware.precision=fp32" in told) == ("BFloat16" in str(error))
    assert told.count("\n") == 1 + ("a bug" in str(error))
