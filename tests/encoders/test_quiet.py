import pytest
from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging

from loanword.encoders.quiet import quiet_transformers


def settings():
    return logging.get_verbosity(), hub_logging.get_verbosity(), logging.is_progress_bar_enabled()


def test_everything_is_as_before_afterwards_even_after_an_error():
    before = settings()

    @quiet_transformers()
    def fails():
        assert settings() == (logging.CRITICAL, logging.CRITICAL, False)
        raise KeyError

    with pytest.raises(KeyError):
        fails()

    assert settings() == before


def test_a_user_who_wants_no_bars_keeps_none():
    logging.disable_progress_bar()
    try:
        with quiet_transformers():
            pass
        assert not logging.is_progress_bar_enabled()
    finally:
        logging.enable_progress_bar()
