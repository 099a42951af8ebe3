# Compiles the modules under FOLDER for the Python that will import them, where that Python is at hand: Lambda's file
# system is read-only, so without it every cold start compiles them anew. A zip file keeps no exact times, so the bytecode
# is either never checked against its source, or (CHECK=checked-hash) by its content. One at a time: for several at once Python makes a socket in
# the temporary folder, whose path may be too long for that.
LAYER_PYTHON ?= 3.13
CHECK ?= unchecked-hash
UV ?= $(firstword $(wildcard ../../.venv/bin/uv) uv)
FIND_PYTHON := $(dir $(lastword $(MAKEFILE_LIST)))find_python.sh
INTERPRETER := $(shell PYTHON="$(PYTHON)" UV="$(UV)" $(FIND_PYTHON) $(LAYER_PYTHON))

.PHONY: bytecode
bytecode:
	find $(FOLDER) -name __pycache__ -prune -exec rm -rf {} +
ifneq ($(INTERPRETER),)
	"$(INTERPRETER)" -m compileall -q --invalidation-mode $(CHECK) -s $(FOLDER) $(FOLDER)
else
	@echo "There is no Python $(LAYER_PYTHON) here to compile for it: each start will compile all modules, which takes twice as long."
endif
