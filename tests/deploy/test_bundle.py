"""The bundle: a Hugging Face repository that predicts as the trained model did, and gives nothing away."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import ClassVar

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import ModelCard
from tests.deploy.somewhere import PLACE, SECRETS, contents, train_somewhere
from tests.encoders.sentences import MACHINE, ours, stock, write

from loanword.config import EncoderSettings, build
from loanword.data.read import read
from loanword.data.records import Table
from loanword.deploy import bundle as module
from loanword.deploy import manifest
from loanword.deploy.bundle import Bundle
from loanword.errors import LoanwordError, ModelError, UsageError
from loanword.run import run
from loanword.strategies.regime import Lineage

TEXTS = ["pizza the kettle", "метро чайник", "水壶 taxi", "hotel", "ünknown wörds " * 3]


@pytest.fixture(scope="module")
def make(tiny_folder, toy_data, toy_recipe):
    def build(root, **options):
        return train_somewhere(root, tiny_folder=tiny_folder, toy_data=toy_data, toy_recipe=toy_recipe, **options)

    return build


@pytest.fixture(scope="module")
def made(make, tmp_path_factory):
    """One trained run and its folder; read only."""
    root = tmp_path_factory.mktemp("made")
    return make(root), root / PLACE / "out"


@pytest.fixture
def copy(made, tmp_path):
    """A copy of the bundle's folder, to be damaged."""
    return Path(shutil.copytree(made[1] / "model", tmp_path / "copy"))


def scores_of(predictions):
    return np.asarray([list(item.scores.values()) for item in predictions])


# --- predicting ------------------------------------------------------------------------------------------------


def test_loaded_predicts_as_trained(made):
    result, folder = made
    expected = result.bundle.predict(TEXTS)
    assert np.ptp(scores_of(expected)[:, 0]) > 0.01
    for place in (folder, folder / "model", str(folder)):
        found = Bundle.load(place, device="cpu", precision="fp32", threads=1).predict(TEXTS)
        assert [item.label for item in found] == [item.label for item in expected]
        np.testing.assert_allclose(scores_of(found), scores_of(expected), atol=1e-6)
    assert float(result.bundle.model.adjust.value) != 1.0


@pytest.mark.parametrize("kind", ["xlm", "xlm-roberta", "deberta-v2", "modernbert"])
def test_every_kind_of_encoder_comes_back(make, tmp_path, kind):
    result = make(tmp_path, kind=kind, training={"max_steps": 2})
    back = Bundle.load(tmp_path / PLACE / "out", device="cpu", precision="fp32", threads=1)
    for language in ("en", "zh"):
        np.testing.assert_allclose(
            scores_of(back.predict(TEXTS, language=language)),
            scores_of(result.bundle.predict(TEXTS, language=language)),
            atol=1e-6,
        )


def test_the_test_scores_come_back_out_of_the_bundle(made):
    result, folder = made
    back = Bundle.load(folder, device="cpu", precision="fp32", threads=1)
    for tag, scores in result.report.languages.items():
        table = read(folder.parent / f"test-{tag}.jsonl", language=tag)
        labels = [item.label for item in back.predict(table.text, language=tag)]
        right = np.mean([one == two for one, two in zip(labels, table.label, strict=True)])
        assert right == pytest.approx(scores.metrics["accuracy"].score)


def test_predictions_are_in_order_and_alone_as_together(made):
    bundle = made[0].bundle
    together = bundle.predict(TEXTS)
    alone = [bundle.predict([text])[0] for text in TEXTS]
    np.testing.assert_allclose(scores_of(together), scores_of(alone), atol=1e-5)
    for item in together:
        assert sum(item.scores.values()) == pytest.approx(1)
        assert item.score == item.scores[item.label] == max(item.scores.values())


