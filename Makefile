# loanword: every target has its one line of help; `make` lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
OUT    ?= runs/demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak check fix goals clean wheel

help: ## List the targets
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(STAMP) ## Create .venv with loanword, all extras and the tools

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Train on English, measure forty languages, write a report (runs/demo)
	$(BIN)/loanword demo --out $(OUT)

test: $(STAMP) ## Run the tests (no network, no data sets needed)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

soak: $(STAMP) ## Run the long forms of the fault tests (200 kills at random moments; a quarter of an hour)
	LOANWORD_SOAK_KILLS=200 $(BIN)/python -m pytest -n 2 tests/test_restart.py tests/training tests/test_durable.py

check: $(STAMP) ## Lint, types, format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(STAMP) ## Mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-%: $(STAMP) ## Run benchmark NAME (bench-transfer, ...) into benchmarks/results/NAME.json; resumes
	$(BIN)/python -m benchmarks.$(subst -,_,$*)

goals: $(STAMP) ## Print every goal of every benchmark result, missed ones first
	$(BIN)/python -m benchmarks.goals

wheel: $(STAMP) ## Build the wheel and the source distribution into dist/
	$(BIN)/python -m build --no-isolation

clean: ## Remove what was built, not what was trained
	rm -rf dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
