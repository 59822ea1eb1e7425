# SPDX-License-Identifier: MIT
# Helpers of the VM tests, and the driver's bare interface, by 64 and 32-bit programs.

$(BUILD)/tests/vm/hog: tests/vm/hog.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

$(BUILD)/tests/vm/migrate_guest: tests/vm/migrate_guest.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

SCALE := $(BUILD)/tests/vm/scale
$(SCALE): tests/vm/scale.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

ISOLATION := $(BUILD)/tests/vm/isolation
$(ISOLATION): tests/vm/isolation.cpp tests/lib/doors.hpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

UAPI_NAMES := struct place values handles memory mmap limits full process users lost reap uring
UAPI_SHARED := tests/vm/uapi.c tests/vm/uapi_cases.c tests/vm/uapi_netlink.c tests/vm/genl.c tests/vm/ring.c

$(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi_%): $(BUILD)/tests/vm/uapi_%: tests/vm/uapi_%.c \
		$(UAPI_SHARED) tests/vm/uapi.h tests/vm/genl.h tests/vm/ring.h $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(filter %.c,$^) -o $@ -lcmocka

# There is no 32-bit CMocka without a foreign architecture; m32/cmocka.h stands in.
$(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi32_%): $(BUILD)/tests/vm/uapi32_%: tests/vm/uapi_%.c \
		$(UAPI_SHARED) tests/vm/m32/tap.c tests/vm/m32/cmocka.h tests/vm/uapi.h \
		tests/vm/genl.h tests/vm/ring.h $(HEADERS)
	@mkdir -p $(@D)
	$(CC) -m32 -D_FILE_OFFSET_BITS=64 -Itests/vm/m32 $(CPPFLAGS) $(CFLAGS) $(filter %.c,$^) -o $@

# Recovery: who waits when something goes, and hangs.
RECOVER_NAMES := matrix scopes hang
RECOVER_SHARED := tests/vm/ctl.c tests/vm/load.c
$(RECOVER_NAMES:%=$(BUILD)/tests/vm/recover_%): $(BUILD)/tests/vm/recover_%: tests/vm/recover_%.c \
		$(RECOVER_SHARED) tests/vm/ctl.h tests/vm/load.h $(UAPI_SHARED) tests/vm/uapi.h \
		tests/vm/genl.h tests/vm/ring.h $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(filter %.c,$^) -o $@ -lcmocka -luring

VM_TESTS += $(RECOVER_NAMES:%=$(BUILD)/tests/vm/recover_%)
VM_TESTS += $(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi_%) $(UAPI_NAMES:%=$(BUILD)/tests/vm/uapi32_%)

EXAMPLES := $(addprefix $(BUILD)/tests/examples/,$(basename $(notdir $(wildcard libub/examples/*.c*))))

# On the library as it lies here; tests/lib/install.sh builds them from an installed prefix.
define example_link
	@mkdir -p $(@D)
	$(1) $< -o $@ -L$(BUILD)/lib -lub $(EXAMPLE_LIBS) -Wl,-rpath,'$$ORIGIN/../../lib'
endef

$(BUILD)/tests/examples/%: libub/examples/%.c $(HEADERS) $(BUILD)/lib/libub.so
	$(call example_link,$(CC) $(CPPFLAGS) $(CFLAGS))

$(BUILD)/tests/examples/%: libub/examples/%.cpp $(HEADERS) $(BUILD)/lib/libub.so
	$(call example_link,$(CXX) $(CPPFLAGS) $(CXXFLAGS))

$(BUILD)/tests/examples/uring: EXAMPLE_LIBS := -luring

VM_TESTS += tests/vm/udev.sh tests/vm/trace.sh $(SCALE)@ub1 $(ISOLATION)
test-build-vm: $(BUILD)/tests/vm/migrate_guest $(BUILD)/tests/vm/hog $(EXAMPLES)

# Mixed load under kill -9, resets, faults and unplugging.
STRESS := $(BUILD)/tests/vm/stress
$(STRESS): tests/vm/stress.cpp tests/vm/stress_worker.cpp $(wildcard tests/vm/stress*.hpp) \
		$(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(filter %.cpp,$^) -o $@ -L$(BUILD)/lib -lub -luring \
		-Wl,-rpath,'$$ORIGIN/../../lib'

test-build-vm: $(STRESS)

.PHONY: stress
stress: all $(STRESS) ## load, kill -9, resets, faults, unplug in a VM: MINUTES=5 or HOURS=n, SEED=
	tests/vm/stress.sh minutes $(if $(HOURS),$$(($(HOURS) * 60)),$(or $(MINUTES),5)) $(SEED)
