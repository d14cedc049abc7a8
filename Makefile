# One word each. Everything is installed into .venv; PYTHON is any Python from 3.11 on.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
CPU_SECONDS := $(BIN)/python tests/cpu_seconds.py
NPM_INSTALL := npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error --fetch-retries=1 --fetch-timeout=60000
NPM_INSTALLED := $(patsubst %/package.json,%/node_modules/.installed,$(wildcard tests/*/package.json))

.PHONY: demo check test test-long test-real lint types contracts all-tests unit-tests graphiql clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo       sandbox and gateway on this machine, with people and tasks to try"
	@echo "make check      for daily work, within a minute: format, lint, types, import contracts, and the tests that are"
	@echo "                marked neither server (start one, or a program) nor slow, with few examples of properties"
	@echo "make test       every check: format, lint, types, import contracts, all tests; prints the CPU seconds"
	@echo "make test-long  the property tests with many more examples"
	@echo "make test-real  the Camunda connector against a real engine (Java, several hundred MB)"
	@echo "make graphiql   fetch the files of the page at /graphql from npm; demo and test do it too"
	@echo "make clean      remove .venv and what the tools left"

.venv/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "taskgate needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Says so and succeeds where Node.js or the registry is missing.
graphiql:
	@$(PYTHON) gateway/graphiql/assets.py

# The tests that need these packages say so where Node.js or the registry is missing.
tests/%/node_modules/.installed: tests/%/package.json
	@cd $(<D) && command -v npm >/dev/null && $(NPM_INSTALL) && touch node_modules/.installed || echo "$(<D): npm packages are not installed, tests that need them are skipped" >&2

demo: .venv/.installed graphiql
	$(BIN)/taskgate demo

# Both print at their end how many CPU seconds they took, of all processes that they started.
test: .venv/.installed-dev graphiql $(NPM_INSTALLED)
	@$(CPU_SECONDS) $(MAKE) --no-print-directory lint types contracts all-tests

check: .venv/.installed-dev
	@$(CPU_SECONDS) $(MAKE) --no-print-directory lint types contracts unit-tests

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

all-tests:
	$(PYTEST)

unit-tests:
	HYPOTHESIS_PROFILE=few $(PYTEST) -m 'not server and not slow'

test-long: .venv/.installed-dev graphiql $(NPM_INSTALLED)
	HYPOTHESIS_PROFILE=long $(PYTEST)

# No part of test: fetches an engine once (kept outside of the tree), starts it, tests against it, stops it.
test-real: .venv/.installed-dev
	@$(BIN)/python -m tests.real

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache gateway/graphiql/npm tests/*/node_modules
