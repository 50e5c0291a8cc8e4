# One word per intent. `make` alone lists them.
PYTHON ?= python3
RUN = .venv/bin/
# Of the tests with real parts, a third of whose time is waiting: one more than the cores of a small machine.
PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo run stop check test test-fast test-by-hand attack bench field mutants crash docs lock wheel image

help:           ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:          ## prepare this machine: dependencies, Docker Engine, images, the demo's repository and env files
	@$(PYTHON) -m setup

setup-tests: setup  ## what the tests need besides: a browser, Prometheus, Alertmanager, a registry, PostgreSQL
	@$(PYTHON) -m setup tests

demo: setup     ## release the example application, from a commit to production
	@$(RUN)tidegate demo

run: setup      ## start the Prefect server, the worker and the edge
	@$(RUN)tidegate run

stop:           ## stop what `make run` started; applications go on serving
	@$(RUN)tidegate stop

check: setup    ## style, types and import layers
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)mypy -p setup
	$(RUN)lint-imports

test: setup-tests  ## all tests: unit, flows in memory, contracts, integration, end to end in a browser, and the kills that peers do not survive
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target test-fast test-by-hand
	$(RUN)python -m pytest -n $(PROCESSES) --maxfail 8 --dist loadfile --no-loadscope-reorder --ignore $(BY_HAND) tests/e2e tests/crash tests/attacks tests/integration

test-fast:
	$(RUN)python -m pytest -n 2 --durations=10 tests/unit tests/flows

# Beside the fast ones, since it waits most of its time; not beside the others, which release the same application.
test-by-hand:
	$(RUN)python -m pytest $(BY_HAND)

attack: setup-tests  ## try to get in: the API, the worker, versions that nobody accepted, other stacks, hostile texts
	TIDEGATE_CRASH=whole $(RUN)python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/attacks

crash: setup-tests  ## kill at every step and take everything away, last the Docker engine with all containers; docs/reliability.md gets the table
	rm -rf $(ROWS)
	$(CRASH) $(RUN)python -m pytest -n 2 tests/flows
	$(CRASH) $(RUN)python -m pytest -n 2 --dist load tests/crash
	$(CRASH) $(RUN)python -m pytest $(BY_COMPOSE) $(BY_HAND)
	$(CRASH) $(RUN)python -m pytest -n 2 --dist loadfile $(LEFT_OUT)
	$(CRASH) TIDEGATE_STOP_ENGINE=yes $(RUN)python -m pytest tests/crash/test_engine_stops.py
	$(CRASH) $(RUN)python -m tests.crash.rows

bench: setup-tests  ## measurements, side by side with what one would otherwise use
	$(RUN)python -m bench

mutants: setup  ## how many small faults in flows/ and tasks/ the tests without an engine see: a sample
	$(PYTHON) -m venv --clear $(MUTANTS)
	$(MUTANTS)/bin/pip install --quiet --require-hashes -r bench/mutants.lock
	PYTHONPATH=. $(MUTANTS)/bin/python -m bench.mutants

field: setup-tests  ## applications of many kinds, from `tidegate init` to production and back; docs/field.md gets the tables
	$(RUN)python -m tests.field
	$(RUN)python -m tests.field.newcomer
	$(RUN)python -m tests.field.seeds

docs:           ## build this documentation as a site in dist/docs, to be read in a browser without a network
	@$(PYTHON) -m setup.docs_site

wheel: setup    ## build what `pipx install` and `uv tool install` take, in dist/
	@$(RUN)python -m setup.wheel

image: setup    ## build the image that compose.yaml runs
	@$(RUN)python -m setup.tool_image

lock: setup     ## compile the lock files anew, with hashes and without index addresses
	$(RUN)pip-compile $(COMPILE) --extra dev --extra demo --extra team --allow-unsafe -o requirements.lock pyproject.toml requirements.in
	$(RUN)pip-compile $(COMPILE) -o bench/mutants.lock bench/mutants.in
	$(RUN)pip-compile $(COMPILE) -o setup/docs.lock setup/docs.in
	$(RUN)pip-compile $(COMPILE) -o examples/cloudlens/base/requirements.txt examples/cloudlens/base/requirements.in

ROWS = .tidegate/crash-rows
MUTANTS = .tidegate/mutants-venv
# An application that runs by hand: beside it Tidegate refuses, as it should, the first release of the same one.
BY_HAND = tests/e2e/test_adoption.py
# Test files of which `make test` leaves something out: what is marked `crash_only`.
LEFT_OUT = tests/attacks/test_approval_is_about.py tests/e2e/test_acceptance.py tests/e2e/test_bad_commands.py tests/e2e/test_bad_input.py \
           tests/e2e/test_base.py tests/e2e/test_broken_releases.py tests/e2e/test_doors.py tests/e2e/test_environments.py \
           tests/e2e/test_further_repositories.py \
           tests/e2e/test_images_of_others.py tests/e2e/test_incidents.py tests/e2e/test_installed_tool.py tests/e2e/test_kept_ports.py tests/e2e/test_known_names.py \
           tests/e2e/test_newcomer.py tests/e2e/test_redis.py tests/e2e/test_releases.py tests/e2e/test_restore.py tests/e2e/test_rollback.py \
           tests/e2e/test_schedulers.py tests/e2e/test_shared_names.py tests/e2e/test_tool_image.py tests/e2e/test_two_databases.py tests/integration/test_backups.py \
           tests/integration/test_backups_prove.py tests/integration/test_contracts.py tests/integration/test_edge_replacing.py \
           tests/integration/test_few_questions.py tests/integration/test_found_databases.py tests/integration/test_interrupted_restores.py tests/integration/test_kept_ports.py \
           tests/integration/test_known_names.py tests/integration/test_migration_tools.py tests/integration/test_redis.py tests/integration/test_redis_interrupted.py \
           tests/integration/test_restoring.py
# The same with the example application.
BY_COMPOSE = tests/integration/test_example_app.py
CRASH = TIDEGATE_CRASH=whole TIDEGATE_CRASH_ROWS=$(ROWS)

COMPILE = --quiet --upgrade --generate-hashes --strip-extras --no-header \
          --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
