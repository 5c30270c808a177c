# Every target sets up what it needs in an environment and reuses it the next time.
#   PYTHON=python3.13 VENV=.venv313   another Python, in an environment of its own
#   OUT=folder                        where the report goes: folder/_build/html
PYTHON ?= python3
VENV ?= .venv
OUT ?= book
PORT ?= 8000
DASHBOARD_PORT ?= 8866
HOST ?= localhost
BASE_URL ?= /
CERTIFICATE ?=
KEY ?=
REPORT ?= $(if $(wildcard $(SITE)/index.html),$(SITE))

BIN := $(abspath $(VENV))/bin
READY := $(VENV)/.ready
SITE := $(OUT)/_build/html
LINKS := $(OUT)/_build/links
export PATH := $(BIN):$(PATH)

.PHONY: site dashboard test library lowest coverage lint dist serve pdf social pictures linkcheck bench
.PHONY: visitors page-speed dashboard-load collection lock runtime clean

site: $(READY)
	@echo "Building the report ..."
	$(BIN)/jupyter-book build . --path-output $(OUT) -W --keep-going -q
	@echo "Done. Open $(abspath $(SITE))/index.html, or run: make serve"

# HOST=0.0.0.0 lets other machines in: a class on one network. BASE_URL=/music is for a proxy.
# CERTIFICATE=file.pem KEY=file.pem serve by https. Answers link to the report that "make site" built.
dashboard: $(READY)
	@$(BIN)/audionome dashboard --host $(HOST) --port $(DASHBOARD_PORT) --base-url $(BASE_URL) \
	  $(if $(CERTIFICATE),--certificate "$(CERTIFICATE)") $(if $(KEY),--key "$(KEY)") \
	  $(if $(REPORT),--report "$(REPORT)") $(if $(MODEL),--model "$(MODEL)")

serve: site
	@echo "The report: http://localhost:$(PORT)  (stop it with Ctrl-C)"
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

# These three need Chromium.
pdf: site
	$(BIN)/python book/printing.py pdf --site $(SITE)

social: $(READY)
	$(BIN)/python book/printing.py social

# The app's answer to one recording, for the README and the home page.
pictures: $(READY)
	$(BIN)/python book/pictures.py

# Asks every address in the book whether it still answers; the only command that needs the network.
# In a folder of its own, or its report would lie in the site.
linkcheck: $(READY)
	@$(BIN)/jupyter-book build . --path-output $(LINKS) --builder linkcheck -q || \
	  { echo "What did not answer, and why: $(LINKS)/_build/html/output.txt"; exit 1; }

# All that this machine can do: what is skipped, and why, stands at the end.
# Three at a time keep two cores busy: many tests wait for a browser or a server.
PYTEST = $(BIN)/pytest -n 3 --dist loadfile $(PYTEST_FLAGS)
test: lint site
	AUDIONOME_SITE=$(SITE) $(PYTEST)

# The tiers that need no page, no browser and no server: for a second Python.
TIERS = library or lab
library: $(READY)
	$(PYTEST) -m "$(TIERS)"

# What `make test` runs, and which lines ran. Started processes are not counted.
coverage: PYTEST_FLAGS += --cov --cov-report=term --cov-report=xml
coverage: test

# What an index gets: sdist and wheel, into dist/.
dist: $(READY)
	rm -rf dist
	$(BIN)/uv build --quiet -b constraints.txt --out-dir dist

# The lowest versions that pyproject.toml allows, in an environment of their own. The tests that
# start the program again and again are left to the three Pythons.
LOWEST := .venv-lowest
lowest: $(READY)
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python -b constraints.txt \
	  --resolution lowest-direct -e '.[report,test]'
	$(LOWEST)/bin/pytest -n 3 --dist loadfile $(PYTEST_FLAGS) -m "$(TIERS)" \
	  $(addprefix --ignore tests/library/test_,batch.py cli.py failures.py)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Audionome needs Python 3.11 or newer; run: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -b constraints.txt \
	  -e '.[report,test]'
	@touch $(READY)

# essentia is installed for this alone, in an environment of its own. About 8 minutes; PARTS=...
# runs some of extractors, lengths, answers, formats, workers and scale.
bench: $(READY)
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python -c constraints.txt \
	  -b constraints.txt -e '.[cluster,collections,dashboard,lab]' librosa essentia
	PATH="$(abspath $(BIN)):$$PATH" .venv-bench/bin/python benchmarks/bench.py $(PARTS)

# 1, 5 and 15 visitors on the dashboard at once; needs Chromium. About 2 minutes.
visitors: $(READY)
	$(BIN)/python benchmarks/visitors.py

# 300 files in one session: how quick the page stays, and what it and its kernel take; needs
# Chromium. About 5 minutes.
dashboard-load: $(READY)
	$(BIN)/python benchmarks/dashboard.py

# 2 000 files of all formats, killed three times and resumed; one process beside two; 100 000 tiny
# files. About 20 minutes.
collection: $(READY)
	$(BIN)/python benchmarks/collection.py

# How fast the page listens, beside Python; needs Chromium. About a minute.
page-speed: site
	$(BIN)/python benchmarks/page.py --site $(SITE)

# The runtime of the pages that listen, which lies in the repository; needs the network.
runtime: $(READY)
	$(BIN)/python book/runtime.py 1.24.3

# Exact versions of everything, for every platform; no addresses of package servers. What is locked
# stays as it is where it can (make lock UPGRADE=--upgrade renews all). All extras but "deep": PyTorch
# for Linux comes with gigabytes for graphics cards, and only a new training of the small network
# needs it.
# onnxruntime: the last that sends no usage data (later ones send it unless told not to, which
# models/ear.py does), and for Macs with Intel's processors the last that there is.
INTEL_MAC := sys_platform == "darwin" and platform_machine == "x86_64"
NOT_INTEL_MAC := sys_platform != "darwin" or platform_machine != "x86_64"
lock: $(READY)
	printf '%s\n' uv hatchling 'jupyterlab>=4.3' 'onnxruntime>=1.24,<1.29 ; $(NOT_INTEL_MAC)' \
	  'onnxruntime<1.24 ; $(INTEL_MAC)' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --extra report --extra test --no-emit-index-url --no-emit-find-links --no-annotate --no-header $(UPGRADE) \
	  pyproject.toml - -o constraints.txt

clean:
	rm -rf $(VENV) .venv-* $(OUT)/_build dist .coverage* coverage.xml \
	  .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
