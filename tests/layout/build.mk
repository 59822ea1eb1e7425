# SPDX-License-Identifier: MIT
# Layout of the contracts, here and as a 32-bit compiler sees it.

LAYOUT_DIR := $(BUILD)/tests/layout
# No 32-bit C library is needed, only kernel headers. clang where gcc has no -m32.
CC32 ?= $(CC) -m32
LAYOUT_INC = -I$(BUILD)/include -idirafter /usr/include/$(shell $(CC) -print-multiarch)
LAYOUT_CFLAGS := -O2 -ffreestanding $(WARN) -c

$(LAYOUT_DIR)/table32.bin: tests/layout/table.c tests/layout/layout.def $(HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC32) $(LAYOUT_INC) $(LAYOUT_CFLAGS) $< -o $(@:.bin=.o) 2>/dev/null || \
		clang --target=i386-linux-gnu $(LAYOUT_INC) $(LAYOUT_CFLAGS) $< -o $(@:.bin=.o)
	$(Q)objcopy -O binary -j .layout $(@:.bin=.o) $@

$(LAYOUT_DIR)/layout: tests/layout/test_layout.c tests/layout/layout.def $(LAYOUT_DIR)/table32.bin \
		$(HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -DLAYOUT32='"$(LAYOUT_DIR)/table32.bin"' \
		-DHARDWARE_MD='"docs/hardware.md"' $< -o $@ -lcmocka

UNIT_TESTS += $(LAYOUT_DIR)/layout

# What docs/faults.md says of the contract and of the tests.
UNIT_TESTS += tests/layout/faults.py

# The lists of names and errors, against all that shows them.
UNIT_TESTS += tests/layout/names.py
