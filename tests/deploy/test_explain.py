"""Explanations held against the same numbers worked out on transformers' stock models."""

import copy

import numpy as np
import pytest
import torch
from tests.corpus import SENTENCES, TOPICS, TOY_LANGUAGES
from tests.fresh import FIRST, LEARNED, SECOND, SECONDS, bundle
from torch import nn
from transformers import AutoModel, FNetConfig, FNetModel

from loanword.data.records import Record
from loanword.deploy.explain import DEPTH
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.run import run
from loanword.tasks.classification import Classification
from loanword.tasks.model import Model
from loanword.tasks.task import Task

WRITE = ("translation", "abstractive-summarization")
TEXT = "two goats followed 水壶 ठीक"


def stock(folder, made, text):
    """transformers' own model with its own attention; inputs as (vectors, everything else)."""
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    (item,) = made.task.encode([Record(text, "en")], made.tokenizer)
    ids = torch.tensor([item.ids])
    with torch.no_grad():
        vectors = model.get_input_embeddings()(ids)
    return model, ids, vectors


def pooled(states, how):
    return {"mean": states.mean(1), "cls": states[:, 0], "max": states.amax(1)}[how]


def odds(made, states, how, place):
    """Log-odds by numpy's softmax of the linear head's logits."""
    logits = pooled(states, how) @ made.model.head.linear.weight.T + made.model.head.linear.bias
    others = [n for n in range(logits.shape[1]) if n != place]
    return logits[:, place] - logits[:, others].exp().sum(1).log()


@pytest.mark.parametrize("how", ["mean", "cls", "max"])
def test_contributions_and_rollout_are_those_of_the_stock_model(tiny_encoder, tiny_folder, how):
    made = bundle(tiny_encoder, "bert", pooling=how)
    (found,) = made.explain(TEXT, language="en").readings
    model, ids, vectors = stock(tiny_folder("bert"), made, TEXT)
    place = made.task.labels.index(found.label)

    # integrated gradients: small steps along the path, special tokens as they are
    last = ids.shape[1] - 1
    kept = torch.tensor([place in (0, last) for place in range(last + 1)]).view(1, -1, 1)
    middles = (torch.arange(1000) + 0.5) / 1000
    points = torch.where(kept, vectors, vectors * middles.view(-1, 1, 1)).requires_grad_()
    states = model(inputs_embeds=points).last_hidden_state
    (gradient,) = torch.autograd.grad(odds(made, states, how, place).sum(), points)
    expected = (gradient.mean(0) * vectors[0].masked_fill(kept[0], 0)).sum(-1).detach().numpy()
    weight = np.abs(expected).sum()
    np.testing.assert_allclose([piece.contribution for piece in found.pieces], expected, atol=0.01 * weight)

    # rollout: brute force over transformers' attentions, for the states that the score depends on
    with torch.no_grad():
        told = model(input_ids=ids, output_attentions=True)
    flow = np.eye(ids.shape[1])
    for layer in told.attentions:
        flow = (layer[0].mean(0).numpy() / 2 + np.eye(ids.shape[1]) / 2) @ flow
    if how == "max":
        leaf = told.last_hidden_state.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(odds(made, leaf, how, place).sum(), leaf)
        weight = gradient[0].norm(dim=-1).numpy()
        row = weight / weight.sum() @ flow
    else:
        row = flow.mean(0) if how == "mean" else flow[0]
    np.testing.assert_allclose([piece.rollout for piece in found.pieces], row, atol=1e-5)
    assert sum(piece.rollout for piece in found.pieces) == pytest.approx(1)

    # the ends of the path
    with torch.no_grad():
        ends = [
            model(inputs_embeds=torch.where(kept, vectors, vectors * end)).last_hidden_state.detach() for end in (0, 1)
        ]
        baseline, score = (float(odds(made, states, how, place)) for states in ends)
    assert (found.sums[0].baseline, found.score) == pytest.approx((baseline, score), abs=1e-4)


