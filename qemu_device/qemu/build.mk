# SPDX-License-Identifier: MIT
# The device for the stock QEMU binary that is installed: build/qemu/ubnpu.so.

# Headers made before, by `headers.sh CACHE`; a build without network needs them.
QEMU_HEADERS ?=
QEMU_DIR := $(BUILD)/qemu
QEMU_PLUGIN := $(QEMU_DIR)/ubnpu.so
QEMU_SRC := $(addprefix qemu_device/qemu/,ubnpu.c host.c iommu.c doorbell.c state.c load.c)
QEMU_CFLAGS := $(OPT) -std=gnu11 -fPIC -Wall $(WERROR) -fvisibility=hidden -fno-strict-aliasing \
	-fno-common -fwrapv -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64

qemu_flags = $(QEMU_CFLAGS) -I$(1)/b -I$(1)/b/qapi -I$(1)/b/trace -I$(1)/b/ui \
	-I$(1)/include -I$(1)/host/include/x86_64 -I$(1)/host/include/generic -I$(1)/tcg/i386 \
	-I$(1) \
	-Iqemu_device -Ikmod $$(pkg-config --cflags glib-2.0)

FLAG_GROUPS += qemu
FLAGS_qemu := CC QEMU_CFLAGS QEMU_HEADERS

# $(call qemu_plugin,FOLDER,HEADERS): the plug-in in FOLDER for the QEMU whose headers the command
# HEADERS makes. FOLDER/headers holds where they are. QEMU's symbols become weak, see ubnpu_load().
define qemu_plugin
$(1)/headers: qemu_device/qemu/headers.sh $$(call flags,qemu)
	$$(call say,GEN)
	$$(Q)$(2) > $$@

$(1)/%.o: qemu_device/qemu/%.c $(1)/headers | $$(HEADERS)
	$$(call say,CC,$$<)
	$$(Q)headers=$$$$(cat $(1)/headers) && \
		$$(CC) $$(call qemu_flags,$$$$headers) -MMD -MP -c $$< -o $$@ && \
		objcopy --wildcard --weaken-symbol='!ub_*' --weaken-symbol='*' $$@

$(1)/ubnpu.so: $(QEMU_SRC:qemu_device/qemu/%.c=$(1)/%.o) $$(BUILD)/core/libubcore.a \
		$$(call flags,link)
	$$(call say,LD)
	$$(Q)$$(CC) $$(OPT) -shared $$(LDFLAGS) $$(filter %.o %.a,$$^) -Wl,--exclude-libs,ALL \
		-lopenblas -lpthread -lm -o $$@

DEPENDENCIES += $(wildcard $(1)/*.d)
endef
$(eval $(call qemu_plugin,$(QEMU_DIR),$$(if $$(QEMU_HEADERS),echo $$(QEMU_HEADERS),\
	qemu_device/qemu/headers.sh "$$(CACHE)")))
$(eval $(call qemu_plugin,$(QEMU_DIR)/trixie,qemu_device/qemu/headers.sh "$$(CACHE)" trixie))

# The plug-in is for the QEMU that is installed: another one needs another plug-in.
$(QEMU_DIR)/headers: $(wildcard /var/lib/dpkg/info/qemu-system-x86.list)

ALL += $(QEMU_PLUGIN)

# The same source against another suite's QEMU; it cannot run here, but must refuse to.
.PHONY: qemu-compat
qemu-compat: $(QEMU_DIR)/trixie/ubnpu.so ## build the front end for the next Debian's QEMU as well
