# Two commands do everything: `make demo` and `make test`; each sets up what it needs first.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.setup-done
C_FILES := $(shell find firmware_bridge tests examples -name '*.[ch]' -o -name '*.cc')
BUILT_FROM := setup.py $(filter firmware_bridge/%.c firmware_bridge/%.h,$(C_FILES))
JOBS   ?= $(shell nproc)
# Compiled once and kept beside the sources: pytest writes its asserts anew otherwise, in each process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-fast lint bench docs dist clean
help:
	@echo "make setup   virtual environment in $(VENV), system packages by apt where allowed"
	@echo "make demo    the whole pipeline on synthetic voices; ends with a report in demo/"
	@echo "make test    all tests"
	@echo "make test-fast  those that train, convert, compile and emulate nothing: a minute and a half"
	@echo "make lint    ruff, mypy, clang-format"
	@echo "make bench   speed and memory as ratios against named peers"
	@echo "make dist    sdist and wheel in dist/, installed into a fresh environment and tried there"
	@echo "make docs    the site, from docs/ into build/site"
	@echo "make clean   removes what the targets above made"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt .ci/setup.sh $(BUILT_FROM)
	@sh .ci/setup.sh "$(PYTHON)" "$(VENV)"
	@touch $@

demo: setup
	$(BIN)/edgeser run demo --out demo --fresh
	@echo "A model that ships, on one of these voices (synthetic: its label says nothing of people):"
	$(BIN)/edgeser predict pretrained "$$(ls demo/synthetic-voices/audio/* | head -n 1)"
	@echo "Open demo/report.html in a browser."

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder

test-fast: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder -m "not slow"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(C_FILES)

bench: setup
	$(BIN)/python -m benchmarks

dist: setup
	rm -rf dist
	$(BIN)/python -m build
	sh .ci/smoke.sh "$(PYTHON)" dist

docs: setup
	$(BIN)/edgeser reference commands > docs/commands.md
	$(BIN)/edgeser reference recipe > docs/recipe-keys.md
	$(BIN)/edgeser reference c-api > docs/c-api.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "Open build/site/index.html in a browser."

clean:
	rm -rf $(VENV) demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find edgeser quantize firmware_bridge -name '*.so' -delete
