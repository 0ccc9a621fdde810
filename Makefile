# Every command sets up what it needs, once, from a bare clone: `make` lists them. Needs Python 3.11+, Node 20+ and bash.
# What is done leaves a mark in .venv/made, what it said lies in .cache/logs. Nothing is installed outside this folder,
# but for Debian's Chromium where root runs the browser tests.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
MADE := .venv/made
STEP := .ci/step

# The commands of .venv first.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
WEIGHTS := .cache/share/jupyter/qwen-magics/models

PACKAGES := labextension/node_modules/.yarn-state.yml
UI_PACKAGES := labextension/ui-tests/node_modules/.yarn-state.yml
EXTENSION_SOURCES := $(wildcard labextension/*.json labextension/bundle.config.js labextension/style/* labextension/schema/*) \
  $(shell find labextension/src -name '*.ts' -o -name '*.tsx')

.PHONY: help setup demo test lint pytest jest galata bench clean

help:  ## what can be done
	@sed -nE 's/^([a-z]+):.*##  *(.*)/make \1\t\2/p' Makefile | expand -t 14

setup: $(MADE)/extension $(MADE)/model  ## everything that the notebook needs

demo: setup  ## JupyterLab with the quickstart notebook, on a real model on this machine
	@exec jupyter qwen demo --folder .cache/demo -- $(if $(filter 0,$(shell id -u)),--allow-root) \
	  $(if $(filter none,$(BROWSER)),--no-browser) $(DEMO_FLAGS)

test: lint pytest jest galata  ## all checks and tests

lint: $(MADE)/extension $(UI_PACKAGES)  ## ruff, mypy, prettier, eslint, tsc
	@$(STEP) ruff ruff check .
	@$(STEP) mypy mypy
	@cd labextension && ../$(STEP) eslint jlpm lint:check

pytest: setup  ## Python's tests
	@$(STEP) -t 3 pytest python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_FLAGS)

jest: $(PACKAGES)  ## TypeScript's unit tests
	@cd labextension && ../$(STEP) -t 5 jest jlpm test

galata: setup $(UI_PACKAGES)  ## the tests in JupyterLab in Chromium
	@$(STEP) chromium .ci/chromium
	@trap 'JUPYTER_DATA_DIR="$(CURDIR)/.cache/ui-tests/data" jupyter qwen local stop >/dev/null || true' EXIT; \
	  CHROMIUM="$$(.ci/chromium)"; export CHROMIUM; cd labextension/ui-tests; ../../$(STEP) -t 1 galata jlpm test

bench: setup $(UI_PACKAGES)  ## the benchmarks, with their goals beside them
	@$(STEP) chromium .ci/chromium
	@CHROMIUM="$$(.ci/chromium)" python tests/bench

clean:  ## removes what was built and installed here; keeps the weights
	@rm -rf .venv .cache/logs .cache/demo dist qwen_magics/labextension labextension/lib \
	  labextension/node_modules labextension/ui-tests/node_modules labextension/ui-tests/test-results

# --- the steps of the set-up ---

$(MADE)/venv:
	@.ci/needs $(PYTHON)
	@$(STEP) venv $(PYTHON) -m venv .venv
	@mkdir -p $(@D) && touch $@

# The extension is built and linked by its own step; pip would copy an older one, or write through its link.
$(MADE)/python: pyproject.toml | $(MADE)/venv
	@rm -rf qwen_magics/labextension .venv/share/jupyter/labextensions/qwen-magics
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(STEP) pip python -m pip install --quiet -e '.[lab,local,test]'
	@touch $@

$(PACKAGES): labextension/package.json labextension/yarn.lock | $(MADE)/python
	@cd labextension && ../$(STEP) npm jlpm install --immutable
	@touch $@

$(UI_PACKAGES): labextension/ui-tests/package.json labextension/ui-tests/yarn.lock | $(MADE)/python
	@cd labextension/ui-tests && ../../$(STEP) npm-ui-tests jlpm install --immutable
	@touch $@

$(MADE)/extension: $(EXTENSION_SOURCES) $(PACKAGES) $(MADE)/python
	@cd labextension && ../$(STEP) build jlpm build:prod
	@$(STEP) link jupyter-builder develop . --overwrite
	@touch $@

# The weights outlive .venv; from there all its commands find them, as those of a hub find a shared folder.
$(MADE)/model: | $(MADE)/python
	@mkdir -p $(WEIGHTS) .venv/share/jupyter && ln -sfn ../../../.cache/share/jupyter/qwen-magics .venv/share/jupyter/
	@$(STEP) model .ci/model $(WEIGHTS)
	@touch $@
