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

test-vm: test-build-vm ## the tests that boot a VM
	tests/run.sh $(TEST_LOG) $(wildcard tests/vm/*.test.sh)
