# SPDX-License-Identifier: MIT
# The device core as a static library. Whoever links it adds $(CORE_LIBS).

# Folders are layers, see qemu_device/core/layers.
CORE_SRC := $(sort $(wildcard qemu_device/core/*.c qemu_device/core/*/*.c))
CORE_OBJ := $(CORE_SRC:qemu_device/core/%.c=$(BUILD)/core/%.o)
CORE_LIBS := -lopenblas -lpthread -ldl -lm
# Results of programs are defined to the bit: a product and a sum are two roundings.
CORE_CPPFLAGS := -Iqemu_device/core -I. -ffp-contract=off

# Loops over tiles are what vectors are for; -O2 of gcc leaves those of unknown length alone.
$(BUILD)/core/program/%.o: CFLAGS += -O3

FLAGS_core := $(FLAGS_c) CORE_CPPFLAGS
c_core = $(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) -fPIC
$(eval $(call objects,core,$(BUILD)/core,qemu_device/core))

$(BUILD)/core/libubcore.a: $(CORE_OBJ) $(VISA_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

ALL += $(BUILD)/core/libubcore.a
