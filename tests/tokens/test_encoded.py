from loanword.tokens.encoded import Encoded


def test_length_counts_pieces_with_the_special_ones():
    assert len(Encoded(ids=[0, 7, 2], language="en", row=0)) == 3
