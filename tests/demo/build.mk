# SPDX-License-Identifier: MIT
# make run: the demonstration, in a VM with two devices.

DEMO := $(BUILD)/demo/reference $(BUILD)/demo/exchange

$(BUILD)/demo/reference: tests/demo/reference.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $< -o $@

$(BUILD)/demo/exchange: tests/demo/exchange.cpp tests/bench/syscall_counter.hpp $(HEADERS) \
		$(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../lib'

.PHONY: run
run: ## boot a VM with two devices and run the demonstration
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all $(DEMO)
	qemu_device/ubvm run --devices 2 --timeout 300 -- tests/demo/demo.sh
