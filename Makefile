# neo-usage: `make demo` to see it, `make check`, `make test` and `make test-slow` to change it.
PYTHON ?= python3
BIN := .venv/bin

# a lock names no host, and holds what it holds whoever makes it
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: setup demo test test-slow cover check sbom release soak bench lock clean

setup: .venv/.installed

# --without-pip and pip's --python need no ensurepip and disturb no system Python
.venv/.installed: requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r requirements-dev.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q bot # as pip does with all but an editable install
	touch $@

demo: setup
	@$(BIN)/neo-usage demo

# tests and benchmarks start interpreters by the dozen: what was compiled once is kept
test test-slow cover soak bench: export PYTHONDONTWRITEBYTECODE =

test: setup
	$(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

# one test in twelve, and of the whole app on PostgreSQL every other one; together they take longer than all others
test-slow: setup
	$(BIN)/python -m pytest -m slow -n auto --dist worksteal

cover: setup
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml deploy/compose.http.yaml
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml
	deploy/systemd/verify

# what a production install consists of, as CycloneDX; checked against its schema before it is written
SBOM ?= dist/neo-usage.cdx.json
sbom: setup
	mkdir -p $(dir $(SBOM))
	project=$$(mktemp -d) && trap 'rm -r "$$project"' EXIT && trap 'exit 1' INT TERM && \
	sed "s/^dynamic = \[\"version\"\]/version = \"$$($(BIN)/python -c 'import bot; print(bot.__version__)')\"/" pyproject.toml \
		>"$$project/pyproject.toml" && \
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/cyclonedx-py requirements requirements.lock \
		--pyproject "$$project/pyproject.toml" --output-reproducible --validate -o $(SBOM)

# a new version: make release VERSION=0.2.0
release: setup
	@$(BIN)/python deploy/release.py $(VERSION)

# a thousand rounds of the attack on the outbox, four weeks in which all breaks, then what `make test` only samples
soak: setup
	$(BIN)/python -m tests.outbox.soak
	$(BIN)/python -m tests.service.weeks
	THOROUGH=1 $(BIN)/python -m pytest -n auto --dist worksteal --timeout 900

bench: setup
	$(BIN)/python -m benchmarks

# requirements.lock is what a production install needs, requirements-build.lock what makes the wheel of the image;
# the other adds what the project is tested with, at the same versions
lock: setup
	$(BIN)/$(COMPILE) pyproject.toml --group dev --extra postgres -o requirements-dev.lock
	$(BIN)/$(COMPILE) pyproject.toml --extra postgres --constraint requirements-dev.lock -o requirements.lock
	echo hatchling | $(BIN)/$(COMPILE) - --constraint requirements-dev.lock -o requirements-build.lock

clean:
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
