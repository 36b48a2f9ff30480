from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.encoders.fake_hub import serving

from loanword.encoders.load import PLAIN, load, positions
from loanword.errors import ModelError, UsageError

CLIENT = """
import json, sys
from loanword.encoders.load import load
from loanword.errors import LoanwordError
for name, options in json.loads(sys.argv[1]):
    try:
        loaded = load(name, **options)
        print(json.dumps([loaded.encoder.width, loaded.encoder.name, loaded.encoder.pooling]))
    except LoanwordError as error:
        print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def copy(tiny_folder, tmp_path):
    """A folder of one's own to damage."""
    return Path(shutil.copytree(tiny_folder("bert"), tmp_path / "model"))


def one_sentence(error: pytest.ExceptionInfo[BaseException]) -> str:
    message = str(error.value)
    assert len(message) < 400
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def test_a_local_folder_gives_the_model_that_transformers_loads(tiny_kinds, tiny_folder):
    from transformers import AutoModel

    loaded = load(str(tiny_folder(tiny_kinds)))

    stock = AutoModel.from_pretrained(tiny_folder(tiny_kinds)).state_dict()
    mine = loaded.encoder.model.state_dict()
    assert len(mine) >= 14
    assert all(torch.equal(value, stock[name]) for name, value in mine.items())
    assert {name for name in stock.keys() - mine.keys() if "pooler" not in name} == set()
    assert loaded.encoder.width == 32
    assert {parameter.dtype for parameter in loaded.encoder.parameters()} == {torch.float32}


def test_defaults_and_options(tiny_folder):
    folder = str(tiny_folder("bert"))
    assert (load(folder).tokenizer.prefix, load(folder).encoder.pooling) == ("", "mean")

    loaded = load(folder, prefix="query: ", pooling="cls", max_length=16)

    assert (loaded.tokenizer.prefix, loaded.encoder.pooling, loaded.tokenizer.max_length) == ("query: ", "cls", 16)


def test_the_models_positions_cap_the_length(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds, max_length=10_000)

    assert loaded.tokenizer.max_length == 64  # RoBERTa's family has 66 rows, of which two are never a position.
    assert positions(loaded.encoder.model) == 64


def test_a_model_that_does_not_say_its_positions(tiny_encoder):
    model = tiny_encoder("bert").encoder.model
    model.config.max_position_embeddings = -1

    assert positions(model) == 512


def test_the_folder_of_a_run_is_that_of_its_model(tiny_folder, tmp_path):
    made = tiny_folder("bert")
    (tmp_path / "model").symlink_to(made)
    assert load(str(tmp_path)).encoder.config.name_or_path == str(tmp_path / "model")
    shutil.copytree(made, tmp_path / "whole")
    (tmp_path / "whole" / "model").symlink_to(made)
    assert load(str(tmp_path / "whole")).encoder.config.name_or_path == str(tmp_path / "whole")


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all", "a/b/c"])
def test_a_missing_folder(name):
    with pytest.raises(UsageError, match="does not exist") as error:
        load(name)
    assert name in one_sentence(error)


def test_unknown_names(tiny_folder):
    with pytest.raises(UsageError, match="unknown bundled model 'bundled:e6'; known: bundled:e5-small"):
        load("bundled:e6")
    with pytest.raises(UsageError, match="unknown pooling 'sum'; known: mean, cls, max, mean_sqrt_len_tokens"):
        load(str(tiny_folder("bert")), pooling="sum")


def test_a_folder_without_configuration(copy):
    (copy / "config.json").unlink()

    with pytest.raises(ModelError, match=r"has no config.json"):
        load(str(copy))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"])
def test_weights_that_can_carry_code_are_refused_by_name(copy, name):
    (copy / "model.safetensors").rename(copy / name)

    with pytest.raises(ModelError, match=f"holds only {name}, which can carry code"):
        load(str(copy))


def test_a_folder_without_weights(copy):
    (copy / "model.safetensors").unlink()

    with pytest.raises(ModelError, match="holds no weights; expected"):
        load(str(copy))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b'{"model_type": "no-such-architecture"}'),
        ("config.json", b'{"model_type": "bert", "hidden_size": "wide"}'),
        ("model.safetensors", b""),
        ("model.safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00not a header at all"),
        ("tokenizer.json", b"{}"),
    ],
)
def test_a_damaged_folder_gives_one_sentence(copy, file, content):
    (copy / file).write_bytes(content)

    with pytest.raises(ModelError, match=r"cannot be loaded|has no fast tokenizer") as error:
        load(str(copy))
    assert str(copy) in one_sentence(error)


def test_code_that_comes_with_a_model_is_not_run(copy):
    (copy / "modeling_own.py").write_text("raise SystemExit('ran')")
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_own.Own", "AutoConfig": "modeling_own.OwnConfig"}
    (copy / "config.json").write_text(json.dumps(config))

    assert load(str(copy)).encoder.width == 32