def expect_sound(reading, record):
    """What must hold whatever the task and the encoder."""
    assert reading.texts[0] == record.text
    for word in reading.words:
        assert reading.texts[word.side][word.start : word.end] == word.text
        assert word.contribution == pytest.approx(sum(reading.pieces[n].contribution for n in word.pieces))
        assert all(reading.pieces[n].side == word.side for n in word.pieces)
    held = sorted(number for word in reading.words for number in word.pieces)
    assert held == [number for number, piece in enumerate(reading.pieces) if piece.side >= 0]
    assert all(piece.contribution == 0 for piece in reading.pieces if piece.side < 0)
    assert sum(piece.rollout for piece in reading.pieces) == pytest.approx(1, abs=1e-4)
    assert 0 < reading.elsewhere < 1
    for one in reading.sums:
        own = sum(piece.contribution for piece in reading.pieces if piece.side in one.sides)
        assert own == pytest.approx(one.words, abs=1e-4)
        assert one.baseline + own + one.gap == pytest.approx(reading.score, abs=1e-3)
        assert not one.rough
    assert sorted(side for one in reading.sums for side in one.sides) == list(range(len(reading.texts)))


@pytest.mark.parametrize("task", list(LEARNED))
def test_every_task_is_explained(tiny_encoder, task):
    made = bundle(tiny_encoder, "bert", task, **({"longest": 6} if task in WRITE else {}))
    languages = ["en:ru", "ru:ru"] if task in (*WRITE, "similarity", "retrieval") else ["en", "ru"]
    found = made.explain(FIRST, beside=SECOND, pair=SECONDS.get(task, ""), language=languages)
    assert (found.task, found.layers, found.pooling) == (task, 2, "mean")
    for reading, text in zip(found.readings, (FIRST, SECOND), strict=True):
        record = Record(text, "en", pair=SECONDS.get(task, ""))
        expect_sound(reading, record)
        assert reading.texts[1:] == ((record.pair,) if record.pair else ())
    (alignment,) = found.alignments
    assert (alignment.one, alignment.other, alignment.layer) == ((0, 0), (1, 0), 1)
    assert len(alignment.rows) == len([word for word in found.readings[0].words if word.side == 0])


def test_every_encoder_is_explained(tiny_encoder, tiny_kinds):
    made = bundle(tiny_encoder, tiny_kinds)
    found = made.explain(FIRST, beside=[SECOND, TEXT], language=["en", "ru", "zh"])
    for reading, text in zip(found.readings, (FIRST, SECOND, TEXT), strict=True):
        expect_sound(reading, Record(text, "en"))
    assert len({reading.label for reading in found.readings}) == 1
    assert {(one.one, one.other) for one in found.alignments} == {((0, 0), (1, 0)), ((0, 0), (2, 0))}


def test_languages_matter_to_encoders_with_language_ids(tiny_encoder):
    made = bundle(tiny_encoder, "xlm")
    scores = {tag: made.explain(FIRST, language=tag, label="bees").readings[0].score for tag in ("en", "ru")}
    assert abs(scores["en"] - scores["ru"]) > 1e-3


@pytest.fixture(scope="module")
def trained(toy_recipe, toy_data):
    """A model whose two topics hang on one loanword in each text, trained in three languages."""
    data = {split: {tag: str(path) for tag, path in toy_data[split].items()} for split in ("train", "dev", "test")}
    return run(toy_recipe("xlm-roberta", data=data, training={"epochs": 12, "learning_rate": 1e-3})).bundle


def test_the_word_that_decides_weighs_most(trained):
    """A label that hangs on one word: in sentences that were not trained on, that word leads wherever it is right."""
    right, leads = 0, []
    for language in TOY_LANGUAGES:
        for topic, words in TOPICS.items():
            for word in words:
                (found,) = trained.explain(f"{SENTENCES[language][8]} {word}", language=language).readings
                if found.label == topic:
                    right += 1
                    first = max(found.words, key=lambda one: one.contribution)
                    leads.append((first.text, word))
    assert right >= 20
    assert [pair for pair in leads if pair[0] != pair[1]] == []


