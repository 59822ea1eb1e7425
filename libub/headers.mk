# SPDX-License-Identifier: MIT
# The public headers as they are installed: <ub/...>.

HEADERS := $(patsubst libub/include/%,$(BUILD)/include/%,$(wildcard libub/include/ub/*.h \
	libub/include/ub/*.hpp)) \
	$(patsubst kmod/uapi/%,$(BUILD)/include/ub/%,$(wildcard kmod/uapi/ub_*.h)) \
	$(patsubst visa/include/%,$(BUILD)/include/%,$(wildcard visa/include/ub/*.h)) \
	$(BUILD)/include/ub/ub_uapi.h

$(BUILD)/include/ub/%: libub/include/ub/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/include/ub/%: visa/include/ub/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/include/ub/%: kmod/uapi/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/include/ub/ub_uapi.h: kmod/uapi/ub.h
	@mkdir -p $(@D)
	$(Q)cp $< $@
