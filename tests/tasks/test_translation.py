from loanword.data.records import Record
from loanword.tasks.translation import Translation


def test_trivial_copies_the_text():
    rows = [Record("the kettle", "en", pair="der Kessel", pair_language="de")]
    assert [item.label for item in Translation().trivial(rows)] == ["the kettle"]
    assert Translation().into(rows[0]) == "de"
    assert Translation().references(rows) == rows
