# Two commands matter: `make demo` and `make test`. Both set the project up first when needed.
PYTHON ?= python3
VENV ?= .venv
STAMP := $(VENV)/.setup-$(shell cat requirements.lock pyproject.toml scripts/setup.sh | cksum | cut -d' ' -f1)
RUN := $(VENV)/bin

.PHONY: demo setup test test-long test-sdks lint lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" STAMP="$(STAMP)" bash scripts/setup.sh

demo: setup
	@$(RUN)/appwitness demo $(DEMO_ARGS)

test: setup
	@$(RUN)/python -m pytest $(TEST_ARGS)

test-long: setup
	@$(RUN)/python -m pytest -m long $(TEST_ARGS)

# For development: fetches SDKs from npm into tests/sdks/node_modules. Without npm the tests say why they skip.
test-sdks: setup
	@! command -v npm >/dev/null || npm ci --prefix tests/sdks --ignore-scripts --no-audit --no-fund --silent
	@$(RUN)/python -m pytest -rs -m long tests/sdks $(TEST_ARGS)

lint: setup
	@$(RUN)/ruff check . && $(RUN)/ruff format --check . && $(RUN)/mypy

lock:
	uv pip compile --universal --python-version 3.11 --extra dev pyproject.toml --no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	@sed -i '1i # Made by `make lock`; one file for every supported Python. Do not edit by hand.' requirements.lock

clean:
	rm -rf $(VENV)
