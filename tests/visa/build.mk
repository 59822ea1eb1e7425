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

# The device's blocks as they are shipped, with vectors and without sanitizers: also to run long.
FLAGS_visa_plain := $(FLAGS_plain) CORE_CPPFLAGS
cxx_visa_plain = $(cxx_plain) $(CORE_CPPFLAGS)
c_visa_plain = $(c_plain) $(CORE_CPPFLAGS)
$(eval $(call objects,visa_plain,$(VISA_TEST_DIR)/shipped/visa,visa))
$(eval $(call objects,visa_plain,$(VISA_TEST_DIR)/shipped,tests/visa))

$(VISA_TEST_DIR)/visa-shipped: $(VISA_TEST_DIR)/shipped/fuzz_pair.o \
		$(VISA_TEST_DIR)/shipped/pair.o $(patsubst %,$(VISA_TEST_DIR)/shipped/%.o,\
			$(basename $(wildcard visa/reference/*.cpp))) \
		$(BUILD)/core/libubcore.a
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $^ -o $@ $(CORE_LIBS)

UNIT_TESTS += $(VISA_TEST_DIR)/visa-shipped@20000@2

.PHONY: fuzz-visa
fuzz-visa: $(VISA_TEST_DIR)/visa-shipped ## random programs, PROGRAMS=1000000 of SEED=1
	$< $(or $(PROGRAMS),1000000) $(or $(SEED),1)

# The kernels, in BPF; clang alone is asked, with whatever target it was built for.
KERNEL_OBJ := $(patsubst visa/kernels/%.c,$(BUILD)/visa/kernels/%.o,$(wildcard visa/kernels/*.c))
CLANG ?= clang
FLAG_GROUPS += kernel
FLAGS_kernel := CLANG

$(BUILD)/visa/kernels/%.o: visa/kernels/%.c visa/kernels/kernels.h $(call flags,kernel) | $(HEADERS)
	$(call say,BPF,$<)
	$(Q)$(CLANG) --target=bpf -mcpu=v3 -O2 -g -Wall -Wextra $(WERROR) -I$(BUILD)/include \
		-c $< -o $@

$(eval $(call objects,plain,$(VISA_TEST_DIR)/plain,tests/visa))

$(BUILD)/tests/vm/visa-kernels: $(VISA_TEST_DIR)/plain/kernels.o | $(BUILD)/lib/libub.so \
		$(KERNEL_OBJ)
	$(call ub_program,$(CXX))

UNIT_TESTS += $(BUILD)/tests/vm/visa-kernels@soft:@$(BUILD)/visa/kernels
VM_TESTS += $(BUILD)/tests/vm/visa-kernels@ub0@$(BUILD)/visa/kernels

UNIT_TESTS += tests/visa/first_kernel.sh@$(BUILD)
