# Compiles the modules under FOLDER for the Python that will import them, where that Python is at hand: Lambda's file
# system is read-only, so without it every cold start compiles them anew. The bytecode is of the kind that is never
# checked against its source: a zip file keeps no exact times. One at a time: for several at once Python makes a socket in
# the temporary folder, whose path may be too long for that.
LAYER_PYTHON ?= 3.13
UV ?= $(firstword $(wildcard ../../.venv/bin/uv) uv)
INTERPRETER := $(shell \
	for python in $(PYTHON) python$(LAYER_PYTHON) "$$($(UV) python find --no-config --no-project --no-python-downloads \
		$(LAYER_PYTHON) 2>/dev/null)"; do \
		"$$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(LAYER_PYTHON)")' 2>/dev/null || continue; \
		echo "$$python"; break; \
	done)

.PHONY: bytecode
bytecode:
	find $(FOLDER) -name __pycache__ -prune -exec rm -rf {} +
ifneq ($(INTERPRETER),)
	$(INTERPRETER) -m compileall -q --invalidation-mode unchecked-hash -s $(FOLDER) $(FOLDER)
else
	@echo "Python $(LAYER_PYTHON) is not installed here, so the layer carries no bytecode and starts a little slower."
endif
