# SPDX-License-Identifier: MIT
# The device for the stock QEMU binary that is installed: build/qemu/ubnpu.so.

QEMU_PLUGIN := $(BUILD)/qemu/ubnpu.so
QEMU_SRC := $(addprefix qemu_device/qemu/,ubnpu.c host.c)
QEMU_HDR := $(addprefix qemu_device/qemu/,ubnpu.h compat.h) qemu_device/core/ub_core.h \
	kmod/uapi/ub_hw.h
QEMU_CFLAGS := $(OPT) -std=gnu11 -fPIC -Wall -Werror -fvisibility=hidden -fno-strict-aliasing \
	-fno-common -fwrapv -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64

# $(call qemu_compile,HEADERS,OUTPUT): the objects in one call; they are two.
qemu_flags = $(QEMU_CFLAGS) -I$(1)/b -I$(1)/b/qapi -I$(1)/b/trace -I$(1)/b/ui -I$(1)/include \
	-I$(1)/host/include/x86_64 -I$(1)/host/include/generic -I$(1)/tcg/i386 -I$(1) \
	-Iqemu_device -Ikmod $(shell pkg-config --cflags glib-2.0)

$(QEMU_PLUGIN): $(QEMU_SRC) $(QEMU_HDR) qemu_device/qemu/headers.sh $(BUILD)/core/libubcore.a
	@mkdir -p $(@D)
	headers=$$(qemu_device/qemu/headers.sh "$(CACHE)"); \
	$(CC) $(call qemu_flags,$$headers) -shared $(QEMU_SRC) $(BUILD)/core/libubcore.a \
		-Wl,--exclude-libs,ALL -lopenblas -lpthread -o $@

ALL += $(QEMU_PLUGIN)

# The same source against another suite's QEMU, compiled only.
.PHONY: qemu-compat
qemu-compat: ## compile the front end against the next Debian's QEMU as well
	version=$$(qemu_device/qemu/headers.sh --latest trixie); \
	headers=$$(qemu_device/qemu/headers.sh "$(CACHE)" "$$version" trixie); \
	for f in $(QEMU_SRC); do $(CC) $(call qemu_flags,$$headers) -c $$f -o /dev/null; done
