import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.data.read import read
from loanword.data.records import Span
from loanword.data.shapes.tagged import TAGGED_TEXT, entities, is_entities
from loanword.errors import DataError


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        path = tmp_path / name
        rows = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
        path.write_text(rows, encoding="utf-8")
        return path

    return write


def table(path, *, language="en", **options):
    return read(path, language=language, shape=TAGGED_TEXT, **options)


def problems(path, **options):
    with pytest.raises(DataError) as caught:
        table(path, **options)
    return [(problem.code, problem.line) for problem in caught.value.problems]


def said(record):
    return [(record.text[span.start : span.end], span.label) for span in record.label]


@pytest.mark.parametrize(("language", "text"), [("en", "Anna sings ."), ("zh", "Annasings."), ("th", "Annasings.")])
def test_tokens_become_a_text_with_spans(put, language, text):
    rows = [{"tokens": ["Anna", "sings", "."], "tags": ["B-PER", "O", "O"]}]
    (record,) = table(put("a.jsonl", rows), language=language)
    assert record.text == text
    assert said(record) == [("Anna", "B-PER"), ("sings", "O"), (".", "O")]


def test_the_same_from_conll_and_conllu(put):
    (one,) = table(put("a.conll", "Anna\tNOUN\nsings\tVERB\n"))
    columns = "\t_\t_\t0\troot\t_\t"
    text = f"1\tAnna\t_\tNOUN{columns}_\n2\tsings\t_\tVERB{columns}SpaceAfter=No\n"
    (two,) = table(put("b.conllu", text))
    assert (one.text, one.label) == (two.text, two.label)
    (three,) = table(put("b.conllu", text), columns={"tags": "lemmas"})
    assert [span.label for span in three.label] == ["_", "_"]


def test_spans_of_characters_tag_the_words_in_them(put):
    text = "Mr. O'Neill-Smith lives in New York."
    spans = [{"start": 4, "end": 17, "label": "PER"}, {"start": 27, "end": 35, "label": "LOC", "text": "New York"}]
    (record,) = table(put("a.jsonl", [{"text": text, "spans": spans}]))
    found = entities(record.label)
    assert [(text[span.start : span.end], span.label) for span in found] == [
        ("O'Neill-Smith", "PER"),
        ("New York", "LOC"),
    ]


def test_spans_may_cut_words_and_runs_of_characters(put):
    rows = [{"text": "我住在北京市。", "spans": [{"start": 3, "end": 5, "label": "LOC"}]}]
    (record,) = table(put("a.jsonl", rows), language="zh")
    assert said(record) == [("我住在", "O"), ("北京", "B-LOC"), ("市", "O"), ("。", "O")]


SCHEMES = {
    "bio": ["B-X", "I-X", "B-X", "O", "B-Y"],
    "iob1": ["I-X", "I-X", "B-X", "O", "I-Y"],
    "iobes": ["B-X", "E-X", "S-X", "O", "S-Y"],
    "bilou": ["B-X", "L-X", "U-X", "O", "U-Y"],
    "stray": ["I-X", "I-X", "B-X", "O", "I-Y"],
}


@pytest.mark.parametrize("tags", SCHEMES.values(), ids=SCHEMES)
def test_every_scheme_becomes_bio(put, tags):
    (record,) = table(put("a.jsonl", [{"tokens": list("abcde"), "tags": tags}]))
    assert [span.label for span in record.label] == SCHEMES["bio"]


def test_tags_that_are_no_entities_stay_as_they_are(put):
    tags = ["B--", "NOUN", "I-Y", "VERB"]
    (record,) = table(put("a.jsonl", [{"tokens": list("abcd"), "tags": tags}]))
    assert [span.label for span in record.label] == tags
    assert not is_entities({"O"})
    assert is_entities({"O", "B-X"})


