# SPDX-License-Identifier: MIT
# The driver and the soft provider give the same answers. Here two soft devices do, with sanitizers
# (tests/lib makes the library's objects); in a VM the driver's and a soft one.

PARITY_OBJ := $(patsubst tests/parity/%.cpp,%.o,$(wildcard tests/parity/*.cpp))
FLAGS_parity := $(FLAGS_asan)
cxx_parity = $(cxx_plain) -Ilibub/src
cxx_parity-asan = $(cxx_parity) $(ASAN)
FLAGS_parity-asan := $(FLAGS_parity)
$(eval $(call objects,parity,$(LIBT)/plain/parity,tests/parity))
$(eval $(call objects,parity-asan,$(LIBT)/asan/parity,tests/parity))

$(BUILD)/tests/parity: $(PARITY_OBJ:%=$(LIBT)/asan/parity/%) $(LIBT)/asan/all.a
	$(call whole_program,$(ASAN))

$(BUILD)/tests/vm/parity: $(PARITY_OBJ:%=$(LIBT)/plain/parity/%) $(LIBUB_OBJ) $(SOFT_OBJ) \
		$(BUILD)/core/libubcore.a
	$(call say,LD)
	$(Q)$(CXX) $(filter %.o %.a,$^) -o $@ $(LIBT_LIBS)

UNIT_TESTS += $(BUILD)/tests/parity
VM_TESTS += $(BUILD)/tests/vm/parity@ub0@soft:
