# Everything a developer does, one word each; `make` alone lists them. A fresh machine needs Python 3.11 or
# newer, git, make and the package registries. Packages come hash-pinned from the lock files into .venv;
# tools and caches live outside the checkout.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
# Many tests wait for processes of their own; more than a few at once starve each other on a small machine.
SIDE_BY_SIDE ?= 2
# CI leaves out nothing; a developer waits for the long tests when something near them has changed.
ALL ?= $(CI)
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/quantum-governance-gateway
BIN := .venv/bin
SAY := @printf '\n── %s\n'
LEFT_OUT := $(if $(filter true,$(ALL)),,-m "not long")

export RUFF_CACHE_DIR := $(CACHE)/ruff
export MYPY_CACHE_DIR := $(CACHE)/mypy
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis
export UV_NO_PROGRESS := 1
# Without it the first start of everything compiles everything, and where writing bytecode is off, every start.
export UV_COMPILE_BYTECODE := 1

.PHONY: help setup demo serve fakes test check fix drill differential bench docs lock

help: ## list what can be asked for
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.dev ## install everything for development into .venv
	$(SAY) 'ready: .venv/bin/gateway --help'

demo: .venv/.runtime ## run the whole story once, with the stock IBM SDK, and print it
	$(SAY) 'demo: the environment of the unmodified IBM SDK'
	$(BIN)/python tests/tools.py install sdk-ibm-newest
	$(SAY) 'demo: the story'
	$(BIN)/python deploy/demo/run.py --sdk "$$($(BIN)/python tests/tools.py where sdk-ibm-newest)"

serve: .venv/.runtime ## run a gateway on this machine, with its state in .gateway
	@test -d .gateway || $(BIN)/gateway init
	$(BIN)/gateway serve

fakes: .venv/.dev ## run fakes of the three vendors, and make a gateway's deployment for them in .fakes
	$(BIN)/python -m tests.drill.trial $(FAKES)

test: check ## run the checks and the tests; ALL=true runs the long ones too, as CI does
	$(SAY) 'test: the external tools of tests/tools.toml'
	$(BIN)/python tests/tools.py install
	$(SAY) 'test: pytest, $(if $(LEFT_OUT),without the long tests (ALL=true runs them too),all tests)'
	$(BIN)/python -m pytest $(LEFT_OUT) -n $(SIDE_BY_SIDE) --dist loadfile --no-loadscope-reorder -o cache_dir="$(CACHE)/pytest"

check: .venv/.dev ## check style, types and import contracts
	$(SAY) 'check: ruff finds nothing'
	$(BIN)/ruff check .
	$(SAY) 'check: ruff would format nothing'
	$(BIN)/ruff format --check .
	$(SAY) 'check: mypy, strict'
	$(BIN)/mypy
	$(SAY) 'check: import contracts'
	$(BIN)/lint-imports --cache-dir "$(CACHE)/import-linter"

fix: .venv/.dev ## mend style and formatting where a program can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

drill: .venv/.dev ## lose answers, kill the gateway, take vendors away, and write the pages of what came of it
	$(SAY) 'drill: 10 000 submissions, faults at every step, the gateway killed 200 times'
	$(BIN)/python -m tests.drill.exactly_once --page
	$(SAY) 'drill: each vendor away for two minutes, in three ways, under load'
	$(BIN)/python -m tests.drill.outage --vendors ionq,ibm --page

differential: .venv/.dev ## let both policy engines decide 10 000 generated submissions, and compare
	$(BIN)/python -m tests.policy.differential --count 10000

bench: .venv/.dev ## measure all, or what WHAT names, and publish it in docs/reference/benchmarks.md
	$(BIN)/python -m tests.bench --page $(WHAT)

docs: .venv/.dev ## write the reference pages that are made from code
	$(BIN)/python docs/generate.py

lock: .venv/.dev ## choose newest versions and write every lock file anew
	$(SAY) 'lock: no registry address and no machine path ends up in a lock file'
	$(BIN)/python tests/lock.py

# ── how .venv comes about ────────────────────────────────────────────────────────────────────────
# Each stamp is touched last, so that an interrupted installation is done again.

.venv/.bootstrap: requirements-bootstrap.lock
	$(SAY) 'setup: a virtual environment in .venv'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, $(PYTHON) is " \
	  + sys.version.split()[0] + "; say which one with make PYTHON=…")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@touch $@

.venv/.runtime: .venv/.bootstrap requirements.lock pyproject.toml
	$(SAY) 'setup: the packages the gateway runs with'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q gateway adapters
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	$(SAY) 'setup: the packages it is developed with'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
