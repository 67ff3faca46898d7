# Two commands matter: `make run` and `make test`. Both set up what they need and are quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Servers are started some hundred times by the tests: what was compiled once is kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check bench proto setup setup-dev clean

run: setup
	@$(BIN)/syrinx serve

# In two parts: what drives a browser, or looks for what is left behind, wants the machine for itself, the rest shares
# it. Journeys come before the page, whose browser stays open, and with it an event loop. With ARGS it is one run of what
# they name: make test ARGS="tests/voices -x".
WORKERS ?= 4
test: setup-dev
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@PYTHONHASHSEED=0 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --ignore=tests/web --ignore=tests/audio/intake --ignore-glob="tests/journeys/*_in_the_browser.py"; shared=$$?; \
	$(BIN)/python -m pytest tests/audio/intake tests/journeys/*_in_the_browser.py tests/web; alone=$$?; \
	if [ $$shared -ne 0 ] || [ $$alone -ne 0 ]; then echo "make test: there were failures (see both parts above)"; exit 1; fi
endif

check: setup-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -m docs

bench: setup-dev
	@for table in bench/*.py; do echo "== $$table"; $(BIN)/python $$table || exit 1; done

proto: setup-dev
	@cd src && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. syrinx/engines/hosts/engine.proto

setup: $(VENV)/run.ready

setup-dev: $(VENV)/dev.ready

$(VENV)/run.ready: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"Syrinx needs Python 3.11 or newer, this is {sys.version.split()[0]}: make PYTHON=python3.11 run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up (Python packages only, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev.ready: $(VENV)/run.ready requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache
