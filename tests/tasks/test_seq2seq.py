"""A model's own decoder against transformers itself: the same loss, the same pieces."""

import copy
import logging
import warnings
from dataclasses import replace

import pytest
import torch
from tests.corpus import SENTENCES

from loanword.batches.batch import collate
from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.encoders.decoder import NOTHING
from loanword.encoders.load import load
from loanword.encoders.quiet import quiet_transformers
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.strategies.regime import Lineage
from loanword.tasks import seq2seq as module
from loanword.tasks.aim import Answered
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tasks.seq2seq import Seq2SeqHead
from loanword.tasks.translation import Translation
from loanword.tasks.writing import Writing
from loanword.tokens.seq2seq import PythonTokenizer
from loanword.training.trainer import train

CODES = {"m2m100": "__ru__", "nllb": "rus_Cyrl", "mbart": "ru_RU", "mbart50": "ru_RU"}
CPU = Hardware(device="cpu", precision="fp32", threads=1)


def rows(into="ru", count=4):
    pairs = zip(SENTENCES["en"], SENTENCES[into], strict=True)
    return [Record(text, "en", pair=pair, pair_language=into) for text, pair in list(pairs)[:count]]


class Asked:
    """A model with the task on it, and a batch of rows."""

    def __init__(self, folder, records, **options):
        self.loaded = load(str(folder))
        self.task = Translation(**{"longest": 12, **options})
        self.task.fit(records, self.loaded.tokenizer)
        self.encoded = self.task.encode(records, self.loaded.tokenizer)
        self.batch = collate(self.encoded, pad_id=self.loaded.tokenizer.pad_id)
        self.targets = self.task.targets(self.encoded)
        self.head = self.task.head(self.loaded.encoder)
        self.model = Model(self.loaded.encoder, self.head).eval()

    @property
    def stock(self):
        return self.loaded.encoder.whole

    @property
    def batch_inputs(self):
        return {"input_ids": self.batch.ids, "attention_mask": self.batch.mask}

    def write(self, **how):
        self.head.how = replace(self.head.how, **how)
        with torch.inference_mode():
            return [[piece for piece in row if piece >= 0] for row in self.model(self.batch).tolist()]

    def generate(self, kind, **options):
        """What a user of transformers gets for the whole batch, without start, end and what comes after."""
        number = self.loaded.tokenizer.fast.convert_tokens_to_ids(CODES[kind]) if kind in CODES else None
        if number is not None:
            options["decoder_start_token_id" if kind == "mbart" else "forced_bos_token_id"] = number
        written = self.stock.generate(
            **self.batch_inputs,
            max_new_tokens=12 + (number is not None and kind != "mbart"),
            do_sample=False,
            **options,
        )
        end, found = self.stock.generation_config.eos_token_id, []
        for row in written[:, 1:].tolist():
            found.append(row[: row.index(end)] if end in row else row)
        return found


@pytest.fixture
def asked(tiny_seq2seq, seq2seq_kind):
    return Asked(tiny_seq2seq(seq2seq_kind), rows())


@pytest.mark.filterwarnings("ignore:Version v4.12.0 introduces:FutureWarning")
def test_the_loss_is_the_models_own(tiny_seq2seq, seq2seq_kind):
    asked = Asked(tiny_seq2seq(seq2seq_kind), rows(), longest=40)
    labels = asked.targets.masked_fill(asked.targets == NOTHING, -100)
    with torch.no_grad():
        expected = asked.stock(input_ids=asked.batch.ids, attention_mask=asked.batch.mask, labels=labels).loss
        found = asked.head.loss(asked.loaded.encoder(asked.batch), asked.targets)
    pieces = int((labels != -100).sum())
    assert pieces < labels.numel()  # Some rows are shorter than others.
    torch.testing.assert_close(found * len(labels) * asked.task.per_row / pieces, expected, atol=1e-5, rtol=1e-5)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("beams", [1, 4])
def test_what_is_written_is_what_the_model_writes(asked, seq2seq_kind, beams):
    found = asked.write(beams=beams, no_repeat=0)
    assert found == asked.generate(seq2seq_kind, num_beams=beams, no_repeat_ngram_size=0)
    assert any(found)
    assert all(len(row) <= 13 for row in found)


def test_the_ways_of_writing_reach_the_model(asked, seq2seq_kind):
    found = asked.write(beams=3, no_repeat=2, length_penalty=0.3)
    assert found == asked.generate(seq2seq_kind, num_beams=3, no_repeat_ngram_size=2, length_penalty=0.3)


