import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_writing", reason="run from the repository root")
from benchmarks.peers.settings import Settings  # noqa: E402
from tests.corpus import SENTENCES  # noqa: E402

from benchmarks.peers import trainer_fit  # noqa: E402

TAGS = ("ru", "hi", "ru", "hi")
TEXTS = [f"translate to {tag}: {text}" for tag, text in zip(TAGS, SENTENCES["en"], strict=False)]
TARGETS = [SENTENCES[tag][row] for row, tag in enumerate(TAGS)]

pytestmark = pytest.mark.filterwarnings("ignore:Version v4.12.0:FutureWarning")


@pytest.fixture
def seen(monkeypatch):
    """The rows that the Trainer is given, and the Trainer."""
    found = {}

    def fit(model, tokenizer, rows, collate, **named):
        trainer, fitted = trainer_fit.fit(model, tokenizer, rows, collate, **named)
        found.update(rows=rows, trainer=trainer)
        return trainer, fitted

    monkeypatch.setattr(peer, "fit", fit)
    return found


def test_what_is_written_comes_in_the_order_of_the_texts(tiny_folder, seen):
    settings = Settings(learning_rate=4e-3, epochs=70, batch_size=4, beams=2)
    written, fitted = peer.run(str(tiny_folder("bert")), TEXTS, TARGETS, TEXTS[::-1], seed=0, settings=settings)
    tokenizer, model = seen["trainer"].processing_class, seen["trainer"].model
    alone = [
        model.generate(
            input_ids=torch.tensor([row["input_ids"]]),
            max_length=peer.LONGEST,
            num_beams=2,
            decoder_start_token_id=tokenizer.cls_token_id,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.sep_token_id,
        )[0]
        for row in seen["rows"][::-1]
    ]
    assert written == [tokenizer.decode(codes, skip_special_tokens=True) for codes in alone]
    assert len(set(written) & set(TARGETS)) >= 2, "learned by heart"
    assert fitted.rows == 4
