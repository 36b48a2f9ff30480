"""Stage 11: what a model and an encoder do with texts that nobody labelled: search, answer, pair with translations."""
