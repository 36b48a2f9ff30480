"""Every verb ends in an exit status and a sentence, never in a traceback.

0 done, 1 failed, 2 usage, 3 bad data, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from loanword.errors import LoanwordError, out_of_memory


def guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """Wrap a verb: known errors become a message on stderr and an exit status."""

    @functools.wraps(verb)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            verb(*args, **kwargs)
        except LoanwordError as error:
            say(f"error: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader of our output went away; nothing is left to say, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except typer.Exit:
            raise
        except OSError as error:
            say(f"error: {error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
            raise typer.Exit(1) from None
        except Exception as error:
            if out_of_memory(error):
                say("error: out of memory; lower training.micro_tokens, or use a smaller model")
                raise typer.Exit(1) from None
            if os.environ.get("LOANWORD_DEBUG"):
                raise
            if "bfloat16" in str(error).lower():
                say(f"error: this model does not run in bf16 here ({error}); set hardware.precision=fp32")
                raise typer.Exit(1) from None
            say(f"error: {type(error).__name__}: {error}\nThis is a bug in loanword; LOANWORD_DEBUG=1 shows where.")
            raise typer.Exit(1) from None

    return run


def say(text: str) -> None:
    """Write a message to stderr; stdout is for results."""
    typer.echo(text, err=True)