def test_odd_calls(made):
    bundle = made[0].bundle
    assert bundle.predict([]) == []
    assert bundle.predict([], language=[]) == []
    assert len(bundle.predict([""])) == 1
    with pytest.raises(TypeError, match="texts is one string; give a list of texts"):
        bundle.predict("pizza")
    with pytest.raises(TypeError, match=r"texts\[1\] is of the type NoneType; every text must be a string"):
        bundle.predict(["a", None])
    with pytest.raises(UsageError, match="'qq' is not a language tag"):
        bundle.predict(["a"], language="qq")
    with pytest.raises(UsageError, match="there are 2 texts and 3 languages"):
        bundle.predict(["a", "b"], language=["en", "de", "fr"])
    with pytest.raises(UsageError, match="lone surrogate"):
        bundle.predict(["fine", "\ud800"])
    assert len(bundle.predict(["a", "b"], language=["EN", "zho_Hans"])) == 2


# --- what is in the folder -------------------------------------------------------------------------------------


def test_transformers_loads_it(made):
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    result, folder = made
    path = str(folder / "model")
    config = AutoConfig.from_pretrained(path)
    assert config.id2label == {0: "food", 1: "travel"}
    model, tokenizer = AutoModel.from_pretrained(path, add_pooling_layer=False), AutoTokenizer.from_pretrained(path)
    ours = result.bundle.model.encoder
    with torch.inference_mode():
        batch = tokenizer([TEXTS[0]], return_tensors="pt")
        theirs = model.eval()(**batch).last_hidden_state
        expected = ours.model(**batch).last_hidden_state
    torch.testing.assert_close(theirs, expected, rtol=0, atol=1e-6)
    assert batch["input_ids"][0].tolist() == result.bundle.tokenizer.encode([TEXTS[0]], languages=["en"])[0].ids


def test_the_card_is_one_of_the_hubs(made):
    data = ModelCard.load(made[1] / "model" / "README.md").data
    assert data.library_name == "loanword"
    assert {(item.dataset_config, item.metric_name) for item in data.eval_results} == {
        (tag, metric) for tag in ("en", "ru", "zh") for metric in ("accuracy", "macro-f1")
    }


def test_no_local_path_in_the_bundle(made):
    """The folder that everything came from is named nowhere, nor is any other absolute path of this machine."""
    found = contents(made[1] / "model")
    assert {"README.md", "report.json", "loanword.json", "config.json", "head.safetensors", "model.safetensors"} < set(
        found
    )
    for name, content in found.items():
        for trace in (PLACE, str(Path.home()) + "/", "/tmp/", str(Path.cwd()) + "/"):
            assert trace.encode() not in content, (name, trace)
    assert json.loads(found["loanword.json"])["model"] == "tiny"
    assert tomllib.loads(json.loads(found["report.json"])["recipe"])["data"]["train"] == {"en": "train-en.jsonl"}


def test_no_text_of_the_data_in_bundle_or_reports(made):
    found = contents(made[1])
    assert {"report.json", "report.md", "recipe.toml", "model/README.md"} <= set(found)
    for name, content in found.items():
        for word in SECRETS.values():
            assert word.encode() not in content, (name, word)


def test_texts_are_in_the_report_when_asked_for_and_never_in_the_bundle(make, tmp_path):
    make(tmp_path, evaluation={"examples": True, "resamples": 100}, training={"max_steps": 1, "start": "random"})
    found = contents(tmp_path / PLACE / "out")
    assert SECRETS["test"].encode() in found["report.json"]
    for name, content in found.items():
        if name.startswith("model/"):
            assert SECRETS["test"].encode() not in content, name


def test_the_runs_recipe_repeats_the_run(made):
    from loanword import config

    folder = made[1]
    recipe = config.read(folder / "recipe.toml")
    assert Path(recipe.data.train["en"]).resolve() == folder.parent / "train-en.jsonl"
    assert Path(recipe.model).resolve() == folder.parent / "tiny"
    assert recipe.out is None  # Repeating a run does not write over it.


# --- its vectors, and sentence-transformers --------------------------------------------------------------------


def dense():
    from sentence_transformers.base.modules import Dense

    return Dense(32, 16)


