from loanword.data.records import Record
from loanword.encoders.load import load
from loanword.tasks.abstractive_summarization import AbstractiveSummarization
from loanword.tokens.tokenizer import Tokenizer

ROWS = [
    Record("The kettle is warm. Nobody knows why.", "en", pair="the kettle"),
    Record("Чайник тёплый.", "ru", pair="the kettle", pair_language="en"),
]


def test_without_a_model_the_first_sentence_is_taken():
    assert [one.label for one in AbstractiveSummarization().trivial(ROWS)] == ["The kettle is warm.", "Чайник тёплый."]


def test_a_summary_is_in_the_language_of_the_text_or_in_that_of_the_pair(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=32)
    task = AbstractiveSummarization(least=1)
    task.fit(ROWS, tokenizer)
    assert set(task.vocabulary) == {"en", "und"}
    assert [item.into for item in task.encode(ROWS, tokenizer)] == ["en", "en"]
    assert task.into(Record("Чайник.", "ru")) == "ru"


def test_rows_are_learned_as_of_a_language_to_come_where_a_summary_may_be_copied(fresh_tokenizer):
    tokenizer, task = Tokenizer(fresh_tokenizer("unigram"), max_length=32), AbstractiveSummarization(least=1)
    task.fit(ROWS[:1], tokenizer)
    assert task.strange == 0.5
    task.fit(ROWS, tokenizer)
    assert task.strange == 0.0, "Russian texts have no English pieces to copy"


def test_a_fresh_decoder_has_more_beams_than_one_that_a_model_brings(tiny_folder, tiny_seq2seq):
    for folder, usual in ((tiny_folder("bert"), 16), (tiny_seq2seq("bart"), 4)):
        loaded = load(str(folder))
        for given, beams in ((None, usual), (2, 2)):
            task = AbstractiveSummarization(least=1, longest=32, beams=given)
            task.fit(ROWS, loaded.tokenizer)
            assert task.head(loaded.encoder).how.beams == beams
            assert AbstractiveSummarization(**task.state()).state() == task.state()
