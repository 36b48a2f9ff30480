import json
import re

import pytest
from tests.corpus import SENTENCES
from tests.encoders import duals

import loanword
from loanword.config import EncoderSettings
from loanword.deploy.bundle import Bundle


def test_scores_are_those_of_the_run(call, finished, toy_data):
    result, folder = finished
    trained = json.loads(result.stdout)["languages"]["ru"]
    again = call("evaluate", folder, "--test", f"rus={toy_data['test']['ru']}", "--json")
    assert again.exit_code == 0, again.stderr
    found = json.loads(again.stdout)["languages"]["ru"]
    assert found["score"] == trained["score"]
    assert found["n"] == trained["n"]


def test_a_chinese_report_is_in_chinese(call, finished, toy_data, tmp_path):
    done = call(
        "evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}", "--report-language", "zh", "--out", tmp_path
    )
    assert done.exit_code == 0, done.stderr
    for text in (done.stdout, (tmp_path / "report.md").read_text(encoding="utf-8")):
        assert "零样本：训练和选择均未接触目标语言的文本或标签" in text
        assert "交付版本" in text
        assert "as shipped" not in text
        assert "zero-shot" not in text
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["checkpoint"] == "as shipped"
    english = call("evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}")
    assert "weights as shipped" in english.stdout


def test_reports_go_where_no_file_of_somebodys_is(call, finished, toy_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}"]
    for _ in range(2):
        assert call(*words, "--out=~/again").exit_code == 0
    mine = tmp_path / "mine" / "report.md"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    done = call(*words, "--out", mine.parent)
    assert (done.exit_code, mine.read_text(encoding="utf-8")) == (2, "mine")
    assert "holds report.md, which no loanword run wrote" in done.stderr


def test_an_unknown_report_language(call, finished, toy_data):
    done = call("evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}", "--report-language", "xx")
    assert done.exit_code == 2
    assert "written in 'en' or 'zh', not in 'xx'" in done.stderr


