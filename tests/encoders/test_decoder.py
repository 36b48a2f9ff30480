import math

import pytest
import torch

from loanword.encoders.decoder import BEGINNING, END, NOTHING, PAD, SPECIAL, START, Decoder
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


def languages(decoder, output):
    return decoder.language_numbers(output.into, output.ids.device)


def test_numbers_of_pieces(decoder):
    pieces = torch.tensor([[3, 20, 5, 99, NOTHING, BEGINNING]])
    assert decoder.numbers(pieces).tolist() == [[SPECIAL, SPECIAL + 3, -1, -1, PAD, START]]
    assert decoder.language_numbers(["en", "de", "zz"], torch.device("cpu")).tolist() == [1, 0, 2]


def test_probabilities_of_pieces_and_copies_are_one_together(decoder, output):
    states = decoder(
        torch.tensor([[BEGINNING, 7], [BEGINNING, 40]]), output, languages(decoder, output), decoder.begin(output)
    )
    own, copied = decoder.parts(states, output)
    total = own.exp().sum(-1) + copied.exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total))
    torch.testing.assert_close(own.exp().sum(-1, keepdim=True), decoder.gate(states).sigmoid())
    assert copied.exp()[1, :, 3:].max() == 0
    assert copied.exp()[:, :, 0].max() == 0


def test_one_step_at_a_time_is_the_same_as_all_at_once(decoder, output):
    pieces = torch.tensor([[BEGINNING, 7, 33, 8], [BEGINNING, 40, 40, 20]])
    whole = decoder(pieces, output, languages(decoder, output), decoder.begin(output))
    cache = decoder.begin(output)
    steps = [decoder(pieces[:, n : n + 1], output, languages(decoder, output), cache) for n in range(4)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_what_comes_later_changes_nothing_before(decoder, output):
    one = torch.tensor([[BEGINNING, 7, 8, 3], [BEGINNING, 7, 8, 3]])
    two = one.clone()
    two[:, 3] = 20
    states = [decoder(pieces, output, languages(decoder, output), decoder.begin(output)) for pieces in (one, two)]
    torch.testing.assert_close(states[0][:, :3], states[1][:, :3])
    assert not torch.allclose(states[0][:, 3], states[1][:, 3])


def test_the_loss_is_the_log_of_what_both_ways_of_writing_a_piece_give(decoder, output):
    pieces = torch.tensor([[7, 33, 99], [20, NOTHING, NOTHING]])
    found = decoder.loss(output, pieces, output.into)
    given = torch.nn.functional.pad(pieces, (1, 0), value=BEGINNING)
    states = decoder(given, output, languages(decoder, output), decoder.begin(output))
    own, copied = (part.detach().exp().double() for part in decoder.parts(states, output))

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


def test_gradients_are_numbers_even_where_a_piece_cannot_be_written(decoder, output):
    decoder.train()
    decoder.loss(output, torch.tensor([[99, 98], [97, NOTHING]]), output.into).sum().backward()
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
