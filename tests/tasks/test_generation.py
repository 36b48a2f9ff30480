import json

import pytest
import torch

from loanword.data.records import Record
from loanword.encoders.decoder import NOTHING
from loanword.encoders.encoder import EncoderOutput
from loanword.errors import MissingExtra, ModelError
from loanword.tasks.generation import WritingHead
from loanword.tasks.seq2seq import Seq2SeqHead
from loanword.tasks.translation import Translation
from loanword.tokens.tokenizer import Tokenizer

ROWS = [
    Record("the kettle is still warm", "en", pair="чайник ещё тёплый", pair_language="ru"),
    Record("nobody counted the chairs", "en", pair="никто не пересчитал стулья", pair_language="ru"),
    Record("the kettle", "en", pair="水壶", pair_language="zh"),
]


@pytest.fixture
def tokenizer(fresh_tokenizer):
    return Tokenizer(fresh_tokenizer("unigram"), max_length=32)


def fitted(tokenizer, **options):
    task = Translation(least=1, **options)
    task.fit(ROWS, tokenizer)
    return task


def test_the_vocabulary_is_what_was_to_be_written_by_language(tokenizer):
    task = fitted(tokenizer)
    assert set(task.vocabulary) == {"ru", "zh", "und"}
    pieces = {tag: set(ids) for tag, ids in task.vocabulary.items()}
    assert pieces["zh"] == set(tokenizer.plain(["水壶"])[0].ids)
    assert pieces["ru"] >= set(tokenizer.plain(["чайник"])[0].ids)
    assert all(not tokenizer.text([piece]).strip().isalpha() for piece in pieces["und"])
    lengths = [len(tokenizer.plain([record.pair])[0].ids) + 1 for record in ROWS]
    assert task.per_row == pytest.approx(sum(lengths) / 3)


def test_rare_pieces_are_left_to_copying(tokenizer):
    task = Translation(least=2)
    task.fit([*ROWS, *ROWS[:1]], tokenizer)
    assert not task.vocabulary["zh"] or set(task.vocabulary["zh"]) <= set(task.vocabulary["ru"])


def test_targets_and_languages(tokenizer):
    task = fitted(tokenizer, longest=4)
    encoded = task.encode(ROWS, tokenizer)
    assert [item.into for item in encoded] == ["ru", "ru", "zh"]
    whole = [tokenizer.plain([record.pair])[0].ids[:4] for record in ROWS]
    assert [item.target for item in encoded] == whole
    targets = task.targets(encoded)
    assert targets.tolist()[2] == [*whole[2], *[NOTHING] * (targets.shape[1] - len(whole[2]))]
    (bare,) = task.encode([Record("a", "en", pair_language="zh")], tokenizer)
    assert (bare.target, bare.into) == (None, "zh")


def test_in_training_the_head_hands_on_what_it_read(tokenizer, tiny_encoder):
    loaded = tiny_encoder("xlm-roberta")
    task = Translation(least=1, dropout=0.0)
    task.fit(ROWS, loaded.tokenizer)
    head = task.head(loaded.encoder)
    assert isinstance(head, WritingHead)
    output = EncoderOutput(
        hidden=torch.randn(2, 4, 32),
        mask=torch.ones(2, 4, dtype=torch.long),
        pooled=torch.randn(2, 32),
        ids=torch.full((2, 4), 7),
        into=("ru", "zh"),
    )
    assert head.train()(output) is output
    written = head.eval()(output)
    assert written.shape[0] == 2
    assert not written.is_floating_point()
    targets = torch.tensor([[7, 7], [7, NOTHING]])
    losses = head.decoder.loss(output, targets)
    torch.testing.assert_close(head.loss(output, targets), losses.sum() / (2 * task.per_row))


def test_a_copy_of_a_few_sentences_is_learned(tokenizer, tiny_encoder):
    """Shown the same three rows again and again, the decoder writes what it was shown."""
    loaded = tiny_encoder("xlm-roberta")
    task = Translation(least=1, layers=1, dropout=0.0, longest=24)
    task.fit(ROWS, loaded.tokenizer)
    encoded = task.encode(ROWS, loaded.tokenizer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = task.head(loaded.encoder).train()
        from loanword.batches.batch import collate

        batch = collate(encoded, pad_id=loaded.tokenizer.pad_id)
        with torch.no_grad():
            output = loaded.encoder.eval()(batch)
        optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
        for _ in range(150):
            optimizer.zero_grad()
            head.loss(head(output), task.targets(encoded)).backward()
            optimizer.step()
        with torch.inference_mode():
            written = head.eval()(output).numpy()
    found = task.decode(list(written), encoded, ROWS, loaded.tokenizer)
    wanted = [loaded.tokenizer.text(item.target).strip() for item in encoded]
    assert [item.label for item in found] == wanted


def test_without_a_tokenizer_or_anything_to_write_it_says_so(tokenizer, tiny_encoder):
    with pytest.raises(ModelError, match="give one"):
        Translation().fit(ROWS)
    task = Translation()
    task.fit([Record("a", "en")], tokenizer)
    with pytest.raises(ModelError, match="have no second text"):
        task.head(tiny_encoder("bert").encoder)


def test_what_measuring_needs_is_asked_for_before_training(tokenizer, monkeypatch):
    monkeypatch.setattr("loanword.language.outputs.find_spec", lambda package: None)
    with pytest.raises(MissingExtra, match=r"sacrebleu and py3langid.*pip install 'loanword\[generation\]'"):
        Translation().fit(ROWS, tokenizer)


def test_the_state_makes_it_again(tokenizer):
    task = fitted(tokenizer, beams=2, no_repeat=0, longest=9)
    again = Translation.from_state(json.loads(json.dumps(task.state())))
    assert again.state() == task.state()
    assert again.how == task.how


def test_the_breakdown_says_language_and_length(tokenizer):
    task = fitted(tokenizer)
    predictions = [
        type("P", (), {"label": text})() for text in ("чайник ещё тёплый и хороший", "nobody counted the chairs")
    ]
    found = task.breakdown(predictions, ROWS[:2])
    assert found["right-language"] == 0.5
    assert found["right-language-of-the-references"] == 1
    assert found["length-to-that-of-the-references"] == pytest.approx(53 / 43, abs=0.05)


def test_a_model_with_a_decoder_of_its_own_needs_no_vocabulary(tiny_seq2seq):
    from loanword.encoders.load import load

    loaded = load(str(tiny_seq2seq("nllb")))
    task = fitted(loaded.tokenizer, longest=20)
    assert task.vocabulary == {}
    encoded = task.encode(ROWS, loaded.tokenizer)
    assert [item.target for item in encoded] == loaded.tokenizer.written(
        [row.pair for row in ROWS], languages=["ru", "ru", "zh"], longest=20
    )
    assert task.per_row == sum(len(item.target) + 1 for item in encoded) / 3
    assert isinstance(task.head(loaded.encoder), Seq2SeqHead)
