# `make demo` and `make test` need nothing but Python 3.11 or later (and make): the first call
# sets up .venv, with uv if it is installed and else with python3's own venv and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A file's tests stay together: they share servers and what is published there. Files come in their own order: by the
# number of their tests those would come last that have few, and take long.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# Tests start Python hundreds of times: compiling everything each time would take longer than the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-real lint format completions docs wasm-runtime wasm-prepared bench clean

help:
	@echo "make demo         a Python module as a SpacetimeDB database, from init to generated client"
	@echo "make test         the tests, but for the long ones"
	@echo "make test-real    the tests that need real SpacetimeDB servers (STDBPY_TEST_SERVERS=folder,"
	@echo "                  and STDBPY_TEST_SMOKETESTS=folder for SpacetimeDB's own smoketests), and all long ones"
	@echo "make lint         ruff, mypy --strict, import-linter"
	@echo "make format       let ruff format and fix"
	@echo "make completions  write the completion scripts of shells from the commands"
	@echo "make docs         the documentation, as a web site in build/docs"
	@echo "make wasm-runtime CPython for WebAssembly, from source, into the package (Linux on x86-64, 15 minutes)"
	@echo "make wasm-prepared of that only the part with stdbpy's own modules, which changes with them (seconds)"
	@echo "make bench        the benchmarks"
	@echo "make clean        remove .venv and caches"

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "stdbpy needs Python 3.11 or later, and '$(PYTHON)' is not installed. Install Python, or name it: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stdbpy needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
		uv pip install --quiet --python $(BIN)/python --editable '.[server]' --group dev; \
	else \
		$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' has no venv module. On Debian and Ubuntu: apt install python3-venv. Or install uv." >&2; exit 1; }; \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server]' --group dev; \
	fi
	@touch $@

demo: $(READY)
	@$(BIN)/python -m stdbpy.cli.demo

test: $(READY)
	@$(BIN)/python -m pytest $(PARALLEL)

test-real: $(READY)
	@test -n "$$STDBPY_TEST_SERVERS" || { echo "Set STDBPY_TEST_SERVERS to a folder with the real servers (spacetimedb-standalone-2.8.3, ...)." >&2; exit 1; }
	@STDBPY_TEST_LONG=1 $(BIN)/python -m pytest -m 'real or long' $(PARALLEL)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

completions: $(READY)
	@$(BIN)/python -m stdbpy.cli.completion

docs: $(READY)
	@$(BIN)/python -c 'import mkdocstrings' 2>/dev/null || if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --group docs; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --group docs; \
	fi
	@$(BIN)/python docs/command_reference.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

wasm-runtime: $(READY)
	@$(BIN)/python -m runtime

wasm-prepared: $(READY)
	@$(BIN)/python -m runtime.prepared_runtime

bench: $(READY)
	@$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
