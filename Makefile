# One command sets up and runs (`make run`), one sets up and checks (`make test`).
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check --require-hashes
UV_VERSION := 0.13.8
# No registry's address is written down: that is each machine's own.
LOCK := $(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: setup setup-dev run check test test-quick bench faults lock clean

setup: $(VENV)/runtime.stamp
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@$(PY) manage.py migrate --verbosity 0

setup-dev: $(VENV)/dev.stamp

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name one with PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.txt | $(VENV)/bin/python
	@echo 'Installing what the program runs on…' >&2
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/runtime.stamp
	@echo 'Installing what checks the program…' >&2
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: setup
	@exec $(PY) manage.py serve

check: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

# Tests of whole processes mostly wait for them: beside the others they take no time of their own.
test: setup setup-dev check
	@mkdir -p .cache
	@TEST_DATA_DIR=$(CURDIR)/.cache/tests-of-processes $(PY) -m pytest tests/processes \
		> .cache/processes.log 2>&1 & beside=$$!; \
	$(PY) -m pytest --ignore=tests/processes; code=$$?; \
	wait $$beside; other=$$?; cat .cache/processes.log; \
	[ $$code = 0 ] && [ $$other = 0 ]

# For daily work: no browser and no whole process, two processes with stores of their own.
test-quick: setup setup-dev check
	@$(PY) -m pytest -n 2 --dist loadfile --ignore=tests/processes --ignore=tests/browser \
		--ignore=tests/engines

bench: setup
	@$(PY) -m bench

# Up to three quarters of an hour; `make faults ONLY="1 4 --times 5"` for less.
faults: setup
	@$(PY) -m tests.faults $(ONLY)

lock: | $(VENV)/bin/python
	@$(PY) -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
