"""The tags against langcodes, unicodedata and the code lists of common corpora."""

import unicodedata

import pytest

from loanword.errors import UsageError
from loanword.language.tag import agree, canonical, direction, family, is_segmented, known, name, script, understood

FLORES_CODES = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn als_Latn amh_Ethi apc_Arab arb_Arab arb_Latn
ars_Arab ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn bak_Cyrl bam_Latn ban_Latn bel_Cyrl
bem_Latn ben_Beng bho_Deva bjn_Arab bjn_Latn bod_Tibt bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn
ckb_Arab crh_Latn cym_Latn dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn
ewe_Latn fao_Latn fij_Latn fin_Latn fon_Latn fra_Latn fur_Latn fuv_Latn gla_Latn gle_Latn glg_Latn grn_Latn guj_Gujr
hat_Latn hau_Latn heb_Hebr hin_Deva hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn
jav_Latn jpn_Jpan kab_Latn kac_Latn kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor knc_Arab knc_Latn kaz_Cyrl kbp_Latn
kea_Latn khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kmr_Latn kon_Latn kor_Hang lao_Laoo lij_Latn lim_Latn lin_Latn
lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva mal_Mlym mar_Deva
min_Arab min_Latn mkd_Cyrl plt_Latn mlt_Latn mni_Beng khk_Cyrl mos_Latn mri_Latn mya_Mymr nld_Latn nno_Latn nob_Latn
npi_Deva nso_Latn nus_Latn nya_Latn oci_Latn gaz_Latn ory_Orya pag_Latn pan_Guru pap_Latn pes_Arab pol_Latn por_Latn
prs_Arab pbt_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Olck scn_Latn shn_Mymr sin_Sinh slk_Latn
slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn srd_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn swh_Latn
szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn tso_Latn
tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn war_Latn
wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zho_Hans zho_Hant zsm_Latn zul_Latn
"""

XLM_R_CODES = """
af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu hy id is it ja jv
ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my ne nl no om or pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw
ta te th tl tr ug uk ur uz vi xh yi zh
"""

FLORES = FLORES_CODES.split()
XLM_R = XLM_R_CODES.split()


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("zh_CN", "zh-CN"),
        ("zh-cn", "zh-CN"),
        ("zho_Hans", "zh"),
        ("zh-Hans", "zh"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-Hant-TW", "zh-TW"),
        ("zho_Hant", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans-HK"),
        ("cmn", "zh"),
        ("yue_Hant", "yue"),
        ("swh", "sw"),
        ("pt-br", "pt-BR"),
        ("eng", "en"),
        ("EN", "en"),
        ("en_XX", "en"),
        ("arb_Arab", "ar"),
        ("arb_Latn", "ar-Latn"),
        ("acm_Arab", "acm"),
        ("pes_Arab", "fa"),
        ("prs_Arab", "fa-AF"),
        ("iw", "he"),
        ("sr-Latn", "sr-Latn"),
        ("srp_Latn", "sr-Latn"),
        ("srp_Cyrl", "sr"),
        ("ckb_Arab", "ckb"),
        ("kor_Hang", "ko"),
        ("zho_Hani", "zh"),
        ("nob_Latn", "nb"),
        ("twi_Latn", "tw"),
        ("aka_Latn", "ak"),
        ("zh-min-nan", "nan"),
        (" de ", "de"),
        ("und", "und"),
        ("mul", "mul"),
    ],
)
def test_every_spelling_gives_one_tag(spelled, expected):
    assert canonical(spelled) == expected


def test_flores_codes_stay_apart_and_keep_their_script():
    assert len(FLORES) == 204
    assert len({canonical(code) for code in FLORES}) == 204
    for code in FLORES:
        written = "Kore" if code == "kor_Hang" else code[-4:]
        assert script(code) == written, code


def test_corpora_are_covered_by_the_table():
    assert len(known()) >= 220
    assert {canonical(code) for code in FLORES + XLM_R} <= set(known())


def test_the_table_is_canonical_and_complete():
    for tag, facts in known().items():
        assert canonical(tag) == tag
        assert all((facts.name, facts.chinese, facts.family)), tag
        assert bool(facts.branch) == (facts.family == "Indo-European"), tag
        assert any(unicodedata.name(c).startswith("CJK") for c in facts.chinese), tag
    assert len({facts.name for facts in known().values()}) == len(known())
    assert len({facts.chinese for facts in known().values()}) == len(known())


def test_canonical_is_idempotent():
    assert all(canonical(canonical(code)) == canonical(code) for code in FLORES + XLM_R)


def test_scripts_agree_with_langcodes():
    import langcodes
    from langcodes.data_dicts import LIKELY_SUBTAGS

    compared = [tag for tag in known() if tag.partition("-")[0] in LIKELY_SUBTAGS]
    assert len(compared) > 200
    differing = {tag for tag in compared if script(tag) != langcodes.get(tag).maximize().script}
    # Where CLDR names another script: text in these is mostly Latin (crh, mww) or Greek (grc); und has none.
    assert differing == {"crh", "grc", "mww", "und"}


def test_direction_agrees_with_unicodedata():
    letters = {"Arab": "ب", "Hebr": "א", "Syrc": "ܐ", "Thaa": "ހ", "Nkoo": "ߊ", "Armi": "\U00010840"}
    letters |= {"Latn": "a", "Cyrl": "я", "Hans": "中", "Deva": "अ", "Thai": "ก", "Mong": "ᠠ"}
    checked = [tag for tag in known() if script(tag) in letters]
    assert len(checked) > 200
    for tag in checked:
        expected = "rtl" if unicodedata.bidirectional(letters[script(tag)]) in ("R", "AL") else "ltr"
        assert direction(tag) == expected, tag


def test_regions_choose_the_script():
    assert script("zh-TW") == "Hant"
    assert script("pa-PK") == "Arab"
    assert script("acm-IQ") == "Arab"
    assert script("de-CH") == "Latn"


def test_segmentation():
    unsegmented = ("zh", "ja", "th", "km", "lo", "my", "bo", "dz", "yue", "wuu", "zh-TW")
    assert not any(is_segmented(tag) for tag in unsegmented)
    assert all(is_segmented(tag) for tag in ("en", "ko", "vi", "hi", "ar", "zh-Latn"))


def test_names_and_families():
    assert name("deu") == "German"
    assert name("de", in_="zh") == "德语"
    assert name("zh-TW") == "Chinese (Taiwan)"
    assert name("fr-BE") == "French (BE)"
    assert name("fr-BE", in_="zh") == "法语（BE）"
    assert family("de") == "Indo-European: Germanic"
    assert family("zh-TW") == "Sino-Tibetan"
    assert family("aaz") == "unknown"
    assert name("aaz") == "aaz"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("jp", "ja"), ("jp_JP", "ja"), ("cn", "zh"), ("ua", "uk"), ("English", "en"), ("germna", "de"), ("德语", "de")],
)
def test_a_mistake_is_met_with_a_suggestion(wrong, meant):
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        canonical(wrong)


@pytest.mark.parametrize("wrong", ["", "xx", "123", "zh_CN.UTF-8", "e n", "a" * 200, "../en", "en\x00"])
def test_nonsense_is_refused_in_words(wrong):
    with pytest.raises(UsageError, match="is not a language tag"):
        canonical(wrong)


def test_what_is_no_tag_is_none():
    assert (understood("EN_us"), understood("english!"), understood("")) == ("en-US", None, None)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("en", "en", True),
        ("en", "en-US", True),
        ("en-GB", "en-US", False),
        ("sr", "sr-Latn", True),
        ("sr-Latn", "sr-Cyrl-RS", False),
        ("zh-Hant", "zh-TW", True),
        ("zh-Hant", "zh-CN", False),
        ("en", "de", False),
        ("en", "enm", False),
    ],
)
def test_two_tags_agree_if_they_can_name_one_language(one, other, expected):
    assert agree(one, other) is agree(other, one) is expected
