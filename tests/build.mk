# SPDX-License-Identifier: MIT
# Tests: each folder adds programs to UNIT_TESTS (run here) or VM_TESTS (run in a VM with devices).

VM_TESTS :=
include $(wildcard tests/*/build.mk)

VM_SUITE := tests/vm/suite.sh
TEST_LOG := $(BUILD)/test

.PHONY: test test-unit test-vm
test: ## unit tests here, then the whole stack in VMs; ends with a count
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory test-build
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS) $(wildcard tests/vm/*.test.sh)

.PHONY: test-build
test-build: all $(filter $(BUILD)/%,$(UNIT_TESTS)) $(filter $(BUILD)/%,$(VM_TESTS))
	@mkdir -p $(BUILD)
	@printf '%s\n' $(VM_TESTS) > $(BUILD)/vm-tests

test-unit: test-build ## the tests that need no VM
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS)

test-vm: test-build ## the tests that boot a VM
	tests/run.sh $(TEST_LOG) $(wildcard tests/vm/*.test.sh)