def test_a_tokenizer_with_more_pieces_than_the_table_has_rows(copy):
    weights = load_file(copy / "model.safetensors")
    (name,) = [name for name in weights if name.endswith("word_embeddings.weight")]
    rows = len(weights[name]) - 1
    save_file({**weights, name: weights[name][:rows].contiguous()}, copy / "model.safetensors", {"format": "pt"})
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"vocab_size": rows}))

    with pytest.raises(ModelError, match=f"has {rows + 1} pieces but the model only {rows} embedding rows") as error:
        load(str(copy))
    one_sentence(error)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"module.{name}",
        lambda name: name if "layer.1." not in name else f"gone.{name}",
        lambda name: name if "word_embeddings" not in name else "foo",
    ],
)
def test_weights_that_are_not_there_are_not_made_up(copy, rename):
    weights = load_file(copy / "model.safetensors")
    save_file({rename(name): value for name, value in weights.items()}, copy / "model.safetensors", {"format": "pt"})

    with pytest.raises(ModelError, match=r"lacks \d+ of the weights of a BertModel, such as (emb|enc)") as error:
        load(str(copy))
    one_sentence(error)


def test_a_configuration_with_more_layers_than_weights(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 9}))

    with pytest.raises(ModelError, match=r"lacks \d+ of the weights of a BertModel, such as encoder.layer"):
        load(str(copy))


def test_a_folder_without_a_tokenizer(copy):
    for file in copy.glob("*token*"):
        file.unlink()

    with pytest.raises(ModelError, match=r"has no fast tokenizer|cannot be loaded"):
        load(str(copy))


def test_a_sequence_to_sequence_model_is_loaded_whole(tiny_seq2seq, seq2seq_kind):
    from transformers import AutoModelForSeq2SeqLM

    folder = tiny_seq2seq(seq2seq_kind)
    loaded = load(str(folder), max_length=30)

    stock = AutoModelForSeq2SeqLM.from_pretrained(folder).state_dict()
    mine = loaded.encoder.whole.state_dict()
    assert set(mine) == set(stock)
    assert len(mine) > 30
    assert all(torch.equal(value, stock[name]) for name, value in mine.items())
    assert loaded.encoder.width == 32
    assert (loaded.tokenizer.max_length, loaded.tokenizer.has_decoder) == (30, True)
    assert loaded.encoder.seq2seq.tokenizer is loaded.tokenizer
    inside = {id(parameter) for parameter in loaded.encoder.whole.get_encoder().parameters()}
    assert {id(parameter) for parameter in loaded.encoder.parameters()} == inside


def test_a_decoder_that_is_not_there_is_not_made_up(tiny_seq2seq, tmp_path):
    folder = Path(shutil.copytree(tiny_seq2seq("bart"), tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if ".decoder.layers.1." not in name}
    assert 10 < len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})

    with pytest.raises(ModelError, match=r"lacks \d+ of the weights of a BartForCond.*, such as model.dec"):
        load(str(folder))


