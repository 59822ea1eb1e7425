# SPDX-License-Identifier: MIT
# Which lines the tests run: core and library by their unit tests and corpora, the driver and again
# the library by the VM suite on a kernel whose modules can count.

COVER := $(BUILD)/coverage
COVER_FLAGS := -O1 -g --coverage -fprofile-update=atomic
COVER_TESTS = $(CORE_TESTS) \
	$(foreach name,$(FUZZERS),$(FUZZ_DIR)/replay-$(name)@tests/fuzz/corpus/$(name)) \
	$(patsubst %,$(BUILD)/tests/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES) cpp)

.PHONY: coverage coverage-unit coverage-vm
coverage: coverage-unit coverage-vm ## lines and branches that tests run; build/coverage/*.txt: not
	@tests/coverage/report.sh $(COVER) $$(tests/vm_debug/kernel.sh kcsan)

# A build of its own, counted, in $(COVER)/tree.
coverage-unit:
	@packaging/deps.sh debug
	@mkdir -p $(COVER)/tree
	@find $(COVER)/tree -name '*.gcda' -delete
	@$(MAKE) --no-print-directory coverage-inside BUILD=$(COVER)/tree OPT='$(COVER_FLAGS)' \
		SANITIZE=--coverage \
		> $(COVER)/unit.log 2>&1 || { tail -n 40 $(COVER)/unit.log; exit 1; }
	@grep '^FAIL' $(COVER)/unit.log || true; tail -n 1 $(COVER)/unit.log

coverage-vm: coverage-unit
	@$(MAKE) --no-print-directory test-build-vm $(VM_DEBUG_TESTS)
	@release=$$(tests/vm_debug/kernel.sh kcsan) && \
		$(MAKE) --no-print-directory kmod KERNEL=$$release KMOD_KIND=-gcov && \
		tests/coverage/vm.sh $(COVER) $$release $(VM_DEBUG_TESTS)
