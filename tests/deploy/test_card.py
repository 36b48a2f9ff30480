"""The model card: front matter that the Hub reads, one result per language and metric."""

from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard

from loanword.deploy.card import card
from loanword.run import run


@pytest.fixture(scope="module")
def report(toy_recipe):
    found = run(toy_recipe("bert", training={"max_steps": 2})).report
    return replace(found, model="FacebookAI/xlm-roberta-base")


def test_front_matter_has_one_result_per_language_and_metric(report):
    data = ModelCard(card(report)).data
    results = {(item.dataset_config, item.metric_name): item for item in data.eval_results}
    assert len(results) == len(data.eval_results) == 6
    for tag, scores in report.languages.items():
        for name, interval in scores.metrics.items():
            found = results[tag, name]
            assert found.metric_value == pytest.approx(interval.score, abs=5e-5)
            assert found.task_type == "text-classification"
            assert found.dataset_name == f"test-{tag}.jsonl ({tag})"
            assert found.metric_type == {"accuracy": "accuracy", "macro-f1": "f1"}[name]


def test_front_matter_says_what_it_is(report):
    front = yaml.safe_load(card(report).split("---")[1])
    assert front["license"] == "mit"
    assert front["language"] == ["en", "ru", "zh"]
    assert front["base_model"] == "FacebookAI/xlm-roberta-base"
    assert (front["library_name"], front["pipeline_tag"]) == ("loanword", "text-classification")


def test_a_local_model_is_no_base_model_and_its_licence_is_not_guessed(report):
    front = yaml.safe_load(card(replace(report, model="/home/ann/mine")).split("---")[1])
    assert not {"license", "base_model"} & set(front)
    assert "ann" not in card(replace(report, model="/home/ann/mine"))


def test_every_language_is_in_the_table(report):
    text = card(report)
    for tag, scores in report.languages.items():
        score = 100 * scores.metrics["accuracy"].score
        (line,) = [line for line in text.splitlines() if f"| {tag} |" in line]
        assert f"| {scores.n} | {score:.1f} |" in line
        assert ("trained on" in line) == (tag == "en")
    assert report.regime in text
    assert "Mean over 2 target languages" in text


def test_a_collapsed_language_is_marked(report):
    languages = {tag: replace(scores, collapsed=tag == "ru") for tag, scores in report.languages.items()}
    marked = [line for line in card(replace(report, languages=languages)).splitlines() if "constant answer!" in line]
    assert len(marked) == 1
    assert "| ru |" in marked[0]


def test_a_source_may_be_collapsed_too(report):
    languages = {tag: replace(scores, collapsed=tag == "en") for tag, scores in report.languages.items()}
    (marked,) = [line for line in card(replace(report, languages=languages)).splitlines() if "| en |" in line]
    assert marked.endswith("| trained on, no better than a constant answer! |")


def test_a_bundled_model_names_where_it_comes_from(report):
    front = yaml.safe_load(card(replace(report, model="bundled:e5-small")).split("---")[1])
    assert front["base_model"] == "intfloat/multilingual-e5-small"


def test_the_example_names_the_repository(report):
    assert 'loanword.load("me/mine")' in card(report, repo="me/mine")


def test_odd_labels_do_not_break_the_page(report):
    text = card(replace(report, labels=("two\nlines", "tick`s", "---", "\x1b[31mred")))
    assert ModelCard(text).data.library_name == "loanword"
    assert "two lines" in text
    assert "\x1b" not in text


def test_nothing_tested_is_a_card_too(report):
    text = card(replace(report, languages={}))
    assert ModelCard(text).data.eval_results is None
