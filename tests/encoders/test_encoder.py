from __future__ import annotations

import pytest
import torch
from tests.tiny import TOKENIZER_OF, tiny_config
from transformers import ConvBertConfig, ConvBertModel, MPNetConfig, MPNetModel

from loanword.batches.batch import collate
from loanword.encoders.encoder import Encoder
from loanword.encoders.frozen import Frozen
from loanword.encoders.pooling import POOLINGS, Dense, Normalize, pool
from loanword.errors import ModelError
from loanword.tasks.model import Model
from loanword.training.optimizer import freeze, train_mode


@pytest.fixture
def rows(sentences):
    """Texts of very different lengths, in six languages."""
    return [(language, text) for language, lines in sentences.items() for text in (lines[0], " ".join(lines[:2]), "a")]


def encode(loaded, rows):
    return loaded.tokenizer.encode([text for _, text in rows], languages=[language for language, _ in rows])


@pytest.mark.parametrize("how", POOLINGS)
def test_a_row_does_not_depend_on_what_it_is_batched_with(tiny_kinds, tiny_encoder, rows, how):
    loaded = tiny_encoder(tiny_kinds, pooling=how)
    encoder = loaded.encoder.eval()
    encoded = encode(loaded, rows)
    assert len({len(item) for item in encoded}) > 5

    with torch.inference_mode():
        together = encoder(collate(encoded, pad_id=loaded.tokenizer.pad_id))
        alone = [encoder(collate([item], pad_id=loaded.tokenizer.pad_id)) for item in encoded]

    for row, single in enumerate(alone):
        length = len(encoded[row])
        torch.testing.assert_close(together.pooled[row], single.pooled[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(together.hidden[row, :length], single.hidden[0], atol=1e-5, rtol=0)
    assert together.pooled.std(0).mean() > 0.01  # The rows do differ.


def test_hidden_states_are_those_of_the_stock_model(tiny_kinds, tiny_folder, tiny_encoder, rows):
    from transformers import AutoModel, AutoTokenizer

    loaded = tiny_encoder(tiny_kinds)
    rows = [(language, text) for language, text in rows if language == "ru"]
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder(tiny_kinds))
    model = AutoModel.from_pretrained(tiny_folder(tiny_kinds)).eval()
    stock = tokenizer([text for _, text in rows], return_tensors="pt", padding=True, return_token_type_ids=False)
    if tiny_kinds == "xlm":
        stock["langs"] = torch.full_like(stock["input_ids"], model.config.lang2id["ru"])

    with torch.inference_mode():
        batch = collate(encode(loaded, rows), pad_id=loaded.tokenizer.pad_id)
        found = loaded.encoder.eval()(batch)
        expected = model(**stock).last_hidden_state

    real = found.mask.bool()  # What stands at padding is nobody's.
    torch.testing.assert_close(found.hidden[real], expected[real], atol=1e-6, rtol=0)
    assert torch.equal(found.mask, stock["attention_mask"])


def test_token_types_reach_the_model(tiny_encoder):
    loaded = tiny_encoder("bert")
    (pair,) = loaded.tokenizer.encode(["warm"], languages=["en"], pairs=["soup"])
    assert set(pair.types) == {0, 1}
    pad = loaded.tokenizer.pad_id

    with torch.inference_mode():
        typed = loaded.encoder.eval()(collate([pair], pad_id=pad)).hidden
        pair.types = None
        untyped = loaded.encoder(collate([pair], pad_id=pad)).hidden

    assert (typed - untyped).abs().max() > 1e-3


# --- languages -------------------------------------------------------------------------------------------------


def test_xlms_language_ids_change_the_output(tiny_encoder):
    loaded = tiny_encoder("xlm")
    encoder = loaded.encoder.eval()

    def vector(*languages):
        items = loaded.tokenizer.encode(["pizza"] * len(languages), languages=languages)
        with torch.inference_mode():
            return encoder(collate(items, pad_id=loaded.tokenizer.pad_id)).pooled

    mixed = vector("en", "ru", "zh-Hant", "en")
    assert (mixed[0] - mixed[1]).abs().max() > 1e-3
    assert (mixed[1] - mixed[2]).abs().max() > 1e-3
    assert torch.equal(mixed[0], mixed[3])
    torch.testing.assert_close(mixed[1:2], vector("ru"), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("tag", "known"), [("ru", "ru"), ("zh-Hant-TW", "zh"), ("en-GB", "en"), ("sw", "en"), ("und", "en")]
)
def test_language_ids_are_found_by_tag(tiny_encoder, tag, known):
    encoder = tiny_encoder("xlm").encoder

    assert encoder.language_id(tag) == encoder.config.lang2id[known]


def test_a_table_without_english_falls_back_to_zero(tiny_encoder):
    encoder = tiny_encoder("xlm").encoder
    encoder.language_ids = {"fr": 3}

    assert (encoder.language_id("fr-CA"), encoder.language_id("sw")) == (3, 0)


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "deberta-v2", "modernbert"])
def test_other_models_have_no_language_ids(tiny_encoder, kind):
    assert tiny_encoder(kind).encoder.language_ids == {}


# --- projection ------------------------------------------------------------------------------------------------


def projected(loaded):
    layers = torch.nn.Sequential(Dense(32, 24), Normalize(), Dense(24, 8, bias=False, activation="ReLU"))
    return Encoder(loaded.encoder.model, name="projected", projection=layers)


