import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_mlm", reason="run from the repository root")
from transformers import AutoConfig, AutoModelForMaskedLM  # noqa: E402


def test_it_learns_from_packed_rows(tiny_folder, sentences, tmp_path, monkeypatch):
    monkeypatch.setattr(peer, "LENGTH", 32)
    monkeypatch.setattr(peer, "RATE", 1e-2)
    source = tiny_folder("bert")
    for file in source.glob("*token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(source)).save_pretrained(tmp_path)
    texts = [text for rows in sentences.values() for text in rows]
    few, first = peer.run(str(tmp_path), texts, steps=2, tuned=False, seed=0)
    many, later = peer.run(str(tmp_path), texts, steps=30, tuned=False, seed=0)
    assert (len(few), len(many)) == (2, 30)
    assert later < first
    peer.run(str(tmp_path), texts, steps=4, tuned=False, seed=0, out=str(tmp_path / "out"), every=2)
    looks = sorted(path.name for path in (tmp_path / "out").glob("checkpoint-*/model.safetensors*"))
    assert looks == ["model.safetensors"] * 2
    assert (tmp_path / "out" / "checkpoint-4" / "tokenizer.json").is_file()