def test_a_model_that_learned_nothing_shows_it(trained):
    """Weights drawn at random lose it: contributions are of this model, not of the text alone (Adebayo et al. 2018)."""
    blind = copy.deepcopy(trained)
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in blind.model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(parameter.flatten()[torch.randperm(parameter.numel())].view_as(parameter))
    found = 0
    for word in TOPICS["food"]:
        (one,) = blind.explain(f"{SENTENCES['en'][8]} {word}", label="food").readings
        found += max(one.words, key=lambda word: word.contribution).text == word
    assert found < 4


def test_the_label_of_the_first_is_explained_in_all(trained):
    found = trained.explain("pizza", beside="taxi")
    assert [(one.label, one.predicted) for one in found.readings] == [("food", "food"), ("food", "travel")]
    assert found.readings[1].score < 0 < found.readings[0].score
    other = trained.explain("pizza", beside="taxi", label="travel")
    assert [one.score for one in other.readings] == pytest.approx([-one.score for one in found.readings], abs=1e-4)
    assert found.same


def test_answers_are_explained_each_for_its_own(tiny_encoder):
    made = bundle(tiny_encoder, "bert", "answers")
    found = made.explain(FIRST, pair="where", beside=SECOND)
    assert [one.label for one in found.readings] == [one.predicted for one in found.readings]
    assert not found.same


def test_a_text_beside_itself_corresponds_word_for_word(tiny_encoder):
    """Oracle for the states: transformers' hidden states after the layer that is named."""
    made = bundle(tiny_encoder, "bert")
    found = made.explain(FIRST, beside=FIRST)
    (one,) = found.alignments
    assert one.pairs == tuple((number, number) for number in range(7))
    assert np.allclose(np.diag(one.similarity), 1)
    assert found.readings[0].words == found.readings[1].words
    assert one.layer == max(1, round(DEPTH * 2))


def test_similarity_is_the_cosine_of_the_words_states(tiny_encoder, tiny_folder):
    made = bundle(tiny_encoder, "bert")
    found = made.explain(FIRST, beside=TEXT)
    (one,) = found.alignments
    vectors = []
    for reading, text in zip(found.readings, (FIRST, TEXT), strict=True):
        model, ids, _ = stock(tiny_folder("bert"), made, text)
        with torch.no_grad():
            states = model(input_ids=ids, output_hidden_states=True).hidden_states[one.layer][0].numpy()
        vectors.append([states[list(word.pieces)].mean(0) for word in reading.words])
    expected = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in vectors[1]] for a in vectors[0]]
    np.testing.assert_allclose(np.array(one.similarity), np.array(expected), atol=1e-5)
    near = np.array(expected)
    assert set(one.pairs) == {
        (row, column)
        for row in range(near.shape[0])
        for column in range(near.shape[1])
        if near[row, column] == near[row].max() == near[:, column].max()
    }


def test_two_texts_of_one_reading_correspond_where_nothing_is_beside(tiny_encoder):
    made = bundle(tiny_encoder, "bert", "similarity")
    (one,) = made.explain(FIRST, pair=FIRST).alignments
    assert (one.one, one.other) == ((0, 0), (0, 1))
    assert one.pairs == tuple((number, number + 7) for number in range(7))


def test_of_two_texts_read_apart_each_is_explained_with_the_other_as_it_is(tiny_encoder):
    made = bundle(tiny_encoder, "bert", "similarity")
    (one,) = made.explain(FIRST, pair=SECOND).readings
    assert [part.sides for part in one.sums] == [(0,), (1,)]
    (turned,) = made.explain(SECOND, pair=FIRST).readings
    assert [part.baseline for part in turned.sums[::-1]] == pytest.approx(
        [part.baseline for part in one.sums], abs=1e-5
    )


def test_nothing_of_the_model_changes(tiny_encoder):
    made = bundle(tiny_encoder, "bert", hardware=Hardware(device="cpu", precision="bf16", threads=1))
    before = made.predict([FIRST, SECOND])
    made.model.train()
    modes = [part.training for part in made.model.modules()]
    with torch.inference_mode():
        first = made.explain(FIRST)
    assert [part.training for part in made.model.modules()] == modes
    assert made.predict([FIRST, SECOND]) == before
    assert made.explain(FIRST) == first
    assert all(parameter.grad is None for parameter in made.model.parameters())


