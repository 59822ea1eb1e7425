# SPDX-License-Identifier: MIT
# Unit tests of the driver, as a module that runs them when it is loaded. No KUnit: the kernels of
# Debian have none.

KMOD_UNIT_DIR = $(BUILD)/kmod-unit/$(KERNEL)
KMOD_UNIT = $(KMOD_UNIT_DIR)/ubnpu_unit.ko
KMOD_UNIT_SRC := $(wildcard tests/kmod/*.[ch]) tests/kmod/Kbuild

$(KMOD_UNIT): $(KMOD_SRC) $(KMOD_UAPI) $(KMOD_UNIT_SRC) $(call flags,kmod)
	$(call say,KMOD)
	@cd kmod && cp -pu --parents $(patsubst kmod/%,%,$(filter-out %/Kbuild,$(KMOD_SRC)) \
		$(KMOD_UAPI)) \
		$(TOP)/$(KMOD_UNIT_DIR)
	@cp -pu kmod/Kbuild $(KMOD_UNIT_DIR)/driver.Kbuild
	@cp -pu $(KMOD_UNIT_SRC) $(KMOD_UNIT_DIR)/
	+@dir=$(call kmod_headers_gcc,$(KERNEL)) && \
		env -u CC -u CXX $(MAKE) --no-print-directory -C "$$dir" M=$(TOP)/$(KMOD_UNIT_DIR) \
		UBNPU_VERSION=$(VERSION) modules
	@touch $@

.PHONY: kmod-unit
kmod-unit: $(KMOD_UNIT)

test-build-vm: kmod-unit
