import pytest

from loanword.data.codes import Findings
from loanword.data.conll import columns, universal
from loanword.errors import DataError

ALL = ("tokens", "tags", "group", "spaces", "id", "upos", "xpos", "feats", "lemmas")


def rows(parse, text, *, wanted=ALL):
    findings = Findings("f.conll")
    cells = parse(text, wanted=wanted, findings=findings)
    findings.raise_any()
    return cells


def problems(parse, text):
    with pytest.raises(DataError) as caught:
        rows(parse, text)
    return [(problem.code, problem.line) for problem in caught.value.problems]


def test_two_columns_with_tabs_and_blank_lines():
    cells = rows(columns, "Anna\tB-PER\nsings\tO\n\n\nNew York\tB-LOC\r\n")
    assert cells.values["tokens"] == [["Anna", "sings"], ["New York"]]
    assert cells.values["tags"] == [["B-PER", "O"], ["B-LOC"]]
    assert cells.lines == [1, 5]
    assert cells.inner == [[1, 2], [5]]


def test_four_columns_with_blanks_and_documents():
    text = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n-DOCSTART- -X- O O\n\nPeter NNP I-NP I-PER\n"
    cells = rows(columns, text)
    assert cells.values["tokens"] == [["EU", "rejects"], ["Peter"]]
    assert cells.values["tags"] == [["I-ORG", "O"], ["I-PER"]]
    assert cells.values["group"] == ["document 1", "document 2"]


def test_comments_before_a_sentence_are_none_of_its_tokens_but_a_hash_is():
    text = "# id 1f23\tdomain=en\n# _ _ O\nis _ _ O\n"
    assert rows(columns, text).values["tokens"] == [["#", "is"]]
    assert rows(columns, f"{text}\n{text}").values["tokens"] == [["#", "is"], ["#", "is"]]
    assert rows(columns, "# three words here\n#\tO\nis\tO\n").values["tokens"] == [["#", "is"]]


def test_every_line_that_does_not_fit_is_told():
    assert problems(columns, "Anna\tB-PER\nsings\nhere\tX\tO\n") == [("LW201", 2), ("LW201", 3)]


UD = """# newdoc id = d1
# sent_id = s-1
# text = Vámonos al mar.
1-2	Vámonos	_	_	_	_	_	_	_	_
1	Vamos	ir	VERB	_	_	0	root	_	_
2	nos	nosotros	PRON	_	_	1	obj	_	_
3-4	al	_	_	_	_	_	_	_	_
3	a	a	ADP	_	_	5	case	_	_
4	el	el	DET	_	_	5	det	_	_
5	mar	mar	NOUN	_	Gender=Masc	1	obl	_	SpaceAfter=No
5.1	está	estar	VERB	_	_	_	_	_	_
6	.	.	PUNCT	_	_	1	punct	_	_

# sent_id = s-2
1	Sí	sí	INTJ	_	_	0	root	_	SpaceAfter=No
"""


def test_conllu_takes_the_syntactic_words():
    cells = rows(universal, UD)
    assert cells.values["tokens"] == [["Vamos", "nos", "a", "el", "mar", "."], ["Sí"]]
    assert cells.values["upos"] == [["VERB", "PRON", "ADP", "DET", "NOUN", "PUNCT"], ["INTJ"]]
    assert cells.values["spaces"][0] == [True, True, True, True, False, True]
    assert cells.values["id"] == ["s-1", "s-2"]
    assert cells.values["group"] == ["d1", "d1"]
    assert cells.values["feats"][0][4] == "Gender=Masc"
    assert cells.lines == [4, 15]


def test_a_span_of_several_words_says_nothing_of_the_next_sentence():
    word = "{0}\t{1}\t_\tX\t_\t_\t0\troot\t_\t{2}\n"
    second = "".join(word.format(n, c, "SpaceAfter=No") for n, c in enumerate("abcd", start=1))
    alone, after = (rows(universal, text).values["spaces"][-1] for text in (second, f"{UD}\n{second}"))
    assert after == alone == [False] * 4


def test_conllu_that_is_none_is_told_by_line():
    assert problems(universal, "1\tA\tO\n") == [("LW201", 1)]
    assert problems(universal, "\t".join(["x", *"abcdefghi"]) + "\n") == [("LW201", 1)]
