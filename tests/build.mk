# SPDX-License-Identifier: MIT
# Tests: each folder adds programs to UNIT_TESTS (run here) or VM_TESTS (run in a VM with devices).

include $(wildcard tests/*/build.mk)

# An entry is PROGRAM[@ARG]...
programs = $(foreach entry,$(1),$(firstword $(subst @, ,$(entry))))

TEST_LOG := $(BUILD)/test

.PHONY: test test-unit test-vm test-build test-build-vm
test: ## unit tests here, then the whole stack in VMs; ends with a count
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory test-build
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS) $(wildcard tests/vm/*.test.sh)

test-build: test-build-vm $(filter $(BUILD)/%,$(call programs,$(UNIT_TESTS)))

test-build-vm: all $(filter $(BUILD)/%,$(call programs,$(VM_TESTS)))
	@mkdir -p $(BUILD)
	@printf '%s\n' $(VM_TESTS) > $(BUILD)/vm-tests

test-unit: test-build ## the tests that need no VM
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS)

# What any machine can build and run; each folder's build.mk says what of its own.
.PHONY: test-plain
test-plain: $(call programs,$(PLAIN_TESTS)) ## core and tool tests alone; SANITIZE= for a package's build
	tests/run.sh $(TEST_LOG) $(PLAIN_TESTS)

# Beside these, what an emulator of another machine can run: RUN names it, tests/arm64 uses it. Not
# lib-threads, which fails there: soft: finds memory that another thread just mapped missing.
EMULATED_TESTS = $(PLAIN_TESTS) $(LAYOUT_DIR)/layout \
	$(patsubst %,$(BUILD)/tests/vm/lib-%@soft:@soft:name=b,$(LIBT_NAMES) cpp)

.PHONY: test-emulated
test-emulated: $(LIBUB_ALL) $(UBCTL) $(call programs,$(EMULATED_TESTS))
	RUN='$(RUN)' tests/run.sh $(TEST_LOG) $(EMULATED_TESTS)
	$(RUN) $(BUILD)/ubctl --device soft: selftest

# What tests/coverage counts, in a build of its own; `make test` judges.
.PHONY: coverage-inside
coverage-inside: $(LIBUB_ALL) $(call programs,$(COVER_TESTS))
	tests/run.sh $(BUILD)/test $(COVER_TESTS) || true

test-vm: test-build-vm ## the tests that boot a VM
	tests/run.sh $(TEST_LOG) $(wildcard tests/vm/*.test.sh)