def test_where_the_encoder_came_from_is_not_told(tiny_encoder, tiny_folder):
    made = bundle(tiny_encoder, "bert")
    assert made.model.encoder.name == str(tiny_folder("bert"))
    assert made.explain("bees").model == tiny_folder("bert").name


def test_the_prefix_stands_for_no_word(tiny_encoder):
    made = bundle(tiny_encoder, "bert", prefix="query: ")
    (found,) = made.explain(FIRST).readings
    assert [word.text for word in found.words] == FIRST.split()
    assert len([piece for piece in found.pieces if piece.side < 0]) > 2


def test_what_is_not_read_is_in_words_without_pieces(tiny_encoder):
    made = bundle(tiny_encoder, "bert", max_length=8)
    (found,) = made.explain(FIRST).readings
    read = [word for word in found.words if word.pieces]
    assert 0 < len(read) < len(found.words)
    assert found.words[: len(read)] == tuple(read)
    assert all(word.contribution == 0 for word in found.words[len(read) :])


def test_a_blank_text_has_no_words(tiny_encoder):
    (found,) = bundle(tiny_encoder, "bert").explain("  ").readings
    assert found.words == ()
    assert not found.sums[0].rough


def test_a_model_without_attention_has_no_rollout(fresh_tokenizer, tiny_encoder):
    made = bundle(tiny_encoder, "bert")
    config = FNetConfig(
        vocab_size=len(made.tokenizer), hidden_size=32, num_hidden_layers=2, intermediate_size=64, type_vocab_size=2
    )
    torch.manual_seed(0)
    encoder = Encoder(FNetModel(config), name="fnet")
    made.model = Model(encoder, made.task.head(encoder)).eval()
    (found,) = made.explain(FIRST).readings
    assert {piece.rollout for piece in found.pieces} == {word.rollout for word in found.words} == {None}
    assert found.elsewhere is None
    assert any(word.contribution for word in found.words)


def test_what_cannot_be_explained_says_so(tiny_encoder):
    made = bundle(tiny_encoder, "bert")
    for wrong, says in (
        ({"pair": "x"}, "classification is about single texts"),
        ({"label": "x"}, "has no label 'x'"),
        ({"word": "x"}, "has no word to choose"),
        ({"beside": ["a", "b"], "word": ["", ""]}, "3 texts and 2 words; give one for all, or one for each"),
        ({"beside": "a", "language": ["en"]}, "2 texts and 1 languages"),
    ):
        with pytest.raises(UsageError, match=says):
            made.explain(FIRST, **wrong)
    with pytest.raises(UsageError, match="similarity is about two texts; text number 1 has no second one"):
        bundle(tiny_encoder, "bert", "similarity").explain(FIRST)
    with pytest.raises(UsageError, match="give a second text"):
        bundle(tiny_encoder, "bert", "retrieval").explain(FIRST)


def test_a_task_of_somebody_elses_is_explained_if_it_says_what_and_where(tiny_encoder, monkeypatch):
    made = bundle(tiny_encoder, "bert")
    encode = Classification.encode
    with monkeypatch.context() as patch:
        patch.setattr(Classification, "aim", Task.aim)
        with pytest.raises(UsageError, match="Classification cannot be explained"):
            made.explain(FIRST)

    def own(self, records, tokenizer):
        found = encode(self, records, tokenizer)
        for item in found:
            item.places = None
        return found

    monkeypatch.setattr(Classification, "encode", own)
    with pytest.raises(UsageError, match=r"must fill `Encoded.places`"):
        made.explain(FIRST)


def test_the_second_head_layer_is_explained_too(tiny_encoder):
    made = bundle(tiny_encoder, "bert", head="mlp")
    assert isinstance(made.model.head.dense[0], nn.Linear)
    (found,) = made.explain(FIRST).readings
    expect_sound(found, Record(FIRST, "en"))
