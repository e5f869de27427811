# The only way anything is run, by people and by CI. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup browser caches live test faults unit check fmt bench docs screenshots lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv with locked packages, front-end parts and .venv/bin/stentor

$(STAMP): pyproject.toml hatch_build.py requirements/dev.txt web/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stentor needs Python 3.11 or newer; set PYTHON=python3.11."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Cannot make .venv: on Debian, install python3-venv."; exit 1; }
	@echo "Installing locked packages into .venv (about a minute, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@echo "Installing Stentor and its front-end parts …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check --quiet
	@touch $@

browser: setup ## make sure that Chromium and Firefox are there (Debian's), as root
	@$(BIN)/python -m tests.support.chromium --install
	@$(BIN)/python -m tests.support.firefox --install

caches: setup ## make sure that nginx and Varnish are there (Debian's), as root
	@$(BIN)/python -m tests.support.caches --install

live: setup ## start everything with two recorded voices on the stage; Ctrl-C ends it in order
	@exec $(BIN)/stentor demo --data data $(ARGS)

test: setup browser caches check ## set up, check, and run all tests but the faults
	@$(BIN)/python -m pytest tests/unit tests/integration tests/browser -m "not realtime" -n 2 --dist loadfile $(ARGS)
	@$(BIN)/python -m tests.support.twice tests/unit tests/integration tests/browser -m realtime $(ARGS)

faults: setup ## kill, cut, fill and overload everything in the middle of a talk
	@$(BIN)/python -m tests.support.twice tests/faults $(ARGS)

unit: setup ## only the unit tests: seconds
	@$(BIN)/python -m pytest tests/unit $(ARGS)

check: setup ## format, lint, types of Python and of scripts, import rows; silent when all is well
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m tests.support.npm
	@$(BIN)/python -m pytest -q --no-header tests/unit/test_rows.py > .venv/rows.log 2>&1 || { cat .venv/rows.log; exit 1; }

fmt: setup ## format and mend what can be mended
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: setup ## measure: audio, stage, fan-out, TLS, a crowd; prints ratios; three quarters of an hour
	@for part in audio stage fanout tls crowd; do $(BIN)/python -m bench.$$part $(ARGS) || exit 1; done

docs: setup ## check the documents: links, settings, texts
	@$(BIN)/python -m pytest -q tests/unit/test_docs.py

screenshots: setup browser ## take the pictures of the documents; ARGS="--every-look" takes all pages in all widths, to review
	@$(BIN)/python -m tests.support.screenshots $(if $(findstring --every-look,$(ARGS)),.venv/screenshots,docs/images) $(ARGS)

lock: ## resolve the versions again (needs the network)
	@for set in "run:" "dev:--group dev"; do \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --quiet pyproject.toml $${set#*:} -o requirements/$${set%%:*}.txt; done

clean: ## remove what set-up made, and the demo's data
	@rm -rf .venv data web/node_modules src/stentor/edge/static/vendor .mypy_cache .ruff_cache .pytest_cache
