from loanword.encoders.models import MODELS, lookup
from loanword.encoders.pooling import POOLINGS


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


def test_the_e5_models_have_prompts_that_only_a_role_brings():
    named = [entry for name, entry in MODELS.items() if "e5-" in name]
    assert len(named) == 4
    assert {(one.prefix, one.prompts["query"], one.prompts["document"]) for one in named} == {
        ("", "query: ", "passage: ")
    }
    assert lookup("somebody/their-model").prompts == {}
