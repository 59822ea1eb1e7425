# SPDX-License-Identifier: MIT
# Programs of the device: the verifier, and the device's blocks against the reference model.

VISA_TEST_DIR := $(BUILD)/tests/visa

$(eval $(call objects,asan,$(VISA_TEST_DIR)/asan,visa))
$(eval $(call objects,tsan,$(VISA_TEST_DIR)/tsan,visa))
$(eval $(call objects,asan,$(VISA_TEST_DIR)/obj,tests/visa))

VISA_ASAN_OBJ := $(VISA_SRC:visa/%.c=$(VISA_TEST_DIR)/asan/%.o)
VISA_PAIR_OBJ := $(VISA_ASAN_OBJ) $(VISA_TEST_DIR)/obj/pair.o \
	$(patsubst visa/%.cpp,$(VISA_TEST_DIR)/asan/%.o,$(wildcard visa/reference/*.cpp)) \
	$(patsubst qemu_device/core/%.c,$(BUILD)/tests/core/asan/%.o,\
		$(wildcard qemu_device/core/program/*.c))

$(VISA_TEST_DIR)/visa-verify: $(VISA_TEST_DIR)/obj/test_verify.o $(VISA_ASAN_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(ASAN) $^ -o $@ -lcmocka

$(VISA_TEST_DIR)/visa-pair: $(VISA_TEST_DIR)/obj/fuzz_pair.o $(VISA_PAIR_OBJ)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(ASAN) $^ -o $@ -lm

$(VISA_TEST_DIR)/visa-functions: $(VISA_TEST_DIR)/obj/functions.o $(VISA_PAIR_OBJ)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(ASAN) $^ -o $@ -lm

.SECONDARY: $(VISA_PAIR_OBJ) $(VISA_TEST_DIR)/obj/fuzz_pair.o $(VISA_TEST_DIR)/obj/functions.o \
	$(VISA_TEST_DIR)/obj/test_verify.o

UNIT_TESTS += $(VISA_TEST_DIR)/visa-verify $(VISA_TEST_DIR)/visa-pair@10000 \
	$(VISA_TEST_DIR)/visa-functions \
	visa/lists.py@visa/include/ub/ub_visa_ops.h@docs/visa.md

.PHONY: fuzz-visa
fuzz-visa: $(VISA_TEST_DIR)/visa-pair ## random programs, PROGRAMS=1000000 of SEED=1
	$< $(or $(PROGRAMS),1000000) $(or $(SEED),1)
