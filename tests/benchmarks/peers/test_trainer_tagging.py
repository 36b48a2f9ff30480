import json
import shutil

import pytest

pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_tagging", reason="run from the repository root")
from benchmarks.peers.settings import Settings  # noqa: E402
from tests.corpus import SENTENCES  # noqa: E402

WORDS = [text.split() for text in SENTENCES["en"]]
TAGS = [["A" if word == "a" else "LONG" if len(word) > 4 else "SHORT" for word in row] for row in WORDS]


def test_every_word_has_the_tag_of_its_first_piece(tiny_folder):
    settings = Settings(learning_rate=5e-3, epochs=30, batch_size=5)
    answers, fitted = peer.run(str(tiny_folder("bert")), WORDS, TAGS, WORDS[::-1], seed=0, settings=settings)
    assert [len(row) for row in answers] == [len(row) for row in WORDS[::-1]]
    flat = [
        (said, right)
        for row, wanted in zip(answers, TAGS[::-1], strict=True)
        for said, right in zip(row, wanted, strict=True)
    ]
    assert sum(said == right for said, right in flat) > 0.95 * len(flat), "learned by heart"
    assert fitted.rows == len(WORDS)


def test_a_word_that_is_cut_off_has_the_first_tag(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder("bert"), tmp_path / "short")
    said = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, "model_max_length": 40}))
    settings = Settings(learning_rate=5e-3, epochs=20, batch_size=5)
    (answer,), _ = peer.run(str(folder), WORDS, TAGS, [["kettle"] * 100], seed=0, settings=settings)
    assert len(answer) == 100
    assert answer[0] == "LONG"
    assert set(answer[-60:]) == {"A"}
