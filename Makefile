# neo-usage: `make demo` to see it, `make test` and `make check` to change it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test cover check soak bench lock clean

setup: .venv/.installed

# --without-pip and pip's --python need no ensurepip and disturb no system Python
.venv/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	@$(BIN)/neo-usage demo

test: setup
	$(BIN)/python -m pytest -n auto

cover: setup
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

soak: setup
	$(BIN)/python -m tests.outbox.soak

bench: setup
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/uv pip compile pyproject.toml --quiet --extra test --extra postgres --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
