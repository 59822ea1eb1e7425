# SPDX-License-Identifier: MIT
# Helpers of the VM tests, and the driver's bare interface, by 64 and 32-bit programs.

VM_DIR := $(BUILD)/tests/vm.d
VM_INCLUDES := -Itests/vm/uapi -Itests/vm/recover
FLAGS_vm := $(FLAGS_plain) VM_INCLUDES
c_vm = $(c_plain) $(VM_INCLUDES)
cxx_vm = $(cxx_plain)
$(eval $(call objects,vm,$(VM_DIR),tests/vm))

SCALE := $(BUILD)/tests/vm/scale
ISOLATION := $(BUILD)/tests/vm/isolation
test-build-vm: $(BUILD)/tests/vm/fabric
$(addprefix $(BUILD)/tests/vm/,hog iommu fabric) $(SCALE) $(ISOLATION): $(BUILD)/tests/vm/%: \
		$(VM_DIR)/%.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX))

$(BUILD)/tests/vm/migrate_guest: $(VM_DIR)/migrate/guest.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX))

# The bare interface. What its programs share is compiled once.
UAPI_NAMES := struct place values handles memory kinds mmap limits full process users lost reap \
	uring
UAPI_SHARED := $(patsubst %,uapi/%.o,uapi cases netlink genl ring pinned)

$(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi_%): $(BUILD)/tests/vm/uapi_%: $(VM_DIR)/uapi/%.o \
		$(UAPI_SHARED:%=$(VM_DIR)/%)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ -lcmocka

# There is no 32-bit CMocka without a foreign architecture; m32/cmocka.h stands in.
VM32_DIR := $(BUILD)/tests/vm32.d
FLAGS_vm32 := $(FLAGS_vm)
c_vm32 = $(CC) -m32 -D_FILE_OFFSET_BITS=64 -Itests/vm/uapi/m32 $(CPPFLAGS) $(VM_INCLUDES) $(CFLAGS)
$(eval $(call objects,vm32,$(VM32_DIR),tests/vm))

$(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi32_%): $(BUILD)/tests/vm/uapi32_%: $(VM32_DIR)/uapi/%.o \
		$(UAPI_SHARED:%=$(VM32_DIR)/%) $(VM32_DIR)/uapi/m32/tap.o
	$(call say,LD)
	$(Q)$(CC) -m32 $(CFLAGS) $^ -o $@

# Recovery: who waits when something goes, and hangs.
RECOVER_NAMES := matrix scopes hang
RECOVER_SHARED := $(patsubst %,recover/%.o,ctl load crowd) $(UAPI_SHARED)
RECOVER_POWER := $(BUILD)/tests/vm/recover_power
$(RECOVER_NAMES:%=$(BUILD)/tests/vm/recover_%) $(RECOVER_POWER): $(BUILD)/tests/vm/recover_%: \
		$(VM_DIR)/recover/%.o $(RECOVER_SHARED:%=$(VM_DIR)/%)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ -lcmocka -luring

VM_TESTS += $(RECOVER_NAMES:%=$(BUILD)/tests/vm/recover_%)
# Kinds of memory want a VM that has them: kinds.test.sh.
UAPI_PLAIN := $(filter-out kinds,$(UAPI_NAMES))
VM_TESTS += $(UAPI_PLAIN:%=$(BUILD)/tests/vm/uapi_%) $(UAPI_PLAIN:%=$(BUILD)/tests/vm/uapi32_%)
test-build-vm: $(BUILD)/tests/vm/uapi_kinds $(BUILD)/tests/vm/uapi32_kinds

EXAMPLES := $(patsubst %,$(BUILD)/tests/examples/%,$(basename $(notdir \
	$(wildcard libub/examples/*.c*))))

# On the library as it lies here; tests/lib/install.sh builds them from an installed prefix.
$(eval $(call objects,plain,$(BUILD)/tests/examples.d,libub/examples))

$(EXAMPLES): $(BUILD)/tests/examples/%: $(BUILD)/tests/examples.d/%.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX),$(EXAMPLE_LIBS))

$(BUILD)/tests/examples/uring: EXAMPLE_LIBS := -luring

VM_TESTS += $(patsubst %,tests/vm/%.sh,udev trace) $(SCALE)@ub1 $(ISOLATION)
test-build-vm: $(addprefix $(BUILD)/tests/vm/,migrate_guest hog iommu) $(RECOVER_POWER) $(EXAMPLES)

# Mixed load under kill -9, resets, faults and unplugging.
STRESS := $(BUILD)/tests/vm/stress
$(STRESS): $(VM_DIR)/stress/stress.o $(VM_DIR)/stress/worker.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX),-luring)

test-build-vm: $(STRESS)

.PHONY: stress
stress: all $(STRESS) ## load, kill -9, resets, faults, unplug in a VM: MINUTES=5 or HOURS=n, SEED=
	tests/vm/stress/stress.sh minutes $(if $(HOURS),$$(($(HOURS) * 60)),$(or $(MINUTES),5)) \
			$(SEED)

# tests/layers looks at every object of this tree.
UNIT_TESTS += $(LAYERS_TEST)@tests/vm@$(VM_DIR)
test-build-vm: $(VM_DIR)/uapi/m32/tap.o
