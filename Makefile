# Everything a newcomer needs: make demo, make test. The rest is the `jarvis` command (make help).
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core-installed
DEV := $(VENV)/.dev-installed
ROOMS := jarvis agents tools prompts migrations evals

# Without byte code each of many processes would compile everything it imports: 6 s instead of 2.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check format bench evals flakes chaos fuzz mutations lock system clean wheel new-vendor new-noun new-role growth

help:            ## What can be made here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(VENV)/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "Jarvis needs CPython 3.11 with venv ($(PYTHON) was not found; set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(CORE): $(VENV)/bin/uv deploy/requirements/core.txt pyproject.toml
	$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r deploy/requirements/core.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m compileall -q -j 0 $(ROOMS)
	@touch $@

$(DEV): $(CORE) deploy/requirements/dev.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r deploy/requirements/core.txt -r deploy/requirements/dev.txt
	@touch $@

demo: $(CORE)    ## Start everything on this machine and open the desk (ARGS="--port 8080 --no-browser")
	@exec $(BIN)/jarvis demo $(ARGS)

system:          ## Install a browser for the tests of pages, when this machine allows it
	@bash deploy/system-packages.sh

test: $(DEV) system  ## Set up and run everything: tests, suites, a small storm; ARGS="-m 'not slow'" is the core alone
	@bash deploy/run-tests.sh $(ARGS)

check: $(DEV)    ## Format, lint, types, layers, house rules, the wheel
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	bash deploy/check-wheel.sh

new-vendor: $(DEV) ## Folders of a new outside system (NAME=acme TITLE="Acme"); docs/growth.md goes on from there
	$(BIN)/python deploy/scaffold.py vendor "$(NAME)" $(if $(TITLE),--title "$(TITLE)",)

new-noun: $(DEV)   ## Folders of a new noun of the business (NAME=parcels)
	$(BIN)/python deploy/scaffold.py noun "$(NAME)" $(if $(TITLE),--title "$(TITLE)",)

new-role: $(DEV)   ## Folders of a new role that talks (NAME=courier)
	$(BIN)/python deploy/scaffold.py role "$(NAME)" $(if $(TITLE),--title "$(TITLE)",)

growth: $(DEV)     ## The unit, feature and contract tests and the checks of a copy with one more vendor, noun and role
	@bash deploy/growth.sh

format: $(DEV)   ## Format and fix what can be fixed
	$(BIN)/ruff check --fix -q . || true
	$(BIN)/ruff format .

bench: $(DEV)    ## Measure our figures side by side and keep them (ARGS="ingest answers" for some, which are not kept)
	@bash deploy/load-generator.sh
	@$(BIN)/python -m benchmarks $(or $(ARGS),--keep)

evals: $(DEV)    ## All suites, or some (ARGS="bookings"); MODEL=openai:NAME runs them with a real model
	$(BIN)/python -m evals $(if $(MODEL),--model $(MODEL),) $(ARGS)

fuzz: $(DEV)     ## Throw rubbish at every border, thousands of new pieces a test (ARGS="-k webhook" for some)
	@$(BIN)/pytest -n 0 --timeout 3600 --hypothesis-profile=long tests/unit/test_borders.py tests/unit/test_arguments.py tests/features/test_borders.py $(ARGS)

mutations: $(DEV) ## Take each guard out of a copy of the source; its tests must go red
	$(BIN)/python -m tests.mutations

flakes: $(DEV)   ## The core suite five times beside a load of four busy processes: nothing may fail (ARGS=runs)
	@bash deploy/find-flakes.sh $(ARGS)

chaos: $(DEV)    ## Kill and freeze processes while people order writes (ARGS="--seed 7 --orders 60")
	@exec $(BIN)/jarvis chaos $(ARGS)

lock: $(VENV)/bin/uv  ## Write the locks anew
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 deploy/requirements/core.in -o deploy/requirements/core.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 deploy/requirements/dev.in -o deploy/requirements/dev.txt

clean:           ## Remove what make made here
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m jarvis.entrypoints.embedded .jarvis; fi
	rm -rf $(VENV) .jarvis dist