@pytest.fixture
def parallel(tmp_path, sentences):
    lines = [f"{one}\t{two}" for one, two in zip(sentences["en"], sentences["ru"], strict=True)]
    (tmp_path / "en-ru.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "en-ru.tsv"


def test_a_model_as_it_came_is_measured_on_a_task_that_compares_vectors(call, parallel, tiny_folder, tmp_path):
    words = ["evaluate", tiny_folder("bert"), "--task", "retrieval", "--test", f"en:ru={parallel}"]
    words += ["--column", "text=1", "--column", "translation=2", "--set", "evaluation.resamples=100"]
    done = call(*words, "--set", "task_options.scoring=cosine", "--set", "encoder.pooling=max", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)

    bundle = Bundle.untrained(
        tiny_folder("bert"), task="retrieval", options={"scoring": "cosine"}, encoder=EncoderSettings(pooling="max")
    )
    columns = {"text": "1", "translation": "2"}
    again = loanword.evaluate(bundle, test={"en:ru": parallel}, columns=columns, settings={"resamples": 100})
    assert found["languages"]["en:ru"]["score"] == again.languages["en:ru"].metrics["retrieval-accuracy"].score
    assert (found["sources"], found["seconds"]["train"]) == ([], 0)
    assert found["regime"] == "not known to be zero-shot: the model as it came, nothing trained or selected here"

    told = call(*words, "--out", tmp_path / "out")
    assert told.exit_code == 0, told.stderr
    assert "Gap:" not in told.stdout
    page = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "# As it came, in 1 language" in page
    assert "No labelled text was used" in page
    assert "Trained on" not in page
    chinese = call(*words, "--out", tmp_path / "zh", "--report-language", "zh")
    assert "模型保持原样" in chinese.stdout
    assert "未经训练，1 种语言" in (tmp_path / "zh" / "report.md").read_text(encoding="utf-8")


def test_what_is_only_for_a_bundle_or_only_for_a_model(call, finished, parallel, tiny_folder):
    test = ["--test", f"en:ru={parallel}"]
    untrained = ["evaluate", tiny_folder("bert"), *test, "--task"]
    bundle = ["evaluate", finished[1], *test, "--set"]
    for words, says in (
        ([*untrained, "pairs"], "must be trained first: loanword transfer --task pairs"),
        ([*untrained, "cooking"], "unknown task 'cooking'"),
        ([*untrained, "retrieval", "--set", "task_options.x=1"], "retrieval has no option 'x'; known: scoring, temp"),
        ([*bundle, "encoder.pooling=cls"], "--set encoder: a bundle has its own already"),
        ([*bundle, "training.epochs=1"], "unknown key 'training'"),
        ([*bundle, "epochs"], "override 'epochs': expected a.b=c"),
    ):
        done = call(*words)
        assert done.exit_code == 2, done.stderr
        assert says in done.stderr


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_images_are_found_by_texts_of_any_language(call, tiny_dual, sentences, tmp_path, kind):
    images = duals.pictures(tmp_path, 10)
    words = ["evaluate", tiny_dual(kind), "--task", "text-image", "--set", "evaluation.resamples=100"]
    for tag in ("de", "zh"):
        lines = sentences["zh" if tag == "zh" else "en"]
        rows = [f"{line}\t{image.name}" for line, image in zip(lines, images, strict=True)]
        (tmp_path / f"captions.{tag}.tsv").write_text("\n".join(["text\timage", *rows]) + "\n", encoding="utf-8")
        words += ["--test", f"{tag}={tmp_path / f'captions.{tag}.tsv'}"]
    done = call(*words, "--out", tmp_path / "out", "--report-language", "zh")
    assert done.exit_code == 0, done.stderr
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["languages"]
    assert set(found) == {"de", "zh"}
    for scores in found.values():
        both = scores["breakdown"]
        assert scores["score"] == pytest.approx((both["text_to_image"] + both["image_to_text"]) / 2)
        assert scores["low"] <= scores["score"] <= scores["high"]
    page = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "图文检索" in page
    assert "以文找图" in page

    (tmp_path / "3.png").write_text("no picture")
    (tmp_path / "4.png").unlink()
    gone = call(*words)
    assert (gone.exit_code, gone.stderr.count("LW215")) == (3, 2)
    assert "captions.de.tsv:6 [image]: LW215 there is no image '4.png'" in gone.stderr
    duals.pictures(tmp_path, 10)
    (tmp_path / "3.png").write_text("no picture")
    broken = call(*words)
    assert (broken.exit_code, broken.stderr.count("LW215")) == (3, 1)
    assert f"{tmp_path / '3.png'}: LW215 this is no image that can be read" in broken.stderr


TSV = ["--column", "text=1", "--column", "translation=2"]


def aligned(folder, source, target):
    path = folder / f"{source}-{target}.tsv"
    rows = zip(SENTENCES[source], SENTENCES[target], strict=True)
    path.write_text("".join(f"{one}\t{two}\n" for one, two in rows), encoding="utf-8")
    return path


def test_a_model_is_measured_as_it_comes(call, tiny_seq2seq, tmp_path):
    done = call(
        "evaluate", tiny_seq2seq("nllb"), "--task", "translation", "--set", "task_options.longest=8",
        "--test", f"en:rus={aligned(tmp_path, 'en', 'ru')}", "--test", f"ru:zh={aligned(tmp_path, 'ru', 'zh')}",
        *TSV, "--json", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["languages"]) == {"en:ru", "ru:zh"}
    assert (found["task"], found["sources"], found["checkpoint"]) == ("translation", [], "as shipped")
    for scores in found["languages"].values():
        assert scores["n"] == 10
        assert set(scores["metrics"]) == {"chrf", "bleu"}
        assert scores["breakdown"]["right-language-of-the-references"] > 0.8
    assert found["regime"].startswith("not known to be zero-shot")
    assert (tmp_path / "out" / "report.html").is_file()


def test_vectors_are_measured_as_they_come(call, tiny_folder, tmp_path):
    done = call(
        "evaluate", tiny_folder("bert"), "--task", "retrieval", "--test", f"en:ru={aligned(tmp_path, 'en', 'ru')}",
        *TSV, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["languages"]["en:ru"]["n"] == 10


def test_what_cannot_be_measured_as_it_comes(call, finished, tiny_folder, tiny_seq2seq, tmp_path):
    test = ["--test", f"en:ru={aligned(tmp_path, 'en', 'ru')}", *TSV]
    for words, says in (
        ([finished[1], "--set", "task_options.beams=1", *test], "a bundle has its own already"),
        ([tiny_folder("bert"), "--task", "translation", *test], "translation on .* must be trained first"),
        ([tiny_seq2seq("t5"), "--task", "translation", "--set", "training.epochs=2", *test], "unknown key 'training'"),
        ([tiny_seq2seq("t5"), "--task", "translation", "--set", "task_options.beam=2", *test], "no option 'beam'"),
        ([tiny_seq2seq("t5"), *test], "is no bundle"),
    ):
        done = call("evaluate", *words)
        assert done.exit_code in (1, 2), done.stdout
        assert re.search(says, done.stderr), done.stderr
