from loanword.encoders.encoder import POOLINGS
from loanword.encoders.models import MODELS, lookup


def test_every_entry_is_complete():
    assert MODELS
    for name, entry in MODELS.items():
        assert entry.name == name
        assert entry.pooling in POOLINGS
        assert entry.licence
        assert entry.languages > 1


def test_an_unlisted_model_gets_mean_pooling_and_no_prefix():
    entry = lookup("somebody/their-model")

    assert (entry.name, entry.prefix, entry.pooling) == ("somebody/their-model", "", "mean")
