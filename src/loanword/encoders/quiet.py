"""Keep transformers from writing to the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from loanword.hub import quiet_hub


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the bars and notices of transformers and the Hub's client quiet; what matters becomes our own message."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with quiet_hub():
        logging.set_verbosity(logging.CRITICAL)
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()
