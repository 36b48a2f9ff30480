"""The flow of pretraining on a tiny corpus: what it learns, what it writes, and going on where it was stopped."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import torch

from loanword.config import read_as
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.errors import ConfigError, LoanwordError, UsageError
from loanword.pretrain import pretrain
from loanword.pretrain_config import FreshSettings, ObjectiveSettings, PretrainRecipe, SamplingSettings
from loanword.training.trainer import train

NOUNS = {"en": ("goat", "kite", "soup"), "ru": ("коза", "змей", "суп")}
VERBS = {"en": ("sleeps", "waits", "sings"), "ru": ("спит", "ждёт", "поёт")}


def line(tag, draw):
    return " ".join(f"{draw.choice(NOUNS[tag])} {draw.choice(VERBS[tag])}" for _ in range(4))


@pytest.fixture
def files(tmp_path):
    """Documents of three sentences in two languages, and translations, from a fixed seed."""
    draw = random.Random(5)
    for tag in NOUNS:
        documents = [[line(tag, draw) for _ in range(3)] for _ in range(60)]
        text = "\n\n".join("\n".join(f"{one}." for one in document) for document in documents)
        (tmp_path / f"{tag}.txt").write_text(text, encoding="utf-8")
    rows = []
    for _ in range(40):
        picks = [(draw.randrange(3), draw.randrange(3)) for _ in range(3)]
        rows.append(
            {
                name: " ".join(f"{NOUNS[tag][n]} {VERBS[tag][v]}" for n, v in picks)
                for name, tag in (("text", "en"), ("translation", "ru"))
            }
        )
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "pairs.jsonl").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def recipe(files, tiny_folder):
    def make(kind="xlm-roberta", *, out="run", objectives=("mlm",), **training):
        values = {
            "model": str(tiny_folder(kind)),
            "out": str(files / out),
            "corpus": {
                "text": {tag: str(files / f"{tag}.txt") for tag in NOUNS},
                "parallel": {"en:ru": str(files / "pairs.jsonl")},
                "identify": False,
                "held_out": 0.1,
            },
            "objectives": {name: {"batch_size": 8} for name in objectives},
            "training": {"steps": 30, "learning_rate": 3e-3, "length": 40, "batch_size": 8, **training},
            "evaluation": {"points": 3, "rows": 8},
            "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
        }
        return PretrainRecipe.model_validate(values)

    return make


def test_it_learns_and_says_so_by_language(recipe, tiny_kinds):
    done = pretrain(recipe(tiny_kinds))
    points = done.report["held_out"]
    assert [point["step"] for point in points] == [0, 10, 20, 30]
    for tag in NOUNS:
        first, last = (point["languages"][tag]["nats"] for point in (points[0], points[-1]))
        assert last < first - 0.5
    assert [point["step"] for point in done.report["objectives"]] == [10, 20, 30]
    losses = [point["objectives"]["mlm"] for point in done.report["objectives"]]
    assert losses[-1] < losses[0]


def test_while_it_learns_the_tokenizer_is_put_away(recipe, monkeypatch):
    """Nothing that is done at every step, or at every look at held-out text, may ask it for something."""
    seen = []

    def watched(plan, *given, **more):
        done = train(plan, *given, **more)
        seen.append({"fast", "_backend"} & vars(plan.tokenizer).keys())
        return done

    monkeypatch.setattr("loanword.pretrain.train", watched)
    pretrain(recipe(objectives=("mlm", "nsp", "tlm", "ranking", "detection"), steps=20))
    assert seen == [set()]


def test_what_it_writes_is_what_transformers_loads(recipe, files, tiny_kinds, sentences):
    from transformers import AutoModelForMaskedLM

    done = pretrain(recipe(tiny_kinds, steps=5))
    again = load(str(files / "run" / "model"))
    for (name, value), (other, same) in zip(
        done.loaded.encoder.model.state_dict().items(), again.encoder.model.state_dict().items(), strict=True
    ):
        assert name == other
        assert torch.equal(value, same)
    head = masked_head(again.encoder)
    assert head.pretrained
    for (name, value), (_, same) in zip(
        done.model.head["masked"].named_parameters(), head.named_parameters(), strict=True
    ):
        assert torch.equal(value, same), name
    whole = AutoModelForMaskedLM.from_pretrained(files / "run" / "model")
    assert whole.get_output_embeddings().weight is whole.get_input_embeddings().weight
    assert json.loads((files / "run" / "report.json").read_text())["training"]["steps"] == 5
    again = read_as(PretrainRecipe, files / "run" / "recipe.toml")
    said = recipe(tiny_kinds, steps=5)
    assert (again.objectives, again.training, again.evaluation) == (said.objectives, said.training, said.evaluation)
    assert Path(again.corpus.text["en"]).samefile(said.corpus.text["en"])
    assert Path(again.out).samefile(said.out)


def test_all_objectives_in_one_run(recipe):
    names = ("mlm", "tlm", "ranking", "nsp", "alignment", "detection")
    done = pretrain(recipe(objectives=names, steps=90))
    first, *_, last = (point["objectives"] for point in done.report["objectives"])
    assert {*first} == {*names}
    for name in ("mlm", "tlm", "ranking"):
        assert last[name] < first[name]


@pytest.mark.parametrize(("kind", "rows"), [("t5", "full"), ("t5", "compact"), ("mbart", "full")])
def test_a_model_that_writes_learns_to_write_what_was_hidden(files, tiny_seq2seq, recipe, kind, rows):
    from transformers import AutoModelForSeq2SeqLM

    said = recipe(objectives=("denoising",), embeddings=rows)
    before = AutoModelForSeq2SeqLM.from_pretrained(tiny_seq2seq(kind))
    done = pretrain(said.model_copy(update={"model": str(tiny_seq2seq(kind))}))
    losses = [point["objectives"]["denoising"] for point in done.report["objectives"]]
    assert losses[-1] < losses[0]
    after = AutoModelForSeq2SeqLM.from_pretrained(files / "run" / "model")
    moved = {name for name, value in after.state_dict().items() if not torch.equal(value, before.state_dict()[name])}
    assert any("decoder" in name for name in moved)
    assert any("encoder" in name for name in moved)
    assert load(str(files / "run" / "model")).encoder.seq2seq is not None


@pytest.mark.parametrize("kind", ["bart", "encoder-decoder"])
def test_a_decoder_is_not_left_out(files, tiny_seq2seq, recipe, kind):
    """Hidden pieces are guessed by an encoder alone, and what that is saved with has no decoder."""
    said = recipe(objectives=("denoising", "mlm", "tlm", "detection"))
    with pytest.raises(ConfigError, match="brings a decoder, which guessing hidden pieces would leave out") as caught:
        pretrain(said.model_copy(update={"model": str(tiny_seq2seq(kind))}))
    assert len(caught.value.problems) == 3
    assert not (files / "run" / "corpus").exists()


def test_compact_rows_leave_the_others_alone(recipe, tiny_encoder):
    before = tiny_encoder("xlm-roberta").encoder.model.get_input_embeddings().weight.detach().clone()
    done = pretrain(recipe(embeddings="compact", steps=5))
    after = done.loaded.encoder.model.get_input_embeddings().weight
    moved = (after != before).any(1)
    assert 20 < int(moved.sum()) < len(moved) / 2
    assert done.report["training"]["embedding_rows_trained"] < len(before)


class StopError(Exception):
    """Somebody pulls the plug."""


class Watch:
    """Stops a run before step `at`."""

    def __init__(self, at):
        self.at = at

    def stage(self, name, *, total=0, detail=""): ...
    def advance(self, count): ...
    def say(self, text): ...
    def done(self): ...
    def hooks(self):
        return (self,)

    def before_update(self, state):
        if state.step == self.at:
            raise StopError

    def after_update(self, state): ...
    def on_evaluate(self, state, scores): ...


def test_stopped_it_goes_on_to_the_same_weights(recipe, files):
    """A run that is interrupted in the middle of a pass, and one that is not."""
    options = {"objectives": ("mlm", "ranking", "nsp", "detection"), "steps": 12, "checkpoint_steps": 1}
    whole = pretrain(recipe(out="whole", **options))
    with pytest.raises(StopError):
        pretrain(recipe(out="run", **options), progress=Watch(7))
    again = pretrain(recipe(out="run", **options))
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    assert again.report["held_out"] == whole.report["held_out"]
    assert again.report["objectives"] == whole.report["objectives"]
    assert again.report["corpus"] == whole.report["corpus"]
    assert again.report["corpus"]["documents"]["en"]["read"]["documents"] == 60
    assert not (files / "run" / "checkpoints").exists()


def test_another_recipe_does_not_go_on_where_one_was_stopped(recipe):
    options = {"steps": 8, "checkpoint_steps": 1}
    with pytest.raises(StopError):
        pretrain(recipe(**options), progress=Watch(4))
    said = recipe(**options)
    others = [
        recipe(objectives=("mlm", "nsp"), **options),
        said.model_copy(update={"sampling": SamplingSettings(alpha=(0.0, 1.0))}),
        said.model_copy(update={"objectives": {"mlm": ObjectiveSettings(batch_size=8, options={"unit": "word"})}}),
    ]
    for other in others:
        with pytest.raises(UsageError, match="is of a run with another recipe"):
            pretrain(other)
    assert pretrain(said).report["training"]["steps"] == 8


def test_minutes_are_the_same_steps_when_a_run_goes_on(recipe, files, monkeypatch):
    options = {"steps": None, "minutes": 0.011, "checkpoint_steps": 1}
    monkeypatch.setattr("loanword.training.budget.timed", lambda *_: 0.1)
    with pytest.raises(StopError):
        pretrain(recipe(**options), progress=Watch(3))
    monkeypatch.setattr("loanword.training.budget.timed", lambda *_: 0.05)  # The machine has more time now.
    assert pretrain(recipe(**options)).report["training"]["steps"] == 6
    assert not (files / "run" / "checkpoints").exists()
    assert pretrain(recipe(**options)).report["training"]["steps"] == 13  # That run is over.


def test_a_table_from_translations_is_the_same_when_a_run_goes_on(recipe, files):
    """Worked out anew, it may differ in its last digits: so the run goes on with the rows that it kept."""

    def said(out):
        return recipe(out=out, objectives=("ranking",), steps=6, checkpoint_steps=1).model_copy(
            update={"table": "latent"}
        )

    whole = pretrain(said("whole"))
    (files / "run" / "corpus").mkdir(parents=True)
    shutil.copy(files / "whole" / "corpus" / "rows.safetensors", files / "run" / "corpus")
    with pytest.raises(StopError):
        pretrain(said("run"), progress=Watch(3))
    again = pretrain(said("run"))
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    assert whole.report["training"]["table_seconds"] > 0


def test_files_of_somebody_else_stay(recipe, files):
    for inside in ("model", "corpus/text"):
        mine = files / inside.replace("/", "-") / inside / "thesis.txt"
        mine.parent.mkdir(parents=True)
        mine.write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match=r"choose another folder|give the run another folder"):
            pretrain(recipe(out=inside.replace("/", "-"), steps=1))
        assert mine.read_text(encoding="utf-8") == "mine"


def test_the_bundle_of_a_run_on_labels_stays(recipe, files):
    (files / "run" / "model").mkdir(parents=True)
    (files / "run" / "model" / "loanword.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="holds the bundle of an earlier run, which this one would replace"):
        pretrain(recipe(steps=1))


def test_rows_longer_than_the_model_reads_are_told(recipe, caplog):
    pretrain(recipe(steps=1, length=5000))
    assert "rows have 64 pieces, and no more: that is all that the model reads" in caplog.text


def test_ranking_has_something_to_tell_apart(recipe, files):
    first = (files / "pairs.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (files / "pairs.jsonl").write_text(f"{first}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="ranking tells a translation from others, and there is one in all"):
        pretrain(recipe(objectives=("ranking",)))


def test_an_objective_that_finds_nothing_says_what_it_wants(recipe, files):
    said = recipe(objectives=("mlm", "ranking", "tlm"))
    for update, problems in (
        ({"parallel": {}}, ("ranking learns from translations", "tlm learns from translations")),
        ({"text": {}}, ("mlm learns from text",)),
    ):
        with pytest.raises(ConfigError) as caught:
            pretrain(said.model_copy(update={"corpus": said.corpus.model_copy(update=update)}))
        assert len(caught.value.problems) == len(problems)
        assert all(problem in str(caught.value) for problem in problems)


def test_text_that_is_dropped_whole_is_told(recipe, files, caplog):
    said = recipe(steps=1)
    wrong = {"en": str(files / "ru.txt")}
    with pytest.raises(UsageError, match=r"en keeps 0 of 60 documents \(dropped: 60 in another script\)"):
        pretrain(said.model_copy(update={"corpus": said.corpus.model_copy(update={"text": wrong})}))
    both = {"ru": str(files / "ru.txt"), **wrong}
    pretrain(said.model_copy(update={"corpus": said.corpus.model_copy(update={"text": both})}))
    assert "nothing is learned from this language: en keeps 0 of 60" in caplog.text


def test_a_loss_that_is_no_number_ends_the_run_with_its_rows(recipe):
    with pytest.raises(LoanwordError, match=r"rows are mlm in (en|ru), row \d+"):
        pretrain(recipe(learning_rate=1e30))


def test_translations_of_text_that_is_laid_aside_are_left_out(recipe, files, caplog):
    documents = (files / "en.txt").read_text(encoding="utf-8").split("\n\n")
    rows = [{"text": one.split("\n")[1], "translation": f"суп спит {n}"} for n, one in enumerate(documents)]
    (files / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = recipe(objectives=("tlm",), steps=1)
    aside = pretrain(said).report["corpus"]["documents"]["en"]["held_out"]["documents"]
    assert aside > 2
    assert f"en:ru: {aside} of 60 translations are of text that is laid aside" in caplog.text
    with (files / "run" / "corpus" / "en-ru-0" / "shards.json").open(encoding="utf-8") as file:
        assert json.load(file)["train"]["en"]["documents"] == 60 - aside


def test_a_fresh_encoder_reads_what_it_learned_to_read(recipe, files, tiny_folder):
    said = recipe(steps=1)
    fresh = FreshSettings(tokenizer=str(tiny_folder("xlm-roberta")), size="1x32")
    pretrain(said.model_copy(update={"model": "fresh", "fresh": fresh}))
    made = files / "run" / "model"
    assert load(str(made)).tokenizer.max_length == 40
    source, saved = (
        json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        for folder in (tiny_folder("xlm-roberta"), made)
    )
    assert saved == source, "the tokenizer as it was, without what keeps control strings in texts apart"


def test_minutes_become_steps(recipe):
    done = pretrain(recipe(steps=None, minutes=0.01))
    assert done.report["training"]["steps"] >= 1


def test_what_is_averaged_is_what_is_saved(recipe, files):
    plain, mean = (pretrain(recipe(out=f"run-{share}", steps=8, average=share)) for share in (0, 1))
    one, other = (done.loaded.encoder.model.get_input_embeddings().weight for done in (plain, mean))
    assert not torch.equal(one, other)
    saved = load(str(files / "run-1" / "model")).encoder.model.get_input_embeddings().weight
    assert torch.equal(saved, other)


def test_an_objective_without_a_step_is_told(recipe, caplog):
    said = recipe(objectives=("mlm", "nsp"), steps=3)
    rare = {**said.objectives, "nsp": ObjectiveSettings(weight=0.01, batch_size=8)}
    done = pretrain(said.model_copy(update={"objectives": rare}))
    assert "nsp gets none of the 3 steps; give it more weight, or the run more steps" in caplog.text
    assert done.report["training"]["passes"]["nsp"] == 0


def test_text_of_which_no_piece_is_known_is_told_and_changes_nothing(recipe, files, caplog):
    draw = random.Random(3)
    lines = (" ".join("".join(draw.choices("ⴰⴱⴳⴷⵀⵡⵣ", k=4)) for _ in range(6)) for _ in range(80))
    (files / "zgh.txt").write_text("\n\n".join(lines), encoding="utf-8")
    said = recipe("bert", steps=2)
    text = {"zgh": str(files / "zgh.txt")}
    done = pretrain(said.model_copy(update={"corpus": said.corpus.model_copy(update={"text": text})}))
    assert "mlm learns nothing from zgh, of whose text the model knows no piece" in caplog.text
    assert done.report["training"]["steps"] == 2
    assert done.report["objectives"][-1]["objectives"]["mlm"] == 0


def test_a_fresh_encoder_pools_and_reads_as_it_is_told(recipe, files, tiny_folder):
    said = recipe(steps=1)
    fresh = FreshSettings(tokenizer=str(tiny_folder("xlm-roberta")), size="1x32")
    encoder = said.encoder.model_copy(update={"pooling": "cls", "prefix": "query: "})
    pretrain(said.model_copy(update={"model": "fresh", "fresh": fresh, "encoder": encoder}))
    loaded = load(str(files / "run" / "model"))
    assert (loaded.encoder.pooling, loaded.tokenizer.prefix) == ("cls", "query: ")


def test_the_recipe_that_is_written_finds_a_tokenizer_alone_from_anywhere(recipe, files, tiny_folder, monkeypatch):
    (files / "pieces").mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(tiny_folder("xlm-roberta")) / name, files / "pieces" / name)
    monkeypatch.chdir(files)
    fresh = FreshSettings(tokenizer="pieces", size="1x32")
    pretrain(recipe(steps=1).model_copy(update={"model": "fresh", "fresh": fresh}))
    assert read_as(PretrainRecipe, "run/recipe.toml").fresh.tokenizer.endswith("pieces")
    monkeypatch.chdir(files.parent)
    again = read_as(PretrainRecipe, str(files / "run" / "recipe.toml"))
    assert (Path(again.fresh.tokenizer) / "tokenizer.json").is_file()
