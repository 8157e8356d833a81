# Every command of the project. `make demo` and `make test` need only Python 3.10+ and a C++20 compiler.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-quick test-core sanitize lint format bench bench-quick clean help

help: ## what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# The environment: made once, and again when what it is made from changes.
$(VENV)/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(PIP) torch
	$(PIP) "setuptools>=77" "pybind11>=3" wheel
	DECODEX_NO_CORE=1 $(PIP) --no-build-isolation -e ".[hf]"
	touch $@

$(VENV)/built: $(VENV)/made setup.py $(shell find csrc -name '*.cpp' -o -name '*.h' | grep -v csrc/tests)
	@echo "building the core (some minutes the first time)"
	$(BIN)/python setup.py --quiet build_ext --inplace
	touch $@

$(VENV)/test-tools: $(VENV)/made
	$(PIP) --group test
	touch $@

demo: $(VENV)/built ## a language model writes JSON that obeys a schema
	$(BIN)/decodex generate --demo

test: test-core $(VENV)/built $(VENV)/test-tools ## every test
	$(BIN)/python -m pytest -n 2

test-quick: $(VENV)/built $(VENV)/test-tools ## the tests that take no longer than a moment
	$(BIN)/python -m pytest -n 2 -m "not slow"

CORE_SOURCES := $(shell find csrc -name '*.cpp' -not -path 'csrc/bindings/*')
CORE_OBJECTS = $(CORE_SOURCES:csrc/%.cpp=build/core/%.o)
CORE_FLAGS = -std=c++20 -O1 -Wall -Wextra -Icsrc -Icsrc/tests/third_party -MMD -pthread

build/core/%.o: csrc/%.cpp
	@mkdir -p $(@D)
	$(CXX) $(CORE_FLAGS) -c $< -o $@

build/core/tests.out: $(CORE_OBJECTS)
	$(CXX) $(CORE_FLAGS) $^ -o $@

-include $(CORE_OBJECTS:.o=.d)

test-core: ## the tests of the C++ core alone
	$(MAKE) -j2 build/core/tests.out
	build/core/tests.out

sanitize: ## the core's tests under the address, undefined-behaviour and thread sanitizers
	scripts/sanitize.sh address,undefined
	scripts/sanitize.sh thread

lint: $(VENV)/built $(VENV)/test-tools ## style and types
	$(PIP) --group dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: ## formatting
	$(BIN)/ruff format decodex tests benchmarks tools
	$(BIN)/clang-format -i $(shell find csrc -name '*.cpp' -o -name '*.h' | grep -v third_party)

bench: $(VENV)/built ## every benchmark, beside the peers that are installed
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/built ## the same in about two minutes, to see that all of it works
	$(BIN)/python -m benchmarks --quick

clean: ## what was made
	rm -rf build dist $(VENV) *.egg-info decodex/*.so
