"""Which pieces two tokenizers have in common, however each of them marks where words begin."""

from __future__ import annotations

from loanword.tokens.beginnings import END, INSIDE, Beginnings
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import BYTE

ROLES = ("bos", "eos", "cls", "sep", "pad", "unk", "mask")
BROKEN = "\ufffd"
"""What a piece is spelt with that is a part of a character."""


def shared(old: Tokenizer, new: Tokenizer) -> dict[int, int]:
    """Return the pieces that both have, the number in `new` to that in `old`.

    They are spelt alike and both begin a word or both go on with one; special pieces have the same role.
    """
    places = {spelling: n for n, spelling in _spellings(old).items()}
    found = {n: places[spelling] for n, spelling in _spellings(new).items() if spelling in places}
    for role in ROLES:
        ours, theirs = (getattr(one.fast, f"{role}_token_id", None) for one in (new, old))
        if ours is not None and theirs is not None:
            found[int(ours)] = int(theirs)
    return found


def _spellings(tokenizer: Tokenizer) -> dict[int, tuple[bool, str]]:
    """Return the pieces that are text: whether each begins a word, and its letters."""
    begins, control = Beginnings(tokenizer), {*tokenizer.control_ids}
    found = {}
    for n in range(len(tokenizer)):
        token = tokenizer.token(n)
        if n in control or BYTE.fullmatch(token) or not token:
            continue
        letters = tokenizer.text([n]).removeprefix(INSIDE).removesuffix(END).strip()
        if BROKEN not in letters and (letters or tokenizer.is_blank(n)):
            # Where the ends of words are marked, that an end is there is what tells pieces apart.
            found[n] = (bool(begins.first[n] if begins.after is None else begins.after[n]), letters)
    return found
