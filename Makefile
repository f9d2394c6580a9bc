# make run · make test · make lint · make bench: each makes the environment first, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# With this allocator, where the machine has it, DuckDB takes a fifth to a third less for the small companies of tests.
JEMALLOC := $(firstword $(wildcard /usr/lib/*/libjemalloc.so.2 /usr/lib*/libjemalloc.so.2))

.PHONY: run test test-deep lint bench docs lock clean

run: $(VENV)/.installed
	$(BIN)/kpi demo

# What a person waits for: everything on DuckDB. With KPI_TESTS=all (.ci/run) on PostgreSQL and Spark, too, and against the
# reference with many more companies.
test: $(VENV)/.installed-dev
	LD_PRELOAD=$(JEMALLOC) $(BIN)/python -m pytest -n 2

# The reference against many more companies than a commit waits for: 5,000 by variants of the settings. Takes hours.
test-deep: $(VENV)/.installed-dev
	LD_PRELOAD=$(JEMALLOC) KPI_EXAMPLES=295 $(BIN)/python -m pytest -n 2 tests/python/test_reference.py

lint: $(VENV)/profiles/profiles.yml
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint models metrics tests/data

bench: $(VENV)/profiles/profiles.yml
	$(BIN)/python -m benchmarks.page

docs: $(VENV)/.installed-dev
	$(BIN)/python -m docs.generate_cli
	$(BIN)/python -m docs.generate_kpis

$(VENV)/.installed: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt requirements/postgres.txt requirements/spark.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/postgres.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/spark.txt
	touch $@

# The linter and the benchmark ask dbt without a profile of yours.
$(VENV)/profiles/profiles.yml: profiles.yml.example $(VENV)/.installed-dev
	mkdir -p $(@D)
	cp $< $@

# Leaves what was published: nothing can build that again.
clean:
	rm -rf $(VENV) warehouse/*.duckdb warehouse/*.wal warehouse/.*.building warehouse/.*.lock target logs

# Rewrites the pinned requirement files; needs uv (any way of installing it does).
lock:
	cd requirements && for name in run dev bench postgres spark; do uv pip compile --quiet --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-emit-index-url --no-header --no-strip-extras $$name.in -o $$name.txt; done