@pytest.mark.parametrize(
    ("task", "options", "prompt", "pooling"),
    [
        ("similarity", {}, "", "mean"),
        ("retrieval", {"reading": "search"}, "find: ", "cls"),
        ("classification", {}, "", "max"),
    ],
)
def test_sentence_transformers_makes_the_same_vectors(tiny_folder, sentences, tmp_path, task, options, prompt, pooling):
    """Trained from a folder of the library with a layer after the pooling, shipped, and loaded by the library."""
    prompts = {"query": "find: ", "document": "here: "}
    folder = write(tiny_folder("bert"), tmp_path / "st", pooling=pooling, after=(dense,), prompts=prompts)
    labels = ["a", "b"] * 5 if task == "classification" else [float(n % 4) for n in range(10)]
    pairs = [] if task == "classification" else list(sentences["ru"])
    tables = {
        part: {tag: Table(tag, list(sentences[tag]), label=labels, pair=pairs)}
        for part, tag in (("train", "en"), ("dev", "en"), ("test", "zh"))
    }
    values = {
        "task": task,
        "task_options": options,
        "model": str(folder),
        "out": str(tmp_path / "out"),
        "data": {part: dict.fromkeys(found, "memory") for part, found in tables.items()},
        "training": {"max_steps": 3, "learning_rate": 1e-3},
        "evaluation": {"resamples": 100},
        "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
    }
    bundle = run(build(values), tables=tables).bundle
    texts = [*sentences["ar"], " ".join(sentences["hi"]), "a"]
    before, found = ours(folder, texts, role=bundle.task.role), bundle.embed(texts)
    layer = bundle.model.encoder.projection[0].linear.weight
    assert not np.allclose(layer.detach().numpy(), stock(folder)[2].linear.weight.detach().numpy(), atol=1e-4)
    assert np.abs(found - before).max() > 1e-3

    library = stock(tmp_path / "out" / "model")
    np.testing.assert_allclose(found, library.encode(texts), atol=1e-6)
    np.testing.assert_allclose(found, library.encode(texts, prompt=prompt), atol=1e-6)
    np.testing.assert_allclose(bundle.embed(texts, role="query"), library.encode_query(texts), atol=1e-6)
    np.testing.assert_allclose(bundle.embed(texts, role="document"), library.encode_document(texts), atol=1e-6)
    assert library.max_seq_length == bundle.tokenizer.max_length == 24
    loaded = Bundle.load(tmp_path / "out", device="cpu", precision="fp32", threads=1)
    for role in (None, "", "query", "document"):
        np.testing.assert_allclose(loaded.embed(texts, role=role), bundle.embed(texts, role=role), atol=1e-6)


def test_vectors_have_length_one_and_go_by_language(make, tmp_path):
    bundle = make(tmp_path, kind="xlm", training={"max_steps": 1}).bundle
    found = bundle.embed(TEXTS, language=["en", "ru", "zh", "en", "en"])
    assert (found.shape, found.dtype) == ((5, 32), np.float32)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert np.abs(found - bundle.embed(TEXTS, language="ru")).max(1).argmin() == 1
    assert bundle.embed([]).shape == (0, 32)
    with pytest.raises(TypeError, match="texts is one string"):
        bundle.embed("pizza")
    # The library has no place for languages, so it is not told that it can load this one.
    assert not (tmp_path / PLACE / "out" / "model" / "modules.json").exists()


def test_the_manifest_vouches_for_every_module(made, copy):
    names = {"modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"}
    assert names < set(json.loads((copy / "manifest.json").read_text()))
    (copy / "1_Pooling" / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"1_Pooling/config.json was changed"):
        Bundle.load(copy)


