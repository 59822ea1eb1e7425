# SPDX-License-Identifier: MIT
# The device core as a static library. Whoever links it adds $(CORE_LIBS).

# Folders are layers, see qemu_device/core/layers.
CORE_SRC := $(sort $(wildcard qemu_device/core/*.c qemu_device/core/*/*.c))
CORE_OBJ := $(CORE_SRC:qemu_device/core/%.c=$(BUILD)/core/%.o)
CORE_LIBS := -lopenblas -lpthread -ldl
CORE_HEADERS := $(wildcard qemu_device/core/*.h qemu_device/core/*/*.h)
CORE_CPPFLAGS := -Iqemu_device/core

$(BUILD)/core/%.o: qemu_device/core/%.c $(CORE_HEADERS) $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) -fPIC -c $< -o $@

$(BUILD)/core/libubcore.a: $(CORE_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

ALL += $(BUILD)/core/libubcore.a
