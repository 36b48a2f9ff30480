"""What was run, said in words."""

import pytest
from report_cases import report

from loanword.evaluation.facts import memory
from loanword.evaluation.report_view import view


def test_what_was_not_trained_took_no_time():
    trained = [name for name, _ in view(report(languages=2)).facts]
    assert {"Time to train", "Tokens per second"} < set(trained)
    made = report(languages=2, training={}, seconds={"train": 0.0, "evaluate": 5.0}, tokens_per_second=0.0)
    assert [name for name in trained if name not in dict(view(made).facts)] == ["Time to train", "Tokens per second"]


def test_what_was_run_is_said_in_words():
    made = report(languages=2, training={"batch_size": 32, "my own": 1}, machine={"cores": "2", "of mine": "x"})
    assert view(made).training == (("Batch size", "32"), ("my own", "1"))
    assert view(made, language="zh").machine == (("核心数", "2"), ("of mine", "x"))
    facts = dict(view(made, language="zh").facts)
    assert (facts["训练语言"], facts["标签"][:12]) == ("英语（en）", "5 个：turn_on、")


@pytest.mark.parametrize(("size", "text"), [(0, "–"), (3 * 2**30, "3.00 GiB")])
def test_memory(size, text):
    assert memory(size) == text


def test_what_does_not_apply_to_a_task_without_classes_is_left_out():
    known = dict(view(report(languages=2)).facts)
    assert known["Temperature"] == "1.731"
    bare = dict(view(report(languages=2, labels=(), temperature=1.0)).facts)
    assert set(known) - set(bare) == {"Labels", "Temperature"}
    assert "Temperature" in dict(view(report(languages=2, temperature=1.0)).facts)