@pytest.mark.parametrize("limit", [{"max_length": 512}, {"max_new_tokens": 9}])
def test_what_a_model_says_of_itself_gives_way_and_nothing_is_complained_of(tiny_seq2seq, caplog, monkeypatch, limit):
    folder = tiny_seq2seq("mbart50")
    plain = {beams: Asked(folder, rows()).write(beams=beams) for beams in (1, 3)}
    asked = Asked(folder, rows())
    german = asked.loaded.tokenizer.target_id("de")
    asked.stock.generation_config.update(
        **limit, num_beams=6, do_sample=True, temperature=0.3, top_k=7, top_p=0.5, length_penalty=2.0,
        no_repeat_ngram_size=1, forced_bos_token_id=german, return_dict_in_generate=True,
    )  # fmt: skip
    logger = logging.getLogger("transformers")  # It hands nothing on to the root, where caplog listens.
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    assert {beams: asked.write(beams=beams) for beams in (1, 3)} == plain
    assert caplog.records == []
    asked.stock.generate(**asked.batch_inputs, max_new_tokens=3, max_length=3, do_sample=False)
    assert len(caplog.records) > 0  # It is listened to.
    asked.stock.generation_config.update(min_length=12, bad_words_ids=[[row[1]] for row in plain[1]])
    fewest = asked.write(beams=1, longest=12)
    assert all(len(row) >= 11 for row in fewest)
    assert {row[1] for row in fewest}.isdisjoint(row[1] for row in plain[1])
    assert max(map(len, asked.write(beams=1, longest=4))) <= 5


def test_with_and_without_a_cache_it_is_the_same(asked):
    written = []
    for cache in (True, False):
        asked.stock.generation_config.use_cache = cache
        written.append(asked.write(beams=2))
    assert written[0] == written[1]


def test_each_row_is_written_in_its_own_language(tiny_seq2seq):
    for kind in ("nllb", "m2m100", "mbart", "mbart50", "marian-many"):
        both = Asked(tiny_seq2seq(kind), [*rows("ru", 2), *rows("zh", 2)], beams=3, no_repeat=0)
        alone = [Asked(tiny_seq2seq(kind), rows(tag, 2), beams=3, no_repeat=0) for tag in ("ru", "zh")]
        together = both.write()
        assert together == alone[0].write() + alone[1].write(), kind
        if kind in ("nllb", "m2m100", "mbart50"):
            ids = [both.loaded.tokenizer.target_id(tag) for tag in ("ru", "ru", "zh", "zh")]
            assert [row[0] for row in together] == ids
        differ = both.encoded[0].ids != both.encoded[2].ids if kind == "marian-many" else together[0] != together[2]
        assert differ  # The sentence is the same.


def test_a_language_of_ones_own_for_each_text_that_is_read(tiny_seq2seq):
    mixed = [
        Record(text, tag, pair="水壶", pair_language="zh") for text, tag in (("the kettle", "en"), ("чайник", "ru"))
    ]
    found = Asked(tiny_seq2seq("nllb"), mixed)
    codes = [item.ids[0] for item in found.encoded]
    assert codes == found.loaded.tokenizer.fast.convert_tokens_to_ids(["eng_Latn", "rus_Cyrl"])
    written = found.write()
    assert written == [Asked(tiny_seq2seq("nllb"), [one]).write()[0] for one in mixed]


