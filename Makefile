# The only way anything is run, by people and by CI. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
# Compiled files are kept also where the environment asks for none: a house starts in two thirds of the time.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup browser caches players peers live test faults fuzz proof-api proof-certificate proof-counts proof-fuzz proof-nights proof-seams proof-verdict unit check fmt bench docs screenshots pictures lighthouse lock sbom proof-install clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv with locked packages, front-end parts and .venv/bin/stentor

# The stamp goes first: where a step fails none is left, and the next call makes .venv anew instead of going on with half of one.
$(STAMP): pyproject.toml hatch_build.py requirements/dev.txt web/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stentor needs Python 3.11 or newer: set PYTHON=python3.11."; exit 1; }
	@test -e $@ && $(PIP) --version > /dev/null || $(PYTHON) -m venv --clear .venv || { echo "Cannot make .venv: on Debian, install python3-venv."; exit 1; }
	@rm -f $@
	@echo "Installing locked packages into .venv (about a minute, once) …"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@echo "Installing Stentor and its front-end parts …"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PIP) check > .venv/check.log || { cat .venv/check.log; echo "Packages of an older lock are in the way, or the lock is wrong: the next 'make setup' begins with an empty .venv."; exit 1; }
	@touch $@

browser: setup ## make sure that Chromium, Firefox, coturn and nftables are there (Debian's), as root
	@$(BIN)/python -m tests.support.chromium --install
	@$(BIN)/python -m tests.support.firefox --install
	@$(BIN)/python -m tests.support.turn --install

caches: setup ## make sure that nginx, Varnish, pebble, minisign, ssh-keygen and Prometheus are there (Debian's), as root
	@$(BIN)/python -m tests.support.caches --install
	@$(BIN)/python -m tests.support.pebble --install
	@$(BIN)/python -m tests.support.signatures --install
	@$(BIN)/python -m tests.support.prometheus --install

players: setup ## make sure that GStreamer, mpv, VLC, mplayer, nginx's RTMP module, Icecast and srt-live-transmit are there (Debian's), as root
	@$(BIN)/python -m tests.support.players --install
	@$(BIN)/python -m tests.support.receivers --install

peers: setup ## fetch what others speak our protocols with, from npm, PyPI and Debian: Fedify, Bluesky's server, masto, toot, fediverse-pasture, mastodon-mock, snac2
	@$(BIN)/python -m tests.support.peers

live: setup ## start everything with two recorded voices on the stage; Ctrl-C ends it in order
	@exec $(BIN)/stentor demo --data data $(ARGS)

# In the order of the folders: what is quick comes last, and all processes end at about the same time. They mostly wait.
# The rows of imports have been checked before.
test: setup browser caches players peers check ## set up, check, and run all tests but the faults
	@$(BIN)/python -m tests.support.twice tests --ignore tests/faults --ignore tests/install --ignore tests/unit/test_rows.py -m "not realtime" -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)
	@$(BIN)/python -m tests.support.twice tests --ignore tests/faults -m realtime -n 2 --dist loadfile $(ARGS)

faults: setup ## kill, cut, fill and overload everything in the middle of a talk
	@$(BIN)/python -m tests.support.twice tests/faults $(ARGS)

fuzz: setup ## fuzz everything that is parsed: a minute for each kind (chunks, documents, SDP, HTTP) with a fixed seed
	@$(BIN)/python -m tests.fuzz.run --seconds 12 $(ARGS)

proof-seams: setup ## splice a thousand seams between hold music and a talk, and measure what is heard; ten minutes
	@$(BIN)/python -m tests.support.seams $(ARGS)

proof-verdict: setup ## judge 9,000 nights whose truth is known, and write docs/reference/verdicts.md; a quarter of an hour
	@$(BIN)/python -m tests.support.proof abe0f28fa5b4013ed19606745bf60d635b413e7a=6000 --recorded 3000 $(ARGS)