def test_pooled_vectors_go_through_the_projection_in_fp32(tiny_encoder, rows):
    loaded = tiny_encoder("bert")
    encoder = projected(loaded).eval()
    batch = collate(encode(loaded, rows), pad_id=loaded.tokenizer.pad_id)

    with torch.inference_mode():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = encoder(batch)
        expected = encoder.projection(pool(found.hidden, found.mask, how="mean"))

    assert (encoder.width, encoder.pooled_width, loaded.encoder.pooled_width) == (32, 8, 32)
    assert found.pooled.shape == (len(rows), 8)
    assert torch.equal(found.pooled, expected)


def test_the_projection_learns_with_the_last_layer(tiny_encoder):
    encoder = projected(tiny_encoder("bert"))
    last = {id(parameter) for parameter in encoder.layer_parameters()[2]}
    own = [id(parameter) for parameter in encoder.projection.parameters()]
    assert len(own) == 3
    assert set(own) < last
    assert not {id(p) for group in encoder.layer_parameters()[:2] for p in group} & set(own)


# --- layers ----------------------------------------------------------------------------------------------------


def test_every_parameter_has_exactly_one_depth(tiny_kinds, tiny_encoder):
    encoder = tiny_encoder(tiny_kinds).encoder

    by_depth = encoder.layer_parameters()

    assert len(by_depth) == 3
    assert all(by_depth)
    placed = [id(parameter) for group in by_depth for parameter in group]
    assert len(placed) == len(set(placed))
    assert set(placed) == {id(parameter) for parameter in encoder.parameters()}
    assert id(encoder.model.get_input_embeddings().weight) in {id(parameter) for parameter in by_depth[0]}
    assert len(encoder.layers) == 2
    for stack in encoder.stacks:
        for depth, layer in enumerate(stack, start=1):
            assert {id(p) for p in layer.parameters()} <= {id(p) for p in by_depth[depth]}


def test_the_convolution_of_deberta_belongs_to_its_first_layer(fresh_tokenizer, tiny_encoder):
    from transformers import DebertaV2Model

    config = tiny_encoder("deberta-v2").encoder.config
    config.conv_kernel_size, config.conv_act = 3, "gelu"
    encoder = Encoder(DebertaV2Model(config), name="with-convolution")

    first = {id(parameter) for parameter in encoder.layer_parameters()[1]}
    convolution = list(encoder.model.encoder.conv.parameters())
    assert convolution
    assert {id(parameter) for parameter in convolution} <= first


def below(encoder, batch, *, layers):
    """What enters the layer above the bottom `layers`."""
    caught = {}
    stack = encoder.layers
    # XLM's layers are attentions, called with the layer's input, too.
    hook = stack[layers].register_forward_pre_hook(
        lambda module, args, kwargs: caught.update(
            hidden=(args[0] if args else kwargs["hidden_states"]).detach().clone()
        ),
        with_kwargs=True,
    )
    with torch.no_grad():
        encoder(batch)
    hook.remove()
    return caught["hidden"]


def test_what_is_frozen_neither_moves_nor_drops_out(tiny_kinds, tiny_encoder, rows):
    loaded = tiny_encoder(tiny_kinds)
    model = Model(loaded.encoder, torch.nn.Linear(32, 2))
    batch = collate(encode(loaded, rows), pad_id=loaded.tokenizer.pad_id)

    freeze(model, layers=1, embeddings=False)
    train_mode(model, layers=1)

    before = below(model.encoder, batch, layers=1)
    assert torch.equal(below(model.encoder, batch, layers=1), before)  # No dropout down there.
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert {id(p) for p in trainable} == {
        id(p) for p in [*model.encoder.layer_parameters()[2], *model.head.parameters()]
    }
    with torch.no_grad():
        for parameter in trainable:
            parameter.add_(1.0)
    assert torch.equal(below(model.encoder, batch, layers=1), before)  # Nothing that is trained acts down there.


def test_a_model_without_layers_to_choose_from(tiny_encoder):
    encoder = tiny_encoder("bert").encoder
    encoder.model.encoder.layer = torch.nn.Identity()

    assert [len(group) > 0 for group in encoder.layer_parameters()] == [True, False, False]
    with pytest.raises(ModelError, match="a BertModel has no list of layers"):
        _ = encoder.layers


def test_an_encoder_without_a_past_is_told_from_one_with(tiny_encoder, fresh_tokenizer, tiny_kinds):
    from transformers import AutoModel

    fresh = AutoModel.from_config(tiny_config(tiny_kinds, fresh_tokenizer(TOKENIZER_OF[tiny_kinds])))
    encoder = Encoder(fresh, name="fresh")
    assert encoder.untrained
    assert not tiny_encoder(tiny_kinds).encoder.untrained
    norm = next(part for part in fresh.modules() if "Norm" in type(part).__name__)
    with torch.no_grad():
        norm.weight[0] += 1e-3
    assert not encoder.untrained


def test_positions_that_every_layer_uses_come_before_the_first():
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    encoder = Encoder(MPNetModel(MPNetConfig(vocab_size=99, **sizes), add_pooling_layer=False), name="mpnet")
    (shared,) = (value for name, value in encoder.named_parameters() if "relative_attention_bias" in name)
    assert any(shared is one for one in encoder.layer_parameters()[0])


def test_what_frozen_convolutions_say_is_not_kept():
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    encoder = Encoder(ConvBertModel(ConvBertConfig(vocab_size=99, embedding_size=32, **sizes)), name="convbert")
    assert not Frozen.possible(encoder, 1)
