"""Stage 1: from a file, a Hub data set or a bundled corpus to a `Table` of checked records.

`read.read` is the entry; `assemble` checks what each format's reader (`csv`, `jsonl`, `parquet`, `hub`) hands over;
`split` carves a development set off the training rows.
"""
