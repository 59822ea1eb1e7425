# SPDX-License-Identifier: MIT
# The device for the stock QEMU binary that is installed: build/qemu/ubnpu.so.

# Headers made before, by `headers.sh CACHE`; a build without network needs them.
QEMU_HEADERS ?=
QEMU_PLUGIN := $(BUILD)/qemu/ubnpu.so
QEMU_SRC := $(addprefix qemu_device/qemu/,ubnpu.c host.c doorbell.c state.c load.c)
QEMU_HDR := $(addprefix qemu_device/qemu/,ubnpu.h compat.h) qemu_device/core/ub_core.h \
	$(wildcard kmod/uapi/ub_hw*.h)
QEMU_CFLAGS := $(OPT) -std=gnu11 -fPIC -Wall $(WERROR) -fvisibility=hidden -fno-strict-aliasing \
	-fno-common -fwrapv -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64

qemu_flags = $(QEMU_CFLAGS) -I$(1)/b -I$(1)/b/qapi -I$(1)/b/trace -I$(1)/b/ui -I$(1)/include \
	-I$(1)/host/include/x86_64 -I$(1)/host/include/generic -I$(1)/tcg/i386 -I$(1) \
	-Iqemu_device -Ikmod $(shell pkg-config --cflags glib-2.0)

# $(call qemu_link,HEADERS,OUTPUT): QEMU's symbols become weak, see ubnpu_load().
define qemu_link
	for file in $(QEMU_SRC); do \
		object=$(2).$$(basename "$$file" .c).o; \
		$(CC) $(call qemu_flags,$(1)) -c "$$file" -o "$$object"; \
		objcopy --wildcard --weaken-symbol='!ub_*' --weaken-symbol='*' "$$object"; \
	done; \
	$(CC) $(OPT) -shared $(LDFLAGS) $(2).*.o $(BUILD)/core/libubcore.a -Wl,--exclude-libs,ALL \
		-lopenblas -lpthread -o $(2)
endef

# The QEMU that the plug-in is for: another one needs another plug-in.
.PHONY: force
$(BUILD)/qemu/for: force
	@mkdir -p $(@D)
	@echo "$(or $(QEMU_HEADERS),$$(dpkg-query -W -f '$${source:Version}' qemu-system-x86))" > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(QEMU_PLUGIN): $(QEMU_SRC) $(QEMU_HDR) qemu_device/qemu/headers.sh $(BUILD)/core/libubcore.a \
		$(BUILD)/qemu/for
	headers=$(or $(QEMU_HEADERS),$$(qemu_device/qemu/headers.sh "$(CACHE)")); \
	$(call qemu_link,$$headers,$@)

ALL += $(QEMU_PLUGIN)

# The same source against another suite's QEMU; it cannot run here, but must refuse to.
.PHONY: qemu-compat
qemu-compat: $(BUILD)/core/libubcore.a ## build the front end for the next Debian's QEMU as well
	@mkdir -p $(BUILD)/qemu/trixie
	headers=$$(qemu_device/qemu/headers.sh "$(CACHE)" trixie); \
	$(call qemu_link,$$headers,$(BUILD)/qemu/trixie/ubnpu.so)
