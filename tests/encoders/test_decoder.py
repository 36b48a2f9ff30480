import math
from dataclasses import replace

import pytest
import torch

from loanword.encoders.decoder import BEGINNING, END, FOLLOWS, LEXICAL, NOTHING, PAD, SPECIAL, START, Decoder
from loanword.encoders.encoder import EncoderOutput

PIECES = (3, 7, 8, 20)


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return Decoder(16, pieces=PIECES, languages=["de", "en"], layers=2, heads=4, dropout=0.0).eval()


@pytest.fixture
def output():
    torch.manual_seed(1)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    ids = torch.tensor([[0, 7, 33, 8, 2], [0, 40, 2, 1, 1]])
    hidden = torch.randn(2, 5, 16)
    return EncoderOutput(hidden=hidden, mask=mask, pooled=hidden[:, 0], ids=ids, into=("de", "xx"))


def after(decoder, output, given):
    cache = decoder.begin(output)
    states = decoder(given, output, cache)
    return states, *decoder.parts(states, given, output, cache)


def test_numbers_of_pieces(decoder):
    pieces = torch.tensor([[3, 20, 5, 99, NOTHING, BEGINNING]])
    assert decoder.numbers(pieces).tolist() == [[SPECIAL, SPECIAL + 3, -1, -1, PAD, START]]
    assert decoder.language_numbers(["en", "de", "zz"], torch.device("cpu")).tolist() == [1, 0, 2]


def test_probabilities_of_pieces_and_copies_are_one_together(decoder, output):
    states, own, copied = after(decoder, output, torch.tensor([[BEGINNING, 7], [BEGINNING, 40]]))
    total = own.exp().sum(-1) + copied.exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total))
    torch.testing.assert_close(own.exp().sum(-1, keepdim=True), decoder.gate(states).sigmoid())
    assert copied.exp()[1, :, 3:].max() == 0
    assert copied.exp()[:, :, 0].max() == 0


