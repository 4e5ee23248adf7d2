# `make check` is what CI runs, word for word.
.PHONY: check setup fmt lint types contracts test e2e bench docs pictures

check:
	.ci/run

setup:
	scripts/setup

fmt: setup
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: setup
	.venv/bin/pyright

contracts: setup
	.venv/bin/lint-imports
	.venv/bin/python -m pytest tests/architecture

test: setup
	.venv/bin/python -m pytest -m "not e2e"

e2e: setup
	.venv/bin/python -m pytest -m e2e

bench: setup
	.venv/bin/python scripts/bench/bench_codec.py

docs: setup
	.venv/bin/python scripts/protocol_tables.py
	.venv/bin/python scripts/cli_reference.py
	.venv/bin/python scripts/keys_reference.py

pictures: setup
	.venv/bin/python scripts/screenshots.py