def test_a_bundle_of_an_encoder_as_it_came(tiny_folder, sentences, tmp_path):
    settings = EncoderSettings(prefix="query: ")
    bundle = Bundle.untrained(tiny_folder("bert"), task="similarity", encoder=settings, hardware=MACHINE)
    one, two = list(sentences["en"]), list(sentences["ru"])
    cosines = [item.label for item in bundle.predict(one, pairs=two, language="en:ru")]
    left, right = bundle.embed(one, language="en"), bundle.embed(two, language="ru")
    np.testing.assert_allclose(cosines, (left * right).sum(1), atol=1e-6)
    assert repr(bundle).endswith(", without training)")
    bundle.save_pretrained(tmp_path / "kept")
    again = Bundle.load(tmp_path / "kept", device="cpu", precision="fp32", threads=1)
    np.testing.assert_allclose(again.embed(one), left, atol=1e-6)
    np.testing.assert_allclose(stock(tmp_path / "kept").encode(one), left, atol=1e-6)
    with pytest.raises(UsageError, match=r"classification on .* must be trained first"):
        Bundle.untrained(tiny_folder("bert"), task="classification")


def test_what_was_trained_before_is_told_of_a_model_that_is_measured(made, tiny_folder):
    assert Bundle.untrained(made[1], task="retrieval").lineage.trained_on == ("en",)
    assert Bundle.untrained(tiny_folder("bert"), task="retrieval").lineage == Lineage((), checkpoint="last")


# --- damage ----------------------------------------------------------------------------------------------------


def test_a_damaged_bundle_is_not_loaded(copy):
    for name in ("head.safetensors", "config.json", "tokenizer.json", "loanword.json"):
        before = (copy / name).read_bytes()
        (copy / name).write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(ModelError, match=rf"{name} was changed"):
            Bundle.load(copy)
        (copy / name).write_bytes(before)
    Bundle.load(copy, threads=1)
    (copy / "head.safetensors").unlink()
    with pytest.raises(ModelError, match=r"head.safetensors is missing"):
        Bundle.load(copy)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format_version": 2}, "has bundle format 2, this is loanword .* reads up to 1; upgrade loanword"),
        ({"max_length": "x"}, "max_length: Input should be a valid integer"),
        ({"prefix": 3}, "prefix: Input should be a valid string"),
        ({"task": "cooking"}, r"task and task_state do not .*unknown task 'cooking'; known: .*classification"),
        ({"task_state": {"labels": "ab"}}, r"task_state .*labels must be a list of different texts"),
        ({"task_state": {"labels": [1, 2]}}, r"task_state .*labels must be a list of different texts"),
        ({"task_state": {"labels": ["a", "b", "c"]}}, r"task_state do not make the model of head.safetensors"),
        ({"task_state": {"labels": ["a", "b"], "dropout": "x"}}, r"task_state do not make the model"),
        ({"task_state": {"labels": ["a", "b"], "colour": "red"}}, r"task_state do not make the model .*colour"),
    ],
)
def test_wrong_content_under_a_right_manifest(copy, change, says):
    info = {**json.loads((copy / "loanword.json").read_text()), **change}
    (copy / "loanword.json").write_text(json.dumps(info))
    manifest.write(copy)
    with pytest.raises(ModelError, match=says) as caught:
        Bundle.load(copy)
    assert str(caught.value).startswith(f"{copy / 'loanword.json'}")
    assert "\n" not in str(caught.value)


def test_a_bundle_from_before_lineages_loads(copy):
    info = json.loads((copy / "loanword.json").read_text())
    del info["lineage"]
    (copy / "loanword.json").write_text(
        json.dumps({**info, "sources": ["en"], "regime": "zero-shot: ...", "seed": None})
    )
    manifest.write(copy)
    found = Bundle.load(copy, threads=1)
    assert (found.lineage, found.seed) == (Lineage(sources=("en",)), 0)
    assert len(found.predict(TEXTS)) == len(TEXTS)


def test_what_is_no_bundle(tmp_path):
    with pytest.raises(ModelError, match=r"is no bundle: neither it nor .*/model holds loanword.json"):
        Bundle.load(tmp_path)
    for name in (tmp_path / "absent", "./a/b", "nothing"):
        with pytest.raises(ModelError, match="does not exist"):
            Bundle.load(name)


def test_a_hub_id_without_network_is_one_sentence():
    with pytest.raises(
        ModelError, match="bundle 'acme/absent' is neither a folder nor to be had from the Hub"
    ) as caught:
        Bundle.load("acme/absent")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 350


# --- saving ----------------------------------------------------------------------------------------------------