def test_one_step_at_a_time_is_the_same_as_all_at_once(decoder, output):
    pieces = torch.tensor([[BEGINNING, 7, 33, 8], [BEGINNING, 40, 40, 20]])
    whole = decoder(pieces, output, decoder.begin(output))
    cache = decoder.begin(output)
    steps = [decoder(pieces[:, n : n + 1], output, cache) for n in range(4)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_what_comes_later_changes_nothing_before(decoder, output):
    one = torch.tensor([[BEGINNING, 7, 8, 3], [BEGINNING, 7, 8, 3]])
    two = one.clone()
    two[:, 3] = 20
    states = [decoder(pieces, output, decoder.begin(output)) for pieces in (one, two)]
    torch.testing.assert_close(states[0][:, :3], states[1][:, :3])
    assert not torch.allclose(states[0][:, 3], states[1][:, 3])


def test_the_loss_is_the_log_of_what_both_ways_of_writing_a_piece_give(decoder, output):
    pieces = torch.tensor([[7, 33, 99], [20, NOTHING, NOTHING]])
    found = decoder.loss(output, pieces)
    given = torch.nn.functional.pad(pieces, (1, 0), value=BEGINNING)
    own, copied = (part.detach().exp().double() for part in after(decoder, output, given)[1:])

    def chance(row, step, piece):
        number = END if piece is None else (PIECES.index(piece) + SPECIAL if piece in PIECES else None)
        by_number = own[row, step, number] if number is not None else 0.0
        places = [n for n in range(5) if piece is not None and int(output.ids[row, n]) == piece]
        return float(by_number + sum(copied[row, step, n] for n in places))

    expected = [
        [-math.log(chance(0, 0, 7)), -math.log(chance(0, 1, 33)), 0.0, -math.log(chance(0, 3, None))],
        [-math.log(chance(1, 0, 20)), -math.log(chance(1, 1, None)), 0.0, 0.0],
    ]
    torch.testing.assert_close(found.double(), torch.tensor(expected).double(), atol=1e-4, rtol=1e-4)


def test_a_language_is_written_in_its_own_pieces(output):
    decoder = Decoder(16, pieces=PIECES, languages=["de", "en"], spelt=[[0, 3], [1], []], heads=4).eval()
    _, own, _ = after(decoder, output, torch.tensor([[BEGINNING], [BEGINNING]]))
    for row, allowed in enumerate(([0, 1, 2, SPECIAL, SPECIAL + 3], [0, 1, 2])):  # "xx" is no language of its own.
        assert own[row, 0].exp().nonzero().flatten().tolist() == allowed


def test_in_a_new_language_it_copies_what_it_would_write_in_others(decoder, output):
    """The ends and the pieces of all languages stay as likely as they are where all pieces are allowed."""
    given = torch.tensor([[BEGINNING, 7], [BEGINNING, 40]])
    _, free, freely = after(decoder, output, given)
    decoder.spelt[2] = torch.tensor([False, True, False, False])
    _, own, copied = after(decoder, output, given)
    torch.testing.assert_close(own[0], free[0])
    kept = [0, 1, 2, SPECIAL + 1]
    torch.testing.assert_close(own[1, :, kept], free[1, :, kept])
    assert own[1].exp().nonzero()[:, 1].unique().tolist() == kept
    moved = 1 - own[1].exp().sum(-1, keepdim=True)
    torch.testing.assert_close(copied[1, :, 1:3].exp(), moved * freely[1, :, 1:3].softmax(-1))


def test_copying_goes_on_after_the_piece_that_was_written(decoder, output):
    """Of two equal texts but for what was written last, the share of what comes after it in the source is larger."""
    given = torch.tensor([[BEGINNING, 7], [BEGINNING, 40]])
    _, _, copied = after(decoder, output, given)
    with torch.no_grad():
        decoder.follows.zero_()
    _, _, level = after(decoder, output, given)
    for row, place in ((0, 2), (1, 2)):
        ratio = (copied - level)[row, 1].exp()
        others = [n for n in range(1, int(output.mask[row].sum())) if n != place]
        torch.testing.assert_close(ratio[place] / ratio[others], torch.full((len(others),), math.exp(FOLLOWS)))
    torch.testing.assert_close(copied[:, 0], level[:, 0])  # Nothing comes after the beginning.


def test_the_vectors_of_pieces_say_what_they_mean(output):
    """By hand: what is looked at to be copied adds its own vectors, less the mean of the table, to the state."""
    torch.manual_seed(4)
    table = torch.nn.Embedding(50, 16)
    decoder = Decoder(16, pieces=PIECES, languages=["de"], layers=1, heads=4, table=table.weight.detach()).eval()
    told = replace(output, table=table)
    given = torch.tensor([[BEGINNING, 7], [BEGINNING, 40]])
    states, own, copied = after(decoder, told, given)
    gate = torch.nn.functional.logsigmoid(decoder.gate(states))
    weights = (copied - torch.nn.functional.logsigmoid(-decoder.gate(states))).exp()
    centred = table.weight - table.weight.mean(0)
    size = centred.norm(dim=1).mean()
    for row in range(2):
        for step in range(2):
            said = sum(weights[row, step, n] * centred[output.ids[row, n]] for n in range(5))
            logits = decoder.embedding.weight @ (states[row, step] + LEXICAL * said / size)
            expected = logits.log_softmax(0) + gate[row, step]
            torch.testing.assert_close(own[row, step], expected, atol=1e-4, rtol=1e-4)
    own.sum().backward()
    assert table.weight.grad is None
    assert decoder.lexical.weight.grad.abs().sum() > 0


def test_a_table_of_another_width_is_brought_to_the_decoders(output):
    table = torch.nn.Embedding(50, 6)
    decoder = Decoder(16, pieces=PIECES, languages=["de"], layers=1, heads=4, table=table.weight.detach()).eval()
    _, own, copied = after(decoder, replace(output, table=table), torch.tensor([[BEGINNING], [BEGINNING]]))
    total = own.exp().sum(-1) + copied.exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total))


def test_gradients_are_numbers_even_where_a_piece_cannot_be_written(decoder, output):
    decoder.train()
    decoder.loss(output, torch.tensor([[99, 98], [97, NOTHING]])).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in decoder.parameters())


def test_a_copied_piece_is_read_as_the_source_said_it(decoder, output):
    found = decoder.embed(torch.tensor([[33, 7, 99], [7, 40, 99]]), output)
    expected = decoder.copy_input(decoder.memory_norm(output.hidden[0, 2]))
    torch.testing.assert_close(found[0, 0], expected)
    torch.testing.assert_close(found[0, 1], decoder.embedding.weight[SPECIAL + 1])
    torch.testing.assert_close(found[0, 2], decoder.embedding.weight[PAD])


def test_it_starts_from_the_encoders_vectors():
    table = torch.randn(30, 16)
    decoder = Decoder(16, pieces=PIECES, languages=["en"], heads=4, table=table)
    assert torch.equal(decoder.embedding.weight[SPECIAL:], table[list(PIECES)])
    narrow = Decoder(8, pieces=PIECES, languages=["en"], heads=4, table=table)
    assert narrow.embedding.weight.shape == (7, 8)