@pytest.mark.parametrize("odd", ["Q-PER", "B-", "PER", "b-PER", "O-PER", "B-PER ", "o"])
def test_a_tag_that_is_none_of_entities_is_told_where_it_stands(put, odd):
    """With O beside one that is, and without O where most are."""
    for around in ("O", "B-LOC"):
        lines = ["# sent_id = 1", f"Anna\t{around}", "Bo\tI-PER", "", f"in\t{around}", f"Cy\t{odd}", f"Di\t{odd}"]
        with pytest.raises(DataError) as caught:
            table(put("a.conll", "\n".join(lines)))
        (problem,) = caught.value.problems
        assert (problem.code, problem.line, problem.column) == ("LW312", 6, "tags")
        assert f"the tag {odd!r} (token 2 of its sentence, 2 times in the file)" in problem.cause
        assert problem.cause.endswith(f"as the others are: {', '.join(sorted([repr('I-PER'), repr(around)]))}")
    rows = [{"tokens": ["Anna", "sings"], "tags": ["B-PER", "O"]}, {"tokens": ["Bo", "in"], "tags": ["O", odd]}]
    assert problems(put("a.jsonl", rows)) == [("LW312", 2)]


def test_odd_tags_of_conllu_stand_in_their_line(put):
    def row(place, tag):
        return f"{place}\tword\t_\t{tag}" + "\t_" * 6

    lines = [row("1-2", "_"), row("1", "B-X"), row("2", "O"), "# a comment", row("3", "X"), row("4", "Y")]
    assert problems(put("a.conllu", "\n".join(lines))) == [("LW312", 5), ("LW312", 6)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, "LW307"),
        ({"tokens": ["a", " "], "tags": ["O", "O"]}, "LW210"),
        ({"tokens": ["a"], "tags": [None]}, "LW302"),
        ({"tokens": ["a"]}, "LW301"),
        ({"tokens": "a", "tags": ["O"]}, "LW211"),
        ({"tokens": [], "tags": []}, "LW211"),
        ({"tokens": ["a\0"], "tags": ["O"]}, "LW212"),
    ],
)
def test_rows_that_do_not_fit_are_told_by_line(put, row, code):
    path = put("a.jsonl", [{"tokens": ["x"], "tags": ["O"]}, row])
    assert (code, 2) in problems(path)


@pytest.mark.parametrize(
    "span",
    [
        {"start": 0, "end": 99, "label": "X"},
        {"start": 3, "end": 3, "label": "X"},
        {"start": -2, "end": 3, "label": "X"},
        {"start": 0, "end": 3, "label": "X", "text": "abd"},
    ],
)
def test_spans_that_do_not_lie_in_the_text(put, span):
    assert problems(put("a.jsonl", [{"text": "abc d", "spans": [span]}])) == [("LW308", 1)]


@pytest.mark.parametrize(
    ("span", "says"),
    [
        ({"start": "2", "end": 3, "label": "X"}, "start of a span is the text '2' where an integer is needed"),
        ({"start": 0, "end": 2.5, "label": "X"}, "end of a span is the number 2.5 where an integer is needed"),
        ({"start": True, "end": 3, "label": "X"}, "start of a span is true where an integer is needed"),
        ({"start": 0, "end": None, "label": "X"}, "end of a span is null where an integer is needed"),
        ({"start": 0, "label": "X"}, "end of a span is missing where an integer is needed"),
        ({"start": 0, "end": 3}, "label of a span is missing where a name"),
        ({"start": 0, "end": 3, "label": 7}, "label of a span is the number 7 where a name"),
        ({"start": 0, "end": 3, "label": ""}, "label of a span is the text '' where a name"),
        ({"start": 0, "end": 3, "label": " X"}, "label of a span is the text ' X' where a name without blanks"),
        ("abc", "a span is the text 'abc' where an object with start, end and label is needed"),
        ([0, 3, "X"], "a span is a list where an object"),
    ],
)
def test_what_is_wrong_with_a_span_is_named(put, span, says):
    with pytest.raises(DataError) as caught:
        table(put("a.jsonl", [{"text": "abc d", "spans": [span]}]))
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == ("LW308", 1, "spans")
    assert says in problem.cause


