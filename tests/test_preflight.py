import pytest

from loanword import config
from loanword.errors import ConfigError
from loanword.preflight import expect_sound


def recipe(**values):
    return config.build({"data": {"train": {"en": "en.jsonl"}}, **values})


def test_what_is_sound(tmp_path):
    expect_sound(recipe())
    expect_sound(recipe(out=str(tmp_path / "new")))


def test_all_problems_are_told_at_once(tmp_path):
    (tmp_path / "report.md").write_text("mine")
    wrong = recipe(task="cooking", objective="fun", strategies=["zero-shot", "magic", "luck"], out=str(tmp_path))

    with pytest.raises(ConfigError) as caught:
        expect_sound(wrong)

    told = caught.value.problems
    assert [line.split(";")[0] for line in told[:4]] == [
        "unknown task 'cooking'",
        "unknown objective 'fun'",
        "unknown strategy 'magic'",
        "unknown strategy 'luck'",
    ]
    assert told[4].startswith(f"out: {tmp_path} holds report.md")
    assert len(told) == 5
