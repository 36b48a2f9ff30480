"""Unlabelled text for pretraining: documents out of files without end, clean, each once, in memory that stays flat.

`corpus.Corpus` is the entry: `documents` reads, `normalise` writes every text in one way, `checks` drops what is no
text of its language, `duplicates` what was there before, and `held_out` lays some aside.
"""