def test_two_layouts_in_one_file_are_told_once_and_both_are_checked(put):
    rows = [{"tokens": ["Anna"], "tags": ["B-X"]}] * 2 + [{"text": "Bo", "spans": []}] * 3
    bad = [{"tokens": ["Cy"], "tags": []}, {"text": "Di", "spans": [{"start": 0, "end": 9, "label": "X"}]}]
    assert problems(put("a.jsonl", [*rows, *bad])) == [("LW121", 1), ("LW307", 6), ("LW308", 7)]
    with pytest.raises(DataError) as caught:
        table(put("a.jsonl", rows[1:]))
    (problem,) = caught.value.problems
    assert problem.cause == "of the rows there are 3 with spans (first line 2) and 1 with tokens (first line 1)"


def test_columns_without_content_are_no_second_layout(put):
    both = {"tokens": ["Anna"], "tags": ["O"], "text": "Anna", "spans": []}
    assert len(table(put("a.jsonl", [both, both]))) == 2
    empty = {"tokens": None, "tags": None, "text": "Anna", "spans": []}
    (record,) = table(put("b.jsonl", [empty]))
    assert said(record) == [("Anna", "O")]
    texts = [{"tokens": ["Anna"]}, {"text": "Bo"}]
    with pytest.raises(DataError, match="LW121"):
        read(put("c.jsonl", texts), language="en", shape=TAGGED_TEXT.unlabelled)


def test_spans_may_not_overlap(put):
    spans = [{"start": 0, "end": 3, "label": "X"}, {"start": 2, "end": 5, "label": "Y"}]
    assert problems(put("a.jsonl", [{"text": "abc d", "spans": spans}])) == [("LW308", 1)]


def test_without_labels_the_words_are_kept(put):
    path = put("a.jsonl", [{"tokens": ["New York", "is"]}, {"tokens": ["big"]}])
    found = read(path, language="en", shape=TAGGED_TEXT.unlabelled)
    assert [said(record) for record in found] == [[("New York", ""), ("is", "")], [("big", "")]]
    (bare,) = read(put("b.jsonl", [{"text": "New York"}]), language="en", shape=TAGGED_TEXT.unlabelled)
    assert bare.label is None


def by_the_book(tags):
    """Entities by the CoNLL evaluation's rules for where a chunk starts and ends, from its own description."""
    found, start = [], None
    for place, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        before_mark, _, before = (tags[place - 1] if place else "O").partition("-")
        ends = start is not None and (mark in "BO" or name != before)
        if ends:
            found.append((start, place, before))
            start = None
        if mark == "B" or (mark == "I" and (before_mark == "O" or name != before)):
            start = place
    return found


def test_entities_are_those_of_the_conll_evaluation():
    for tags in product(["O", "B-X", "I-X", "B-Y", "I-Y"], repeat=4):
        spans = [Span(place, place + 1, tag) for place, tag in enumerate(tags)]
        assert [(span.start, span.end, span.label) for span in entities(spans)] == by_the_book(tags)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip), st.data())
def test_any_span_of_any_text_comes_back_exactly(tmp_path_factory, text, data):
    solid = [place for place, character in enumerate(text) if not character.isspace()]
    start = data.draw(st.sampled_from(solid))
    end = data.draw(st.sampled_from([place for place in solid if place >= start])) + 1
    path = tmp_path_factory.mktemp("spans") / "a.jsonl"
    path.write_text(json.dumps({"text": text, "spans": [{"start": start, "end": end, "label": "X"}]}) + "\n")
    (record,) = read(path, language="en", shape=TAGGED_TEXT)
    assert entities(record.label) == (Span(start, end, "X"),)
