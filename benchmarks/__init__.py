"""One module a table: `make bench-NAME` runs `benchmarks.NAME` and writes benchmarks/results/NAME.json."""
