# Two commands set up all there is: `make run` and `make test`. The others are for those who work on envcheck.
.DEFAULT_GOAL := run
.PHONY: run test test-install check lint types test-versions docs update record bench cases compat pyz wheel clean new-rule
SHELL := /bin/sh
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check
ENVCHECK := $(VENV)/bin/envcheck

# The first of these that starts, has venv with pip, and has TensorFlow wheels (3.10 to 3.13 at present).
PYTHONS = $(PYTHON) python3.12 python3.13 python3.11 python3.10 python3 python \
	$(wildcard $(HOME)/.pyenv/versions/3.1[0-3].*/bin/python)
FITS = import sys, ensurepip, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))

run: $(VENV)/.tensorflow
	@$(ENVCHECK) $(ARGS)

# The environment, with envcheck itself in it.
$(VENV)/.made: setup.cfg
	@python=; for p in $(PYTHONS); do \
		if "$$p" -c "$(FITS)" 2>/dev/null; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.10 to 3.13 with venv was found: TensorFlow has wheels for these only. Install one (Debian, Ubuntu: sudo apt install python3-venv) or name it: make run PYTHON=/path/to/python" >&2; exit 2; fi; \
	echo "Making the environment $(VENV) with $$($$python --version)"; \
	"$$python" -m venv $(VENV)
	@$(PIP) -e . --config-settings editable_mode=compat
	@$(PY) -m compileall -q envcheck
	@touch $@

# The TensorFlow that fits this machine, as envcheck's own plan has it.
$(VENV)/.tensorflow: $(VENV)/.made
	@$(ENVCHECK) install --format json > $(VENV)/plan.json || { $(ENVCHECK) install; exit 1; }
	@$(PY) -c 'import json, sys; print(*json.load(open(sys.argv[1]))["packages"], sep="\n")' $(VENV)/plan.json > $(VENV)/packages
	@echo "Installing $$(cat $(VENV)/packages): this takes a minute or more"
	@$(PIP) -r $(VENV)/packages
	@touch $@

$(VENV)/.dev: $(VENV)/.made
	@$(PIP) -e '.[dev]' --config-settings editable_mode=compat
	@touch $@

test: $(VENV)/.dev $(VENV)/.tensorflow
	ENVCHECK_TF_PYTHON=$(CURDIR)/$(PY) $(PY) -m pytest -n 2 $(ARGS)

# The installer for real: it asks the package index, makes an environment and mends two broken ones.
test-install: $(VENV)/.dev
	$(PY) -m pytest -m repair tests/test_install_whole.py \
		"tests/test_repair.py::test_it_mends[numpy-2]" "tests/test_repair.py::test_it_mends[dependency-removed]"

check: lint types test-versions test-install test

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev
	$(VENV)/bin/mypy

# The tests that need no TensorFlow, on each other Python that this machine has.
test-versions: $(VENV)/.dev
	$(PY) -m tests.versions

# Golden files and generated pages, made anew: the diff is the review.
update: $(VENV)/.dev
	ENVCHECK_UPDATE=1 $(PY) -m pytest -n 2 tests/test_machines.py tests/test_plan.py \
		tests/test_issue.py tests/test_rehearsal.py; $(PY) -m envcheck.catalog docs

docs: $(VENV)/.dev
	$(PY) -m envcheck.catalog docs

new-rule: $(VENV)/.dev
	$(PY) -m envcheck.catalog new-rule $(CAUSE)

# make record TO=tests/machines/linux-rtx4090-ready
record: $(VENV)/.made
	mkdir -p $(TO) && $(ENVCHECK) --record $(TO)/machine.json $(ARGS)

# The rules' own examples, and CASES="case.json …", each explained: what is taken for what.
cases: $(VENV)/.dev
	$(PY) -m tests.cases $(CASES)

compat: $(VENV)/.dev
	$(PY) -m envcheck.catalog compat $(ARGS)

bench: $(VENV)/.tensorflow
	@$(PY) -m compileall -q envcheck
	$(PY) -m tests.bench $(ARGS)

# One file that any Python from 3.9 on runs, with nothing installed.
pyz: $(VENV)/.made
	@$(PY) -m envcheck.catalog pyz --fetch --output envcheck.pyz

wheel: $(VENV)/.dev
	$(PY) -m build -q && $(PY) -m pytest tests/test_packaging.py

clean:
	rm -rf $(VENV) .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
