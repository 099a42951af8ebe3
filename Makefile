# Everything a person types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
$(if $(word 2,$(CURDIR)),$(error The path of this folder has a blank in it, which make can't work with; move it))
PYTHON ?= python3
VENV ?= .venv
export UV := $(abspath $(VENV)/bin/uv)
TOOLS ?= .local/tools

# Trust whom this machine trusts: companies put certificates of their own there.
export UV_SYSTEM_CERTS := true

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

# --- environments, made on demand from the lock files -----------------------------------------------------------------
# pip leaves what it was unpacking where it is interrupted, so it gets a temporary folder that goes with it.
$(VENV)/ready: locks/uv.txt locks/develop.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "$(PYTHON) is no Python 3.11, 3.12 or 3.13; name one: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@echo "Making the environments (once; they lie in $(VENV) and $(TOOLS))"
	@own=$$(mktemp -d) || exit 1; trap 'rm -rf "$$own"' EXIT; trap 'exit 130' INT TERM; export TMPDIR="$$own"; \
		$(PYTHON) -m venv --clear $(VENV) && \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt && \
		$(UV) pip install --quiet --python $(VENV)/bin/python --require-hashes -r locks/develop.txt && \
		$(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS)/%/ready: locks/%.txt | $(VENV)/ready
	@$(UV) venv --quiet --clear --python $(VENV)/bin/python $(@D)
	@$(UV) pip install --quiet --python $(@D)/bin/python --require-hashes -r $<
	@touch $@

# The benchmarks run on Lambda's Python where there is one.
$(TOOLS)/bench/ready: locks/develop.txt | $(VENV)/ready
	@python=$$(layers/find_python.sh 3.13); $(UV) venv --quiet --clear --python "$${python:-$(VENV)/bin/python}" $(@D)
	@$(UV) pip install --quiet --python $(@D)/bin/python --require-hashes -r $<
	@touch $@

.PHONY: setup
setup: $(VENV)/ready $(TOOLS)/sam/ready $(TOOLS)/ministack/ready ## make the environments (every other command does it too)

.PHONY: lock
lock: $(VENV)/ready ## bring the lock files up to the newest versions that pyproject.toml allows
	for group in uv sam ministack checkov pictures awscli sql; do $(LOCK) --group pyproject.toml:$$group -o locks/$$group.txt; done
	$(LOCK) pyproject.toml --extra console --group pyproject.toml:develop -o locks/develop.txt
	$(LOCK) pyproject.toml -c locks/develop.txt -o layers/dependencies/requirements.txt
	for group in atheris peers; do $(LOCK) --group pyproject.toml:$$group -c locks/develop.txt -o locks/$$group.txt; done
	$(LOCK) --group pyproject.toml:bot -c locks/develop.txt -o examples/bot/answer_messages/requirements.txt
	$(LOCK) --group pyproject.toml:workflows -o locks/workflows.txt
LOCK := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.PHONY: schema
schema: $(VENV)/ready ## write the queue message's JSON Schema into events/, after a change of its type
	PYTHONPATH=layers/gateway $(VENV)/bin/python -c 'import json; from mms_gateway.send_request import json_schema; \
		print(json.dumps(json_schema(), indent=2, ensure_ascii=False))' > events/send-request.schema.json

# --- the bundle -------------------------------------------------------------------------------------------------------
BUILD ?= .aws-sam/build
SAM := SAM_CLI_TELEMETRY=0 $(TOOLS)/sam/bin/sam

.PHONY: build
build: setup ## build the functions and layers for the cloud, into .aws-sam
	$(SAM) build --build-dir $(BUILD)

.PHONY: validate
validate: setup $(TOOLS)/checkov/ready ## check the template, as written and as CloudFormation sees it
	$(SAM) validate --lint
	@own=$$(mktemp -d) || exit; trap 'rm -rf "$$own"' EXIT; trap 'exit 130' INT TERM; \
	echo "cfn-lint and checkov, on the template as CloudFormation sees it"; \
	$(TOOLS)/sam/bin/python tests/template/translate.py >"$$own/translated.json" || exit; \
	$(CHECKOV) -f template.yaml "$$own/translated.json" >"$$own/checkov" 2>&1 & checkov=$$!; \
	$(VENV)/bin/cfn-lint "$$own/translated.json"; failed=$$?; \
	wait $$checkov || failed=1; cat "$$own/checkov"; exit $$failed
# It asks nobody; what it is to pass over stands in the template, each with its reason.
CHECKOV := $(TOOLS)/checkov/bin/checkov --framework cloudformation --skip-download --quiet --compact

.PHONY: validate-bot
validate-bot: setup ## check the example bot's template, as CloudFormation sees it
	set -o pipefail; $(TOOLS)/sam/bin/python tests/template/translate.py examples/bot/template.yaml | $(VENV)/bin/cfn-lint

.PHONY: environment
environment:
	@grep -q '^\[$(or $(ENV),default)\.' samconfig.toml || \
		{ echo "samconfig.toml has no environment $(ENV); give one of its own: make deploy ENV=prod" >&2; exit 1; }

.PHONY: deploy
deploy: environment build ## deploy it with your AWS credentials (ENV=dev or prod, of samconfig.toml; the change set is shown first)
	$(SAM) deploy --config-env $(or $(ENV),default) --template-file $(BUILD)/template.yaml --config-file $(CURDIR)/samconfig.toml $(DEPLOY)
ENV ?=
DEPLOY ?=

.PHONY: local
local: setup ## run the whole gateway on this machine, until Ctrl-C
	@$(VENV)/bin/python -m local

.PHONY: demo
demo: setup ## play the main job once on this machine: messages in, what is stored, what is refused
	@$(VENV)/bin/python -m local.demo

# --- releases ---------------------------------------------------------------------------------------------------------
DIST ?= dist
RELEASE := $(VENV)/bin/python -m release

.PHONY: bundle
bundle: build ## pack what was built into dist, for those who deploy without building
	@rm -rf $(DIST)
	@$(RELEASE) pack $(BUILD) $(DIST)
	@$(RELEASE) checksums $(DIST)

.PHONY: package
package: setup ## upload the code that `make bundle` built to BUCKET=…, and write the template that names it there into dist
	@test -n "$$BUCKET" || { echo "Say which bucket takes the code: make package BUCKET=…" >&2; exit 1; }
	@test -f $(BUILD)/template.yaml -a -d $(DIST) || { echo "There is nothing to upload: run make bundle first." >&2; exit 1; }
	@version=$$($(RELEASE) version) && $(SAM) package --template-file $(BUILD)/template.yaml --s3-bucket "$$BUCKET" \
		--s3-prefix "mms-gateway/$$version" --no-progressbar \
		--output-template-file "$(abspath $(DIST))/mms-gateway-$$version.packaged.yaml"
	@$(RELEASE) checksums $(DIST)
export BUCKET

.PHONY: import-template
import-template: setup ## write dist/import.json, by which a new stack takes over the table and the bucket that an old one left
	@mkdir -p $(DIST)
	@set -o pipefail; $(TOOLS)/sam/bin/python tests/template/translate.py | $(RELEASE) import > $(DIST)/import.json

.PHONY: release
release: setup ## write the new version VERSION=1.2.0 into its places: changelog, pyproject.toml, template
	@$(RELEASE) cut "$$VERSION"

.PHONY: release-check
release-check: setup ## see that TAG=v1.2.0 is the version of this checkout, and that the changelog tells of it
	@$(RELEASE) check "$$TAG"

.PHONY: release-notes
release-notes: setup ## print what the changelog says of VERSION=1.2.0
	@$(RELEASE) notes "$$VERSION"
export VERSION TAG

# --- the gates --------------------------------------------------------------------------------------------------------
.PHONY: check
check: setup validate validate-bot workflows ## format, lint, types, import contract, templates, workflows
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/mypy
	PYTHONPATH=layers/gateway:. $(VENV)/bin/lint-imports --no-logo

.PHONY: workflows
workflows: $(TOOLS)/workflows/ready ## check the GitHub workflows: their form, and what could be abused in them; offline
	$(TOOLS)/workflows/bin/actionlint -no-color -shellcheck= -pyflakes= $(wildcard .github/workflows/*.yml)
	$(TOOLS)/workflows/bin/zizmor --offline --quiet --no-progress --persona pedantic .github

.PHONY: unit
unit: $(VENV)/ready ## the tests that need no stack
	$(VENV)/bin/pytest --quiet tests/unit

.PHONY: test-aws
test-aws: setup ## try a deployed stack of your own, STACK_NAME=…, with your AWS credentials (functions/deploying.md says what it does to it)
	@test -n "$$STACK_NAME" || { echo "Say which stack: make test-aws STACK_NAME=mms-gateway-dev" >&2; exit 1; }
	@$(VENV)/bin/pytest --verbose tests/aws --stack-name "$$STACK_NAME" $(PYTEST)
PYTEST ?=
export STACK_NAME

.PHONY: faults
faults: setup $(TOOLS)/atheris/ready ## try every fault at length (45 minutes; ONLY=races: one part of it), and count what was lost, doubled or stuck
	MMS_FAULTS=long $(VENV)/bin/pytest --verbose tests/faults/$(ONLY)
ONLY ?=

.PHONY: bench
bench: setup $(TOOLS)/bench/ready ## measure it beside what one would write otherwise (ROW=decode: some of it)
	@PYTHONPATH=layers/gateway:functions/receive_callback:functions/send_mms:. $(TOOLS)/bench/bin/python -m tests.bench $(ROW)
ROW ?=

.PHONY: permissions
permissions: setup ## print what each role and policy allows and what uses it, and write it into functions/security.md
	MMS_WRITE_PAGE=1 $(VENV)/bin/pytest --quiet --capture=no tests/faults/security/test_roles.py tests/integration/console/test_policies.py

.PHONY: screenshots
screenshots: setup ## make the README's pictures of the console anew (needs Chromium)
	MMS_BROWSER=required MMS_SCREENSHOTS=console/screenshots $(VENV)/bin/pytest --quiet tests/browser/test_screenshots.py

.PHONY: dashboard
dashboard: setup $(TOOLS)/pictures/ready ## draw the dashboard of the template anew, on a made-up day, into functions/dashboard.png
	set -o pipefail; $(VENV)/bin/python -m local.dashboard | $(TOOLS)/pictures/bin/python -m local.dashboard.drawing functions/dashboard.png

# Tests wait more than they work, so some run beside the others, and are shown afterwards.
.PHONY: test
test: check $(TOOLS)/awscli/ready $(TOOLS)/sql/ready ## everything that must hold, each test by its name
	@logs=$$(mktemp -d) || exit; trap 'rm -rf "$$logs"' EXIT; \
	$(VENV)/bin/pytest --verbose $(WITHOUT_STACK) >"$$logs/1" 2>&1 & first=$$!; \
	$(VENV)/bin/pytest --verbose $(FOR_PEOPLE) >"$$logs/2" 2>&1 & second=$$!; \
	$(VENV)/bin/pytest --verbose $(OF_STACKS) >"$$logs/3" 2>&1 & third=$$!; \
	trap 'kill $$first $$second $$third 2>/dev/null; wait; exit 130' INT TERM; \
	$(VENV)/bin/pytest --verbose $(patsubst %,--ignore=%,$(WITHOUT_STACK) $(FOR_PEOPLE) $(OF_STACKS)); failed=$$?; \
	wait $$first || failed=1; cat "$$logs/1"; wait $$second || failed=1; cat "$$logs/2"; \
	wait $$third || failed=1; cat "$$logs/3"; exit $$failed
WITHOUT_STACK := tests/unit tests/template tests/bench tests/runtime
FOR_PEOPLE := tests/integration/console tests/browser
OF_STACKS := $(patsubst %,tests/integration/test_%.py,local_stack_lifecycle deploying packaging bot rotation security_page retention \
	observing tests_of_a_deployed_stack transitions transitions_by_hand transitions_in_trouble joining) tests/pages
