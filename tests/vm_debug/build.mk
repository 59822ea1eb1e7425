# SPDX-License-Identifier: MIT
# The VM suite on kernels that find faults: one with KASAN, UBSAN, lockdep, kmemleak and DMA
# debugging, one with the finder of data races; and a fuzzer of the driver on the first.

VM_DEBUG_TESTS := $(BUILD)/tests/vm/uapi_failnth $(BUILD)/tests/vm/uapi_failadmin

$(eval $(call objects,vm,$(BUILD)/tests/vm_debug.d,tests/vm_debug))
$(VM_DEBUG_TESTS): $(BUILD)/tests/vm/uapi_%: $(BUILD)/tests/vm_debug.d/uapi_%.o \
		$(BUILD)/tests/vm_debug.d/failnth.o $(RECOVER_SHARED:%=$(VM_DIR)/%)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ -lcmocka -luring

FUZZ_DRIVER := $(BUILD)/tests/vm/fuzz-driver
FUZZ_DRIVER_DIR := $(BUILD)/tests/fuzz-driver.d
$(eval $(call objects,plain,$(FUZZ_DRIVER_DIR),tests/fuzz/driver))
$(FUZZ_DRIVER): $(patsubst tests/fuzz/driver/%.cpp,$(FUZZ_DRIVER_DIR)/%.o,\
		$(wildcard tests/fuzz/driver/*.cpp))
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $^ -o $@ -luring

# Empty: the system's own kernel; a suite: the newest of its kernels, as trixie or sid.
DEBUG_SUITE ?=

# $(call vm_debug_driver,KERNEL,KIND): $release of that kernel and $module of that kind, for a
# shell.
define vm_debug_driver
	@packaging/deps.sh debug
	+@$(MAKE) --no-print-directory test-build-vm $(VM_DEBUG_TESTS) $(FUZZ_DRIVER)
	+@release=$$(tests/vm_debug/kernel.sh $(1) $(DEBUG_SUITE)) && \
		$(MAKE) --no-print-directory kmod KERNEL=$$release KMOD_KIND=$(2) && \
		module=$(BUILD)/kmod/$$release$(2)/ubnpu.ko &&
endef

.PHONY: test-debug
test-debug: ## the VM tests on a debug kernel, built once in 10 minutes; DEBUG_SUITE=sid
	$(call vm_debug_driver,debug,) \
		TEST_TIMEOUT=9300 tests/run.sh $(TEST_LOG) \
		tests/vm_debug/test.sh@$$release@$$module@tests/vm_debug/all.sh

.PHONY: test-kcsan
test-kcsan: ## the VM tests on a kernel that finds data races, built once in 10 minutes
	$(call vm_debug_driver,kcsan,) \
		TEST_TIMEOUT=9300 tests/run.sh $(TEST_LOG) \
		tests/vm_debug/test.sh@$$release@$$module@tests/vm_debug/all.sh

# Programs map one page into many objects; DMA debugging of later kernels soon has its eight.
.PHONY: fuzz-driver
fuzz-driver: ## fuzz the driver on the debug kernel: SECONDS=60, SEED=, DEBUG_SUITE=
	$(call vm_debug_driver,debug,-kcov) \
		$(if $(DEBUG_SUITE),VM_APPEND=dma_debug=off) \
		VM_TIMEOUT=$$(($(or $(SECONDS),60) + 900)) \
		tests/vm_debug/test.sh $$release $$module \
		$(FUZZ_DRIVER) $(or $(SEED),$$RANDOM$$RANDOM) seconds $(or $(SECONDS),60)
