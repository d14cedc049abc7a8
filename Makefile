# One word each. Everything is installed into .venv; PYTHON is any Python from 3.11 on.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo       sandbox and gateway on this machine, with people and tasks to try"
	@echo "make test       every check: format, lint, types, import contracts, tests"
	@echo "make test-long  the property tests with many more examples"
	@echo "make clean      remove .venv and what the tools left"

.venv/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "taskgate needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv/.installed
	$(BIN)/taskgate demo

test: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

test-long: .venv/.installed-dev
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
