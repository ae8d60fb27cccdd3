# What a newcomer types. Every target sets up .venv if it is missing or older than the locks.
.DEFAULT_GOAL := help
PYTHON ?= python3
CORES ?= all
STUDY ?= official
SECONDS ?= 600
SEED ?= 1
BIN := .venv/bin
# Every package at a pinned version, its hash checked. uv takes seconds for what takes pip a minute, and is installed for
# that; but it does not read pip's configuration, so what it cannot install pip can perhaps.
INSTALL := install() { uv pip install --python $(BIN)/python --quiet --require-hashes -r $$1 || \
  $(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r $$1; }; install
export PATH := $(CURDIR)/$(BIN):$(PATH)
# A user's habit of pip's, which no virtual environment can follow.
export PIP_USER := 0
# Where there is no home to write caches to, in a container for example, the project is one.
ifneq ($(shell test -d "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.home
endif

LOCK := uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
  --no-header --quiet --output-file

.PHONY: help report compare demo docs test bench torture cross-cpu scaling mutants lint format lock clean

help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

report: $(BIN)/.ready  ## Fetch CIFAR-10, train everything, and build all pages (CORES=8 to choose)
	snakemake --cores $(CORES)

compare: $(BIN)/.ready  ## After make report: compare every number, outcome and prediction with docs/reference
	python -m bnlab compare-reference

demo: $(BIN)/.ready  ## The whole workflow offline, on generated data, in about a minute
	snakemake --cores $(CORES) demo

docs: $(BIN)/.documented  ## The documentation as a site in site/, offline; a broken link or a warning fails
	sphinx-build --quiet --fail-on-warning --keep-going -b html docs site
	@echo "Open $(CURDIR)/site/index.html"

test: $(BIN)/.tested  ## Run the tests
	pytest -n auto

bench: $(BIN)/.tested  ## Measure updates against other libraries, whole runs and memory (docs/performance.md)
	@test -e results/data/cifar10/manifest.json || snakemake --cores 1 results/data/generated/manifest.json
	python -m benchmarks.updates
	python -m benchmarks.parts
	python -m benchmarks.runs
	python -m benchmarks.memory

torture: $(BIN)/.tested  ## Kill, fill and collide at random: a disturbed study ends as one left alone (SECONDS=600 SEED=1)
	python -m tests.torture --seconds $(SECONDS) --seed $(SEED)

cross-cpu: $(BIN)/.tested  ## Train a small study under the BLAS kernels of several CPUs, and show what differs
	python -m tests.cross_cpu

scaling: $(BIN)/.tested  ## Simulate 1 to 512 cores (STUDY=official); after make bench and make report
	python -m benchmarks.dag
	python -m benchmarks.listing
	python -m benchmarks.around $(STUDY)
	python -m benchmarks.scaling $(STUDY)

mutants: $(BIN)/.tested  ## Change numerics, runs and claims in one place after another, and list what no test notices
	$(BIN)/pip install --quiet --disable-pip-version-check "mutmut>=3.8"
	mutmut run $(if $(filter all,$(CORES)),,--max-children $(CORES)) > mutants.log
	mutmut results

lint: $(BIN)/.tested  ## Check style, types and the workflow
	ruff check
	ruff format --check
	mypy
	lint-imports
	snakefmt --check Snakefile workflow
	snakemake --lint

format: $(BIN)/.tested  ## Format the code
	ruff check --fix
	ruff format
	snakefmt Snakefile workflow

lock: $(BIN)/.tested  ## Renew all locks from pyproject.toml, keeping the pins that still fit
	$(LOCK) requirements-uv.lock --group install
	$(LOCK) requirements.lock pyproject.toml
	$(LOCK) requirements-test.lock pyproject.toml --constraint requirements.lock --constraint requirements-uv.lock --group install --group build --group test --group lint
	$(LOCK) requirements-docs.lock pyproject.toml --constraint requirements-test.lock --group docs

clean:  ## Remove what the workflow made, the prepared data too, but not .venv
	@test ! -L results || { echo "results is a link to $$(readlink results): empty that folder yourself" >&2; exit 1; }
	git clean -fdxq results .snakemake

# A virtual environment names its folder in every script: in a project that was moved or copied, its commands are another
# tree's. So the file says where it was made.
ifneq ($(shell cat $(BIN)/.ready 2>/dev/null),$(CURDIR))
.PHONY: $(BIN)/.ready
endif

# What running needs; then this package, from where it stands. What every job imports is compiled once: some environments
# keep Python from storing bytecode by itself.
$(BIN)/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "bnlab needs Python 3.11 or later: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@test ! -s $@ || test "$$(cat $@)" = "$$(pwd -P)" || { echo "Renewing .venv, made in $$(cat $@)"; rm -rf .venv; }
	$(PYTHON) -m venv .venv
	@command -v uv > /dev/null || \
	  $(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r requirements-uv.lock
	$(INSTALL) requirements.lock
	@echo "$$(pwd -P)/src" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/bnlab.pth"
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m bnlab "$$@"\n' > $(BIN)/bnlab && chmod +x $(BIN)/bnlab
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import snakemake.cli, bnlab.gradients.gate, bnlab.report.study'
	@pwd -P > $@

# What tests and checks need beside it.
$(BIN)/.tested: $(BIN)/.ready requirements-test.lock
	$(INSTALL) requirements-test.lock
	@touch $@

# What the documentation's site needs beside it.
$(BIN)/.documented: $(BIN)/.ready requirements-docs.lock
	$(INSTALL) requirements-docs.lock
	@touch $@
