# SPDX-License-Identifier: MIT
# The VM suite on a kernel with every checker: KASAN, UBSAN, lockdep, kmemleak, DMA debugging.

$(BUILD)/tests/vm/uapi_failnth: tests/vm_debug/uapi_failnth.c $(UAPI_SHARED) tests/vm/uapi.h $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(filter %.c,$^) -o $@ -lcmocka

.PHONY: test-debug
test-debug: ## the VM tests on a debug kernel, which is built first (10 minutes, kept)
	@packaging/deps.sh debug
	@$(MAKE) --no-print-directory test-build-vm $(BUILD)/tests/vm/uapi_failnth
	@release=$$(tests/vm_debug/kernel.sh) && \
		$(MAKE) --no-print-directory kmod KERNEL=$$release && \
		TEST_TIMEOUT=5400 tests/run.sh $(TEST_LOG) tests/vm_debug/test.sh@$$release