def test_positions_that_are_computed_are_not_learned(tiny_seq2seq):
    whole = load(str(tiny_seq2seq("marian"))).encoder.whole
    still = {name for name, parameter in whole.named_parameters() if not parameter.requires_grad}
    assert still == {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"}


def test_a_model_that_hears_is_refused(tmp_path, fresh_tokenizer):
    from transformers import WhisperConfig, WhisperModel

    from loanword.encoders.quiet import quiet_transformers

    small = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ids = {"pad_token_id": 1, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 3}
    with quiet_transformers():
        WhisperModel(WhisperConfig(**small, **heads, **ids, vocab_size=50)).save_pretrained(tmp_path)
    fresh_tokenizer("bpe").save_pretrained(tmp_path)

    with pytest.raises(ModelError, match="a whisper model does not read text and write text") as error:
        load(str(tmp_path))
    one_sentence(error)


@pytest.mark.parametrize("name", ["FacebookAI/xlm-roberta-base", "somebody/nothing", "bert-base-cased"])
def test_a_hub_name_offline_gives_one_sentence(name):
    with pytest.raises(ModelError, match="neither a local folder nor in the cache") as error:
        load(name)
    assert "bundled:e5-small" in one_sentence(error)
    assert name in str(error.value)


def ask(address: str, *calls: tuple[str, dict[str, str]], home: Path) -> list[list[object]]:
    """Load models in a process that takes `address` for the Hub; a warning or any other output is an error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CLIENT, json.dumps(calls)],
        env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_hub_through_its_own_address(tiny_folder, tiny_seq2seq, copy, tmp_path):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    models = {"org/tiny": tiny_folder("xlm-roberta"), "org/pickled": copy, "org/marian": tiny_seq2seq("marian")}
    with serving(models) as (address, asked):
        found, whole, missing, pickled, revision, pinned, wrong = ask(
            address,
            ("org/tiny", {}),
            ("org/marian", {}),
            ("org/none", {}),
            ("org/pickled", {}),
            ("org/tiny", {"revision": "v9"}),
            ("org/tiny", {"revision": "main"}),
            ("not a name", {}),
            home=tmp_path,
        )

        assert found == pinned == [32, "org/tiny", "mean"]
        assert whole == [32, "org/marian", "mean"]
        assert any("model.safetensors" in line for line in asked)
        assert not any("pytorch_model.bin" in line for line in asked)
        assert missing[0] == "ModelError"
        assert "the Hub has no model 'org/none' that you may read" in missing[1]
        assert "holds only pytorch_model.bin, which can carry code" in pickled[1]
        assert "has no revision 'v9'" in revision[1]
        assert "the Hub has no model 'not a name'" in wrong[1]
        assert max(len(answer[1]) for answer in (missing, pickled, revision, wrong)) < 400

    # The Hub is gone now: what was fetched is still there, what was not is told in one sentence, without delay.
    cached, absent = ask(address, ("org/tiny", {}), ("org/other", {}), home=tmp_path)
    assert cached == [32, "org/tiny", "mean"]
    assert absent[0] == "ModelError"
    assert "the Hub cannot be reached" in absent[1]


def test_folders_of_sentence_transformers_on_a_hub(tiny_folder, tmp_path):
    """The encoder may lie in a folder of its own, and what was fetched is found again without a network."""
    for name, place in (("new", ""), ("old", "0_Transformer")):
        folder = tmp_path / name
        shutil.copytree(tiny_folder("bert"), folder / place)
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "cls"}))
        kinds = [(place, "Transformer"), ("1_Pooling", "Pooling")]
        modules = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds]
        (folder / "modules.json").write_text(json.dumps(modules))
    calls = [("org/new", {}), ("org/old", {}), ("org/old", {"pooling": "max"})]
    found = [[32, "org/new", "cls"], [32, "org/old", "cls"], [32, "org/old", "max"]]
    with serving({"org/new": tmp_path / "new", "org/old": tmp_path / "old"}) as (address, _):
        assert ask(address, *calls, home=tmp_path) == found
    assert ask(address, *calls, home=tmp_path) == found


@pytest.mark.parametrize("changes", [{}, {"tokenizer_class": "PreTrainedTokenizerFast"}, {"model_max_length": 20}])
def test_a_tokenizer_that_is_all_in_its_file_is_the_one_transformers_loads(
    tiny_kinds, tiny_folder, tmp_path, sentences, changes
):
    from transformers import AutoTokenizer

    folder = Path(shutil.copytree(tiny_folder(tiny_kinds), tmp_path / "model"))
    path = folder / "tokenizer_config.json"
    config = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(config), encoding="utf-8")
    texts = [line for lines in sentences.values() for line in lines]

    mine, stock = load(str(folder)).tokenizer, AutoTokenizer.from_pretrained(folder)

    assert config["tokenizer_class"] in PLAIN
    assert [item.ids for item in mine.encode(texts, languages=["en"] * len(texts))] == [
        stock(text, truncation=True, max_length=mine.max_length)["input_ids"] for text in texts
    ]
    for name in ("all_special_tokens", "all_special_ids", "model_max_length", "padding_side", "name_or_path", "vocab"):
        assert getattr(mine.fast, name) == getattr(stock, name), name


def test_a_tokenizer_with_more_to_it_is_left_to_transformers(copy):
    path = copy / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    piece = load(str(copy)).tokenizer.fast.convert_ids_to_tokens(40)
    added = {"content": piece, "special": True, "lstrip": False, "rstrip": False, "normalized": False}
    path.write_text(
        json.dumps({**config, "additional_special_tokens": [added | {"__type": "AddedToken"}]}), encoding="utf-8"
    )

    assert piece in load(str(copy)).tokenizer.fast.all_special_tokens


@pytest.mark.parametrize("more", [{"name_or_path": "elsewhere"}, {"tokenizer_file": "/gone/tokenizer.json"}])
def test_what_a_tokenizer_says_of_where_it_was_is_not_believed(tiny_folder, tmp_path, more):
    folder = shutil.copytree(tiny_folder("xlm-roberta"), tmp_path / "model")
    settings = folder / "tokenizer_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "tokenizer_class": PLAIN[0], **more}))
    assert len(load(str(folder)).tokenizer) == len(load(str(tiny_folder("xlm-roberta"))).tokenizer)


def test_control_pieces_that_stand_in_a_file_of_their_own_are_found(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder("xlm-roberta"), tmp_path / "model")
    settings = folder / "tokenizer_config.json"
    said = json.loads(settings.read_text())
    named = {name: said.pop(name) for name in list(said) if name.endswith("_token")}
    settings.write_text(json.dumps({**said, "tokenizer_class": PLAIN[0]}))
    (folder / "special_tokens_map.json").write_text(json.dumps(named))
    whole, apart = (load(str(place)).tokenizer for place in (tiny_folder("xlm-roberta"), folder))
    assert apart.pad_id == whole.pad_id
    assert set(apart.control_ids) == set(whole.control_ids)
