# One command for each chore, the same for people and for CI. `make demo` and `make test` set up everything they need.
PYTHON ?= python3
export GOMP_SPINCOUNT ?= 10000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_TEST := $(VENV)/.ready-test
VIEWER := $(shell find viewer/src viewer/*.json viewer/*.ts -type f -not -name document.ts -not -name page-words.ts)

.PHONY: demo studio test check format types docs pictures site dist bench clean

demo: $(READY)  ## explain the embedded photographs; writes demo/report/index.html
	$(BIN)/deepro demo photos --out demo

studio: $(READY)  ## the demo's workspace in the browser, live
	test -d demo || $(BIN)/deepro demo photos --out demo
	$(BIN)/deepro studio demo --model builtin:efficientnet-lite0

test: $(READY_TEST)  ## everything CI checks
	sh scripts/get-chromium.sh $(BIN)/playwright
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

check: $(READY_TEST)  ## format, lint, types, the viewer's own tests
	$(BIN)/ruff format --check src tests benchmarks docs hatch_build.py
	$(BIN)/ruff check src tests benchmarks docs hatch_build.py
	$(BIN)/pyright
	$(BIN)/python hatch_build.py

format: $(READY_TEST)  ## rewrite files as `check` wants them
	$(BIN)/ruff format src tests benchmarks docs hatch_build.py
	$(BIN)/ruff check --fix src tests benchmarks docs hatch_build.py

types: $(READY_TEST)  ## the viewer's types, from the Python models
	$(BIN)/python -m deepro.render.tables viewer/src/generated
	$(BIN)/python -c 'import hatch_build; hatch_build.types(hatch_build.Path())'

docs: $(READY)  ## the reference from the code: docs/methods/, docs/gallery.md, docs/commands.md, docs/api.md
	$(BIN)/python docs/make_reference.py

pictures: $(READY)  ## the pictures of the methods that have none yet, by the lines of docs/methods.toml
	$(BIN)/python docs/scenes.py

site: $(READY_TEST)  ## the documentation as a site that opens from disk: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict -q

dist: $(READY_TEST)  ## wheel and sdist, checked, the wheel installed in a fresh environment where the demo runs
	$(BIN)/python scripts/make_dist.py

bench: $(READY_TEST)  ## ratios to the bare pass or to a peer, in the same run
	for file in $(filter-out benchmarks/sweep.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$file || exit 1; done

clean:  ## remove what make made
	rm -rf $(VENV) demo site dist viewer/node_modules

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Deepro needs Python 3.11 or newer: make PYTHON=python3.11"'
	$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml hatch_build.py $(VIEWER) | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e .
	touch $@

$(READY_TEST): $(READY)
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e '.[test,docs]'
	touch $@