def test_chance_is_drawn_from_a_seed_and_nothing_else(asked):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = asked.write(temperature=1.0, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert asked.write(temperature=1.0, seed=1) == first
    assert asked.write(temperature=1.0, seed=2) != first
    assert asked.write(temperature=1.0, top=1e-9, no_repeat=0) == asked.write(temperature=0.0, beams=1, no_repeat=0)


def test_pieces_are_drawn_as_often_as_they_are_likely(tiny_seq2seq):
    """The first piece of 4000 texts against the softmax over the model's own logits."""
    found = Asked(tiny_seq2seq("t5"), rows(count=1) * 4000, longest=1, no_repeat=0, temperature=1.5)
    with torch.inference_mode():
        drawn = found.model(found.batch)[:, 0]
        start = torch.tensor([[found.stock.config.decoder_start_token_id]])
        one = found.batch.ids[:1], found.batch.mask[:1]
        logits = found.stock(input_ids=one[0], attention_mask=one[1], decoder_input_ids=start).logits[0, 0]
    shares = (logits / 1.5).softmax(0)
    counts = torch.bincount(drawn.clamp(min=0), minlength=len(shares))
    end = found.stock.generation_config.eos_token_id
    counts[0] -= (drawn == NOTHING).sum()
    counts[end] += (drawn == NOTHING).sum()
    expected = shares * 4000
    large = expected > 20
    assert int(large.sum()) > 5
    deviation = (counts - expected)[large] / (expected * (1 - shares))[large].sqrt()
    assert deviation.abs().max() < 4.5


def test_threads_change_nothing(tiny_seq2seq):
    found = Asked(tiny_seq2seq("nllb"), [*rows("ru", 10), *rows("zh", 10)], beams=2)
    pad = found.loaded.tokenizer.pad_id
    one, two = (
        outputs(found.model, found.encoded, pad_id=pad, hardware=replace(CPU, threads=threads), micro_tokens=40).values
        for threads in (1, 2)
    )
    assert [row.tolist() for row in one] == [row.tolist() for row in two]


def test_logits_of_a_part_at_a_time_give_the_same_loss_and_gradient(asked, monkeypatch):
    found, calls = [], []
    real = Seq2SeqHead._sum
    monkeypatch.setattr(Seq2SeqHead, "_sum", lambda self, *parts: calls.append(len(parts[0])) or real(self, *parts))
    for limit in (2**28, 1):
        monkeypatch.setattr(module, "LOGITS", limit)
        asked.stock.zero_grad()
        loss = asked.head.loss(asked.loaded.encoder(asked.batch), asked.targets)
        loss.backward()
        found.append([loss.detach(), *(p.grad.clone() for p in asked.model.parameters() if p.grad is not None)])
    assert calls == [4] + [1] * 4 + [1] * 4  # Each part once, and again for its gradient.
    assert len(found[0]) == len(found[1]) > 20
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_in_training_the_head_hands_on_what_was_read(asked):
    output = asked.loaded.encoder(asked.batch)
    assert asked.head.train()(output) is output


def test_nothing_of_it_is_saved_as_a_heads(asked):
    assert asked.head.state_dict() == {}
    before = copy.deepcopy(asked.stock.state_dict())
    asked.head.load_state_dict({})
    assert all(torch.equal(value, before[name]) for name, value in asked.stock.state_dict().items())


def test_more_pieces_than_the_decoder_has_positions_for_are_refused(tiny_seq2seq):
    folder = tiny_seq2seq("marian")
    with pytest.raises(UsageError, match=r"longest is 62, but .* has positions for 64 pieces; choose at most 61"):
        Asked(folder, rows(), longest=62)
    found = Asked(folder, rows(), longest=61)
    found.stock.generation_config.bad_words_ids += [[found.stock.generation_config.eos_token_id]]
    assert max(map(len, found.write(beams=1, no_repeat=0))) >= 60
    assert Asked(tiny_seq2seq("t5"), rows(), longest=500).head.how == Writing(longest=500, no_repeat=3)


def test_training_learns_what_is_to_be_written(seq2seq_run, seq2seq_kind):
    precision = "bf16" if seq2seq_kind in ("marian", "t5") else "fp32"
    run, encoded = seq2seq_run(seq2seq_kind, max_steps=8, epochs=8, precision=precision)

    def loss():
        with torch.no_grad():
            batch = run.objective.prepare(encoded, None)
            return float(run.objective.loss(run.model.train(), batch))

    before = loss()
    trained = train(run, encoded)
    assert loss() < 0.85 * before
    assert trained.steps == 8


def test_a_text_has_the_probability_that_the_models_own_loss_gives_it(tiny_seq2seq, seq2seq_kind):
    """Oracle: transformers' loss of one row, a mean over its pieces."""
    asked = Asked(tiny_seq2seq(seq2seq_kind), rows(count=1))
    made = Bundle(asked.model, asked.loaded.tokenizer, asked.task, CPU, Lineage(sources=("en",)))
    record = Record(SENTENCES["en"][0], "en", pair_language="ru")
    encoded = asked.task.encode([record], asked.loaded.tokenizer)
    values = outputs(asked.model, encoded, pad_id=asked.loaded.tokenizer.pad_id, hardware=CPU).values
    (prediction,) = asked.task.decode(values, encoded, [record], asked.loaded.tokenizer)
    answered = Answered(record, encoded, values, prediction, asked.loaded.tokenizer)
    with torch.no_grad(), quiet_transformers():
        for label in ("", SENTENCES["ru"][0]):
            aim = asked.task.aim(answered, label=label)
            batch = collate(encoded, pad_id=asked.loaded.tokenizer.pad_id)
            found = float(aim.score(asked.model, asked.model.read(batch)))
            text = label or prediction.label
            (pieces,) = asked.loaded.tokenizer.written([text], languages=["ru"], longest=12)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                loss = asked.stock(**asked.batch_inputs, labels=torch.tensor([pieces])).loss
            assert found == pytest.approx(-float(loss) * len(pieces), abs=1e-3)
            assert (aim.label, aim.predicted) == (text, prediction.label)
    if isinstance(asked.loaded.tokenizer, PythonTokenizer):
        with pytest.raises(UsageError, match="tokenizers in Python alone cannot tell"):
            made.explain(record.text, language="en:ru")
        return
    (reading,) = made.explain(record.text, language="en:ru").readings
    assert reading.score == pytest.approx(float(aim_of(asked, answered, batch)), abs=1e-3)
    assert [word.text for word in reading.words] == record.text.split()
    assert sum(piece.rollout for piece in reading.pieces) == pytest.approx(1, abs=1e-3)


def aim_of(asked, answered, batch):
    with torch.no_grad():
        return asked.task.aim(answered).score(asked.model, asked.model.read(batch))
