# Every target sets up what it needs: `make run` and `make test` work on a fresh Debian or Ubuntu with Python 3.11, git and make.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python

.PHONY: help setup run test check bench lifecycle interpreters endurance screenshots format

help:
	@echo "make run          start Gatescope on its demo applications (without a display: the headless demo)"
	@echo "make test         every test"
	@echo "make check        style, types, spelling, import rules"
	@echo "make bench        the benchmarks: the proxy beside its peers, the probe beside OpenTelemetry, the store, a million exchanges"
	@echo "make lifecycle    what each mode does from its start to its stop, expected and seen (about 3 minutes)"
	@echo "make interpreters each mode under every other Python that is here (about 10 minutes)"
	@echo "make endurance    50 switches of mode and 100 kills under load (about 15 minutes)"
	@echo "make setup        only make .venv with the program in it"
	@echo "make screenshots  every page of the window as pictures, on real traffic, into .screenshots"
	@echo "make format       put the code into the house format"

setup: .venv/ready

.venv/ready: pyproject.toml .ci/make-venv .ci/system-libraries
	@.ci/system-libraries
	@.ci/make-venv
	@touch $@

run: setup
	@.venv/bin/gatescope demo

# Most of a test's time is waiting for servers and windows: twice as many processes as processors. Those that judge how
# long the window works at once run after the others, alone.
test: setup
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest -m "not alone" -n $$((2 * $$(nproc))) --dist worksteal
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest -m alone

check: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m codespell_lib app supervisor inspector resources tests *.md Makefile
	.venv/bin/lint-imports --no-logo

# Peers that are not installed are left out, and named: apt-get install wrk nginx-light haproxy for all of them.
bench: setup
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(PY) -m tests.bench.proxy_throughput
	$(PY) -m tests.bench.probe_cost
	$(PY) -m tests.bench.store_rate
	$(PY) -m tests.bench.million
	$(PY) -m tests.bench.lanes
	$(PY) -m tests.bench.ladder
	$(PY) -m tests.bench.death_latency

# One mode only: python -m tests.integration.lifecycle --mode MODE
lifecycle: setup
	$(PY) -m tests.integration.lifecycle

# Each gets a virtual environment, filled by pip; --keep FOLDER keeps them for the next time, --python 3.12 is only one.
interpreters: setup
	$(PY) -m tests.integration.interpreters

# Both print a seed; either command takes it back with --seed. wrk makes the load where it is installed.
endurance: setup
	QT_QPA_PLATFORM=offscreen $(PY) -m tests.endurance.switches
	QT_QPA_PLATFORM=offscreen $(PY) -m tests.endurance.kills

screenshots: setup
	$(PY) -m tests.screenshots --out .screenshots

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
