import itertools

import pytest
import torch

from loanword.encoders.decoder import BEGINNING, END, NOTHING, SPECIAL, Decoder
from loanword.encoders.encoder import EncoderOutput
from loanword.tasks.writing import Writing, write
from loanword.tokens.beginnings import BEGINS, CONTROL, INNER

PIECES = (3, 7, 8)


@pytest.fixture
def decoder():
    torch.manual_seed(3)
    made = Decoder(16, pieces=PIECES, languages=["de"], spelt=[[0, 1], [2]], layers=1, heads=4, dropout=0.0).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return made


@pytest.fixture
def output():
    torch.manual_seed(1)
    hidden = torch.randn(2, 4, 16)
    ids = torch.tensor([[0, 7, 33, 2], [0, 40, 2, 1]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    return EncoderOutput(hidden=hidden, mask=mask, pooled=hidden[:, 0], ids=ids, into=("de", "sv"))


def one(output, row):
    return EncoderOutput(
        hidden=output.hidden[row : row + 1],
        mask=output.mask[row : row + 1],
        pooled=output.pooled[row : row + 1],
        ids=output.ids[row : row + 1],
        into=(output.into[row],),
    )


def chance(decoder, output, text, *, finished):
    """The log probability of a text, from one pass over all of it."""
    given = torch.tensor([[BEGINNING, *text]])
    cache = decoder.begin(output)
    own, copied = decoder.parts(decoder(given, output, cache), given, output, cache)
    total = 0.0
    for step, piece in enumerate([*text, *([None] if finished else [])]):
        share = own[0, step, END].exp() if piece is None else torch.zeros(())
        if piece in PIECES:
            share = share + own[0, step, SPECIAL + PIECES.index(piece)].exp()
        for place, source in enumerate(output.ids[0].tolist()):
            if source == piece:
                share = share + copied[0, step, place].exp()
        total += float(share.log())
    return total


def allowed(text, source):
    """Whether a text that is all copied has no piece more often than its source."""
    ids = source.ids[0][source.mask[0].bool()].tolist()[1:]
    return source.into == ("de",) or all(text.count(piece) <= ids.count(piece) for piece in text if piece in ids)


def said(row):
    return [piece for piece in row.tolist() if piece != NOTHING]


@torch.inference_mode()
def test_with_beams_enough_it_finds_the_best_of_all_texts(decoder, output):
    """All texts of up to two pieces, by brute force; some end by themselves, some at the limit."""
    found = write(decoder, output, Writing(beams=60, longest=2))
    for row in range(2):
        source = one(output, row)
        pieces = [*PIECES, *(piece for piece in source.ids[0].tolist() if piece not in PIECES)]
        scored = {}
        for text in [*((a,) for a in pieces), *itertools.product(pieces, repeat=2)]:
            if allowed(text, source):
                scored[text] = chance(decoder, source, text, finished=len(text) < 2) / len(text)
        assert tuple(said(found[row])) == max(scored, key=scored.__getitem__)


@torch.inference_mode()
def test_greedy_takes_the_likeliest_each_time(decoder, output):
    found = write(decoder, output, Writing(beams=1, longest=5))
    for row in range(2):
        source, text = one(output, row), []
        pieces = [*PIECES, *(piece for piece in source.ids[0].tolist() if piece not in PIECES)]
        while len(text) < 5:
            some = [piece for piece in pieces if allowed([*text, piece], source)]
            options = {piece: chance(decoder, source, [*text, piece], finished=False) for piece in some}
            if text:
                options[None] = chance(decoder, source, text, finished=True)
            best = max(options, key=options.__getitem__)
            if best is None:
                break
            text.append(best)
        assert said(found[row]) == text


@torch.inference_mode()
def test_rows_do_not_look_at_one_another(decoder, output):
    together = write(decoder, output, Writing(beams=3, longest=6))
    for row in range(2):
        assert said(write(decoder, one(output, row), Writing(beams=3, longest=6))[0]) == said(together[row])


@torch.inference_mode()
def test_a_forced_language_uses_its_own_pieces_and_those_of_the_source(decoder, output):
    for seed in range(20):
        how = Writing(temperature=3.0, longest=12, seed=seed)
        german, other = write(decoder, output, how)
        assert set(said(german)) <= {3, 7, 33, 2}
        assert set(said(other)) <= {8, 40, 2}


@torch.inference_mode()
def test_chance_follows_the_probabilities_and_the_seed(decoder, output):
    source = one(output, 0)
    firsts = [said(write(decoder, source, Writing(temperature=1.0, longest=1, seed=n))[0])[0] for n in range(400)]
    pieces = [*PIECES, 0, 33, 2]
    shares = {piece: torch.tensor(chance(decoder, source, [piece], finished=False)).exp().item() for piece in pieces}
    total = sum(shares.values())  # The end is barred at first.
    for piece, share in shares.items():
        assert firsts.count(piece) / 400 == pytest.approx(share / total, abs=0.08)
    again = [write(decoder, output, Writing(temperature=1.0, longest=8, seed=5)).tolist() for _ in range(2)]
    assert again[0] == again[1]
    narrow = {
        tuple(said(write(decoder, source, Writing(temperature=1.0, longest=1, seed=n, top=0.01))[0])) for n in range(20)
    }
    assert narrow == {(max(shares, key=shares.__getitem__),)}


@torch.inference_mode()
def test_no_pieces_in_a_row_come_twice(decoder, output):
    for beams in (1, 3):
        for text in write(decoder, output, Writing(beams=beams, longest=20, no_repeat=2)):
            pairs = list(itertools.pairwise(said(text)))
            assert len(pairs) == len(set(pairs))


@torch.inference_mode()
def test_something_is_written(decoder, output):
    with torch.no_grad():
        decoder.bias[END] = decoder.gate.bias[0] = 50.0
    assert [len(said(text)) for text in write(decoder, output, Writing(beams=1, longest=5))] == [1, 1]


WORDS = (40, 41, 50, 51, 52, 60)
"""Two words of two and three pieces, and one of a single piece, in a source that begins and ends with no text."""


@pytest.fixture
def copier():
    """A decoder that knows of 70 pieces where words begin, and writes a language that it never learned."""
    torch.manual_seed(4)
    kinds = torch.full((70,), INNER, dtype=torch.uint8)
    kinds[[40, 50, 60]], kinds[[0, 2]] = BEGINS, CONTROL
    made = Decoder(
        16, pieces=(3,), languages=["de"], spelt=[[0], [0]], layers=1, heads=4, dropout=0.0,
        table=torch.randn(70, 16), kinds=kinds,
    ).eval()  # fmt: skip
    with torch.no_grad():
        made.gate.bias[0] = -2.0
    return made


def source_of(ids, into):
    torch.manual_seed(2)
    hidden = torch.randn(1, len(ids), 16)
    ids = torch.tensor([ids])
    return EncoderOutput(hidden=hidden, mask=torch.ones_like(ids), pooled=hidden[:, 0], ids=ids, into=(into,))


@torch.inference_mode()
def test_what_is_all_copied_is_whole_words_each_no_more_often_than_it_stands_there(copier):
    source = source_of([0, *WORDS, 2], "sv")
    found = set()
    for seed in range(200):
        text = said(write(copier, source, Writing(temperature=2.0, longest=12, seed=seed))[0])
        copies = [piece for piece in text if piece != 3]
        assert all(copies.count(piece) == 1 for piece in copies)
        words = []
        for place, piece in enumerate(text):
            if piece in (40, 50, 60, 3):
                words.append([piece])
            else:
                assert text[place - 1] == piece - 1  # Inside a word comes what stands there.
                words[-1].append(piece)
        if len(text) == 12:
            words.pop()  # The limit may cut it.
        assert all(word in ([40, 41], [50, 51, 52], [60], [3]) for word in words)
        found.add(tuple(map(tuple, words)))
    assert len(found) > 20


@torch.inference_mode()
def test_where_words_are_not_written_apart_pieces_are_copied(copier):
    source = source_of([0, *WORDS, 2], "th")
    texts = [said(write(copier, source, Writing(temperature=2.0, longest=6, seed=seed))[0]) for seed in range(60)]
    assert any(piece in (41, 51, 52) for text in texts for piece in text[:1])
    assert all(text.count(piece) == 1 for text in texts for piece in text if piece != 3)
    assert not any(piece in (0, 2) for text in texts for piece in text)


@torch.inference_mode()
def test_a_language_that_was_learned_may_say_a_thing_twice(copier):
    source = source_of([0, *WORDS, 2], "de")
    texts = [said(write(copier, source, Writing(temperature=3.0, longest=12, seed=seed))[0]) for seed in range(60)]
    assert any(text.count(piece) > 1 for text in texts for piece in text if piece != 3)