def test_saving_replaces_an_older_bundle_whole(made, tmp_path):
    target = tmp_path / "b"
    made[0].bundle.save_pretrained(target)
    (target / "left-over.bin").write_text("old")
    (target / "config.json").write_text("{}")
    made[0].bundle.save_pretrained(target)
    assert contents(target) == contents(made[1] / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("step", ["describe", "_documents"])
def test_a_failing_save_leaves_the_older_one(made, tmp_path, monkeypatch, step):
    target = tmp_path / "b"
    made[0].bundle.save_pretrained(target)
    before = contents(target)

    def fail(self):
        raise OSError("no space left on device")

    monkeypatch.setattr(Bundle, step, fail)
    with pytest.raises(LoanwordError, match=r"b cannot be saved: no space left on device \([\d,]+ MB are free there"):
        made[0].bundle.save_pretrained(target)
    assert contents(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    manifest.verify(target)


@pytest.mark.parametrize("trouble", [PermissionError("refused"), KeyboardInterrupt()])
def test_a_failing_exchange_puts_the_older_one_back(made, tmp_path, monkeypatch, trouble):
    target = tmp_path / "b"
    made[0].bundle.save_pretrained(target)
    before, rename = contents(target), Path.rename

    def refuse(self, to):
        if Path(to) == target and not self.name.endswith("-old"):
            raise trouble
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises((LoanwordError, KeyboardInterrupt)):
        made[0].bundle.save_pretrained(target)
    assert contents(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_an_interrupt_while_reports_are_written_leaves_the_earlier_run(made, tmp_path, monkeypatch):
    made[0].bundle.save(tmp_path / "run")
    before = contents(tmp_path / "run")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.reports, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made[0].bundle.save(tmp_path / "run")
    assert contents(tmp_path / "run") == before


def test_a_report_that_cannot_be_made_costs_no_model(made, tmp_path, monkeypatch):
    made[0].bundle.save(tmp_path / "run")

    def broken(*_, **__):
        raise RuntimeError("the renderer fell over")

    monkeypatch.setattr(module.reports, "write", broken)
    with pytest.raises(
        LoanwordError, match=r"the model is saved in .*run/model, .*RuntimeError: the renderer fell over"
    ):
        made[0].bundle.save(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"model", "recipe.toml"}
    manifest.verify(tmp_path / "run" / "model")


def test_a_loaded_bundle_takes_no_reports_away(made, tmp_path):
    made[0].bundle.save(tmp_path / "run")
    before = contents(tmp_path / "run")
    loaded = Bundle.load(tmp_path / "run", threads=1)
    with pytest.raises(UsageError, match="holds the reports of a run, and this bundle has none to put in their place"):
        loaded.save(tmp_path / "run")
    assert contents(tmp_path / "run") == before
    loaded.save_pretrained(tmp_path / "run" / "model")
    assert set(contents(tmp_path / "run")) == set(before)
    assert set(loaded.save(tmp_path / "new")) == {"model"}


def test_the_card_may_be_edited(copy):
    (copy / "README.md").write_text("# Mine\n", encoding="utf-8")
    assert Bundle.load(copy, threads=1).documents["README.md"] == "# Mine\n"


def test_others_may_read_what_this_user_lets_them(made, tmp_path):
    (tmp_path / "usual").touch()
    usual = (tmp_path / "usual").stat().st_mode
    assert usual & 0o044
    modes = {path.name: path.stat().st_mode for path in (made[1] / "model").rglob("*") if path.is_file()}
    assert {name for name, mode in modes.items() if mode != usual} == set()
    assert (made[1] / "model").stat().st_mode & 0o055


def test_it_says_what_it_is_in_one_line(made):
    assert repr(made[0].bundle) == "Bundle(classification from tiny, trained on en)"


def test_nothing_but_a_bundle_is_replaced(made, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.tex").write_text("years of work")
    for save in (made[0].bundle.save, lambda folder: made[0].bundle.save_pretrained(folder / "model")):
        with pytest.raises(UsageError, match="exists and is no bundle; choose another folder"):
            save(tmp_path)
    assert (tmp_path / "model" / "thesis.tex").read_text() == "years of work"
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="exists and is no bundle"):
        made[0].bundle.save_pretrained(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    made[0].bundle.save_pretrained(tmp_path / "empty")
    manifest.verify(tmp_path / "empty")


def test_a_home_folder_is_written_out(made, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert made[0].bundle.save("~/run")["model"] == tmp_path / "run" / "model"
    assert Bundle.load("~/run", threads=1).seed == 3
    made[0].bundle.save_pretrained("~/copy")
    assert (tmp_path / "copy" / "loanword.json").is_file()


def test_a_loaded_bundle_saves_as_it_was(made, tmp_path):
    Bundle.load(made[1], threads=1).save_pretrained(tmp_path / "again")
    one, two = contents(made[1] / "model"), contents(tmp_path / "again")
    assert set(one) == set(two)
    for name in ("README.md", "report.json", "loanword.json", "head.safetensors", "tokenizer.json"):
        assert one[name] == two[name], name


def test_saving_a_run_names_its_files(made):
    files = made[0].files
    assert {"model", "json", "md", "recipe"} <= set(files)
    assert all(Path(path).exists() for path in files.values())


# --- the Hub ---------------------------------------------------------------------------------------------------


class FakeHub:
    """What `push_to_hub` asks of the Hub."""

    calls: ClassVar[list] = []
    fails: ClassVar[Exception | None] = None

    def __init__(self, *, token=None):
        self.calls.append(("token", token))

    def create_repo(self, repo_id, *, private, exist_ok):
        if self.fails:
            raise self.fails
        self.calls.append(("create", repo_id, private, exist_ok))
        return f"https://hub.example/{repo_id}"

    def list_repo_files(self, repo_id, *, revision):
        return ["README.md", "vocab.txt", "old.safetensors", "notes/mine.json", ".gitattributes"]

    def upload_folder(self, *, repo_id, folder_path, revision, commit_message, delete_patterns):
        assert delete_patterns == ["vocab.txt", "old.safetensors"]
        self.calls.append(("upload", repo_id, revision, contents(Path(folder_path))))


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(FakeHub, "calls", [])
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeHub)
    return FakeHub


@pytest.mark.parametrize("loaded", [False, True])
def test_push_to_hub(made, hub, loaded):
    bundle = Bundle.load(made[1], threads=1) if loaded else made[0].bundle
    assert bundle.push_to_hub("me/mine", token="secret", revision="v1") == "https://hub.example/me/mine"
    (_, token), create, (_, repo, revision, files) = hub.calls
    assert (token, create, repo, revision) == ("secret", ("create", "me/mine", True, True), "me/mine", "v1")
    assert set(files) == set(contents(made[1] / "model"))
    assert b'loanword.load("me/mine")' in files["README.md"]
    assert module.HERE.encode() not in files["README.md"]
    assert not any(b"secret" in content for content in files.values())


def test_what_was_pushed_is_a_bundle(made, hub, tmp_path):
    made[0].bundle.push_to_hub("me/mine")
    for name, content in hub.calls[-1][-1].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = Bundle.load(tmp_path, device="cpu", precision="fp32", threads=1).predict(TEXTS)
    np.testing.assert_allclose(scores_of(found), scores_of(made[0].bundle.predict(TEXTS)), atol=1e-6)


def test_a_refusal_of_the_hub_is_one_sentence(made, hub, monkeypatch):
    monkeypatch.setattr(FakeHub, "fails", ConnectionError("401 Unauthorized\nlong story"))
    with pytest.raises(
        ModelError, match=r"cannot be uploaded to 'me/mine' .ConnectionError: 401 Unauthorized.; log in"
    ):
        made[0].bundle.push_to_hub("me/mine")


def test_push_without_network_is_one_sentence(made):
    with pytest.raises(ModelError, match="the bundle cannot be uploaded to 'me/mine'") as caught:
        made[0].bundle.push_to_hub("me/mine")
    assert "\n" not in str(caught.value)
