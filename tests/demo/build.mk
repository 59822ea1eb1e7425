# SPDX-License-Identifier: MIT
# make run: the demonstration, in a VM with two devices.

DEMO := $(BUILD)/demo/reference $(BUILD)/demo/exchange

$(eval $(call objects,plain,$(BUILD)/demo/obj,tests/demo))

$(BUILD)/demo/reference: $(BUILD)/demo/obj/reference.o
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $^ -o $@

$(BUILD)/demo/exchange: $(BUILD)/demo/obj/exchange.o | $(BUILD)/lib/libub.so
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $^ -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../lib'

.PHONY: run
run: ## boot a VM with two devices and run the demonstration
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory $(jobs) all $(DEMO)
	qemu_device/ubvm run --devices 2 --timeout 300 -- tests/demo/demo.sh