proof-nights: setup ## do forty nights with real listeners and senders, and write docs/reference/nights.md; half an hour
	@$(BIN)/python -m tests.support.real_nights $(ARGS)

proof-certificate: setup ## rehearse to 60, 80 and 95 % of an edge whose places or processor an overload finds, and write docs/reference/certified.md; a quarter of an hour
	@$(BIN)/python -m tests.support.certified $(ARGS)

proof-counts: setup caches ## count real crowds at 1, 2 and 8 edges beside their own ledger, and write docs/reference/counted.md; a quarter of an hour
	@$(BIN)/python -m tests.support.counted $(ARGS)

proof-api: setup ## ask a real house everything that the API's description allows, as four callers; half an hour
	@$(BIN)/python -m tests.support.api $(ARGS)

proof-fuzz: setup ## an hour of fuzzing, shared by the cores; ARGS="--seed 2 --corpus DIR" for another, kept
	@$(BIN)/python -m tests.fuzz.run --seconds 150 $(ARGS)

unit: setup ## only the unit tests: seconds
	@$(BIN)/python -m pytest tests/unit $(ARGS)

check: setup ## format, lint, types of Python and of scripts, import rows; silent when all is well
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m tests.support.npm
	@$(BIN)/python -m pytest -q --no-header tests/unit/test_rows.py tests/unit/support/test_patience.py > .venv/rows.log 2>&1 || { cat .venv/rows.log; exit 1; }

fmt: setup ## format and mend what can be mended
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: setup ## measure stage, requests, evidence, TLS, fan-out and a crowd; writes the tables and plots of the documents; 20 minutes
	@$(BIN)/python -m bench $(ARGS)

docs: setup .venv-docs/.ready ## check the documents, and make a site of them with search and the API, in build/site
	@$(BIN)/python -m pytest -q tests/unit/test_docs.py
	@.venv-docs/bin/python tools/site.py

.venv-docs/.ready: requirements/docs.txt
	@$(PYTHON) -m venv --clear .venv-docs
	@.venv-docs/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements/docs.txt
	@touch $@

screenshots: setup browser ## take the pictures of the documents; ARGS="--every-look" takes all pages in all widths, to review
	@$(BIN)/python -m tests.support.screenshots $(if $(findstring --every-look,$(ARGS)),.venv/screenshots,docs/images) $(ARGS)

pictures: setup browser ## take the twelve main screens anew, wide and narrow, light and dark; ARGS="front live" takes those
	@$(BIN)/python -m tests.support.screens $(ARGS)

lighthouse: setup browser ## let Lighthouse judge front page, live talk and replay, and keep its scores; three minutes
	@$(BIN)/python -m tests.support.lighthouse $(ARGS)

# With extras and hashes, to be installed without resolving; constraints are the same versions, for pip takes neither there.
compile = $(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url --quiet pyproject.toml
lock: ## resolve the versions again, keeping those that still fit (needs the network)
	@$(compile) --generate-hashes --no-strip-extras --group dev -o requirements/dev.txt
	@$(compile) --generate-hashes --no-strip-extras --constraints requirements/dev.txt -o requirements/run.txt
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url --quiet --generate-hashes requirements/docs.in -o requirements/docs.txt
	@$(compile) --extra captions --constraints requirements/dev.txt -o requirements/constraints.txt

client: setup ## make the typed Python client of the API in build/client, from its description
	@$(BIN)/python -m tests.support.python_client build/client

sbom: setup ## list all parts with versions, hashes and licences (CycloneDX) in dist/stentor.cdx.json
	@$(BIN)/python -m tests.support.sbom dist/stentor.cdx.json

proof-install: setup ## install in many ways: old and new pip, each Python, root and not, newer releases; 20 minutes
	@$(BIN)/python -m pytest tests/install $(ARGS)

clean: ## remove what set-up made, and the demo's data
	@rm -rf .venv .venv-docs build data web/node_modules src/stentor/*/static/vendor .mypy_cache .ruff_cache .pytest_cache
