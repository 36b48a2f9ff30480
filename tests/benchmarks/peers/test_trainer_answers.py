import pytest

pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_answers", reason="run from the repository root")
from benchmarks.peers.settings import Settings  # noqa: E402
from tests.corpus import SENTENCES  # noqa: E402

from benchmarks.peers import trainer_fit  # noqa: E402

TEXT = ". ".join(SENTENCES["en"])
LAST = [sentence.split()[-1] for sentence in SENTENCES["en"]]
ASKED = [(f"which {word}", TEXT) for word in LAST]
PLACES = [(TEXT.index(f" {word}") + 1, TEXT.index(f" {word}") + 1 + len(word)) for word in LAST]
SETTINGS = Settings(learning_rate=3e-3, epochs=1, batch_size=5, padded=True)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """What the tiny encoder can read."""
    monkeypatch.setattr(peer, "LENGTH", 60)
    monkeypatch.setattr(peer, "STRIDE", 16)


@pytest.fixture
def seen(monkeypatch):
    """Rows that the Trainer is given, and its tokenizer."""
    found = {}

    def fit(model, tokenizer, rows, collate, **named):
        found.update(rows=rows, tokenizer=tokenizer)
        return trainer_fit.fit(model, tokenizer, rows, collate, **named)

    monkeypatch.setattr(peer, "fit", fit)
    return found


def test_a_window_is_taught_where_its_answer_is_and_the_first_piece_where_it_is_not(tiny_folder, seen):
    answers, fitted = peer.run(str(tiny_folder("bert")), ASKED, PLACES, ASKED[:3], seed=0, settings=SETTINGS)
    tokenizer, rows = seen["tokenizer"], seen["rows"]
    assert fitted.rows == len(rows) > len(ASKED), "long texts have several windows"
    taught = set()
    for row in rows:
        first, last = row["start_positions"], row["end_positions"]
        if last:
            taught.add("".join(tokenizer.decode(row["input_ids"][first : last + 1]).split()))
        else:
            assert first == 0
    assert taught == set(LAST)
    assert all(0 <= start <= end <= len(TEXT) for start, end in answers)


def test_answers_are_learned_by_heart_and_asked_in_any_order(tiny_folder):
    text = ". ".join(SENTENCES["en"][:2])
    asked = [(f"which {word}", text) for word in ("kettle", "ferry", "home")]
    places = [(text.index(question[6:]), text.index(question[6:]) + len(question[6:])) for question, _ in asked]
    settings = Settings(learning_rate=3e-3, epochs=150, batch_size=3)
    answers, _ = peer.run(str(tiny_folder("bert")), asked, places, asked[::-1], seed=0, settings=settings)
    assert [text[start:end].strip() for start, end in answers] == ["home", "ferry", "kettle"]


def test_only_where_time_is_measured_are_windows_padded(tiny_folder, seen):
    for quick in (True, False):
        settings = Settings(**{**SETTINGS.__dict__, "quick": quick, "steps": 1})
        peer.run(str(tiny_folder("bert")), ASKED[:5], PLACES[:5], [], seed=0, settings=settings)
        assert all(len(row["input_ids"]) == peer.LENGTH for row in seen["rows"]) != quick
