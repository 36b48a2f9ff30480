from loanword.cli.demo import spread


def test_spread_covers_the_alphabet():
    tags = [f"{letter}{other}" for letter in "abcdefghij" for other in "xyz"]
    chosen = spread(tags, 10)
    assert len(chosen) == len(set(chosen)) == 10
    assert {tag[0] for tag in chosen} == set("abcdefghij")
    assert spread(tags, 99) == tags
