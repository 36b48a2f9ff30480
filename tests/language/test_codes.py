"""Tags against the code lists that transformers has for each family of models."""

import pytest

from loanword.language.codes import code_for, tags_of
from loanword.language.tag import canonical


def codes_of(family):
    from transformers.models.m2m_100 import tokenization_m2m_100 as m2m100
    from transformers.models.mbart50 import tokenization_mbart50 as mbart50
    from transformers.models.nllb import tokenization_nllb as nllb

    return {
        "nllb": nllb.FAIRSEQ_LANGUAGE_CODES,
        "mbart50": mbart50.FAIRSEQ_LANGUAGE_CODES,
        "m2m100": [f"__{code}__" for code in m2m100.FAIRSEQ_LANGUAGE_CODES["m2m100"]],
        "marian": [">>de<<", ">>pt<<", ">>pt_br<<", ">>cmn_Hans<<", ">>cmn_Hant<<", ">>srp_Cyrl<<", ">>sr_Latn<<"],
    }[family]


FAMILIES = ("nllb", "mbart50", "m2m100", "marian")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_code_is_found_by_its_own_tag(family):
    codes = codes_of(family)
    tags = tags_of(codes)
    assert set(codes) - set(tags) <= {"__ns__"}  # M2M-100's name of Northern Sotho is no ISO code.
    assert len(set(tags.values())) == len(tags)
    for code, tag in tags.items():
        assert code_for(tag, tags) == code


def test_what_is_no_language_is_left_out():
    assert tags_of(["<s>", "</s>", "<pad>", "<unk>", "<mask>", "<extra_id_0>", "▁the", ">>qq<<", ""]) == {}


@pytest.mark.parametrize(
    ("tag", "nllb", "mbart50", "m2m100"),
    [
        ("de", "deu_Latn", "de_DE", "__de__"),
        ("de-AT", "deu_Latn", "de_DE", "__de__"),
        ("zh", "zho_Hans", "zh_CN", "__zh__"),
        ("zh-TW", "zho_Hant", None, None),
        ("zh-HK", "zho_Hant", None, None),
        ("yue", "yue_Hant", None, None),
        ("sr", "srp_Cyrl", None, "__sr__"),
        ("sr-Latn", None, None, None),
        ("no", "nob_Latn", None, "__no__"),
        ("nb", "nob_Latn", None, "__no__"),
        ("nn", "nno_Latn", None, None),
        ("ps", "pbt_Arab", "ps_AF", "__ps__"),
        ("qu", "quy_Latn", None, None),
        ("ms", "zsm_Latn", None, "__ms__"),
        ("id", "ind_Latn", "id_ID", "__id__"),
        ("arz", "arz_Arab", None, None),
        ("ar-EG", "arb_Arab", "ar_AR", "__ar__"),
        ("tl", "tgl_Latn", "tl_XX", "__tl__"),
        ("und", None, None, None),
    ],
)
def test_tags_and_the_codes_of_each_family(tag, nllb, mbart50, m2m100):
    found = [code_for(tag, tags_of(codes_of(family))) for family in ("nllb", "mbart50", "m2m100")]
    assert found == [nllb, mbart50, m2m100]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("pt", ">>pt<<"),
        ("pt-BR", ">>pt_br<<"),
        ("pt-PT", ">>pt<<"),
        ("zh", ">>cmn_Hans<<"),
        ("zh-TW", ">>cmn_Hant<<"),
        ("sr", ">>srp_Cyrl<<"),
        ("sr-Latn", ">>sr_Latn<<"),
        ("fr", None),
    ],
)
def test_regions_and_scripts(tag, code):
    assert canonical(tag)
    assert code_for(tag, tags_of(codes_of("marian"))) == code
