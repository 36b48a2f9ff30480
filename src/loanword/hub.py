"""Whether the Hugging Face Hub can be asked for something: one question, with a deadline.

Where there is no network, or a server that never answers, the Hub's own clients wait and try again for minutes, and
print what they do. Whoever wants a model or a data set asks here first, and looks into the local cache alone where
nobody answers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

from loanword.errors import MissingExtra, in_short

TIMEOUT = 10.0
"""Seconds that the Hub has to answer."""

PAUSE = 60.0
"""Seconds for which a Hub that did not answer is not asked again: a run may want forty languages of one data set."""

_silent: dict[str, float] = {}
"""Address of a Hub to when it failed to answer, by the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the Hub says of a name.

    `status` is "found"; "absent" where there is no such repository, or none that you may read; "no revision" where it
    has no such revision; "unreachable" where nobody answered, for the `reason`. `files` are the names of the files of
    what was found, empty where the Hub does not list them.
    """

    status: Literal["found", "absent", "no revision", "unreachable"]
    files: frozenset[str] = frozenset()
    reason: str = ""


def ask_hub(
    name: str, *, kind: Literal["model", "dataset"], revision: str | None = None, timeout: float = TIMEOUT
) -> Reply:
    """Ask the Hub once for the model or data set `name`; the reply is there within `timeout` seconds.

    Nothing is raised where the Hub is not reached, and nothing is printed. A Hub that did not answer is taken to be
    unreachable for the next `PAUSE` seconds.

    Raises:
        MissingExtra: the Hub's client is not installed.
    """
    try:
        from huggingface_hub import constants
    except ImportError:
        raise MissingExtra("hub", "huggingface_hub", f"asking the Hub for {name}") from None
    address = constants.ENDPOINT
    if time.monotonic() < _silent.get(address, float("-inf")) + PAUSE:
        return Reply("unreachable", reason=_no_answer(timeout))
    replies: SimpleQueue[Reply] = SimpleQueue()

    def ask() -> None:
        # The client's own timeout holds for a single address, and looking up the name is not in it.
        replies.put(_reply(name, kind=kind, revision=revision, timeout=2 * timeout))

    with quiet_hub():
        Thread(target=ask, daemon=True).start()
        try:
            return replies.get(timeout=timeout)
        except Empty:
            _silent[address] = time.monotonic()
            return Reply("unreachable", reason=_no_answer(timeout))


def _no_answer(timeout: float) -> str:
    return f"no answer within {timeout:g} seconds"


def _reply(name: str, *, kind: Literal["model", "dataset"], revision: str | None, timeout: float) -> Reply:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        api = HfApi()
        ask = api.model_info if kind == "model" else api.dataset_info
        siblings = ask(name, revision=revision, timeout=timeout).siblings
    except (HFValidationError, RepositoryNotFoundError):
        return Reply("absent")
    except RevisionNotFoundError:
        return Reply("no revision")
    except Exception as error:  # No network, no route, a captive portal, a broken mirror.
        return Reply("unreachable", reason=in_short(error))
    return Reply("found", files=frozenset(file.rfilename for file in siblings or ()))


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Keep the notices and bars of the Hub's client off the terminal."""
    from huggingface_hub.utils.logging import get_verbosity, set_verbosity
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    level, silent = get_verbosity(), are_progress_bars_disabled()
    set_verbosity(logging.CRITICAL)
    disable_progress_bars()
    try:
        yield
    finally:
        set_verbosity(level)
        if not silent:
            enable_progress_bars()
