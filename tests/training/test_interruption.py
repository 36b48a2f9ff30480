"""Signals: the first is remembered, the second does what it always did."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from loanword.training.interruption import Interrupted, listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_remembered_and_the_second_stops_at_once(number):
    before = signal.getsignal(number)
    signal.signal(number, signal.default_int_handler)
    try:
        with listening() as asked:
            assert asked.by == 0
            os.kill(os.getpid(), number)
            assert asked.by == number
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_nothing_is_heard_that_nobody_wants_to_hear():
    before = signal.getsignal(signal.SIGTERM)
    with listening(wanted=False) as asked:
        assert signal.getsignal(signal.SIGTERM) is before
    assert asked.by == 0


def test_outside_the_main_thread_python_gives_no_signals():
    found = []

    def listen():
        with listening() as asked:
            found.append(asked.by)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [0]


def test_the_status_is_the_shells(tmp_path):
    assert Interrupted(signal.SIGTERM, where=tmp_path).exit_code == 143
    error = Interrupted(signal.SIGINT, where=tmp_path)
    assert error.exit_code == Interrupted.exit_code == 130
    assert str(tmp_path) in str(error)


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with listening() as asked:
            signal.raise_signal(signal.SIGINT)
            assert asked.by == 0
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
