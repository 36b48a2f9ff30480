"""What can be asked of a corpus, and what not."""

import pytest

from loanword.config import part
from loanword.data.corpus.normalise import SAFE
from loanword.data.corpus.settings import CorpusSettings
from loanword.errors import ConfigError


def build(*overrides):
    return part(CorpusSettings, {}, overrides=overrides, where="corpus")


def test_what_is_said_and_what_is_not():
    settings = build('normalise=["nfkc", "spaces"]', "held_out=0.1", "boundary=blank", "column=2024")
    assert (settings.normalise, settings.held_out) == (("nfkc", "spaces"), 0.1)
    assert (settings.boundary, settings.column, CorpusSettings().normalise) == ("blank", "2024", SAFE)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('normalise=["lower"]', "normalise: unknown normalisation 'lower'; known: controls"),
        ("held_out=0.6", "held_out = 0.6: input should be less than or equal to 0.5"),
        ("boundary=word", "boundary = 'word'"),
        ("script=0.5", "unknown key 'script'; did you mean 'script_share'?"),
        ("min_characters=0", "min_characters = 0"),
    ],
)
def test_what_is_refused(override, said):
    with pytest.raises(ConfigError) as caught:
        build(override)
    assert said in str(caught.value)
