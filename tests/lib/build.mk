# SPDX-License-Identifier: MIT
# The library's tests. Each program exists twice: with everything in it and sanitizers, run here on
# "soft:"; and over libub.so, run in a VM on ub0 and ub1 (and here once, through the plug-in).

LIBT := $(BUILD)/tests/lib.d
LIBT_NAMES := waits service fork identity ops errors queues events messages memory
LIBT_SRC := $(LIBUB_SRC:libub/src/%.cpp=%.o) $(SOFT_SRC:libub/src/soft/%.cpp=soft/%.o)
LIBT_CORE := $(patsubst qemu_device/core/%.c,core/%.o,$(CORE_SRC))
# Faults come by an option of "soft:" alone.
LIBT_SOFT_NAMES := faults
LIBT_LIBS := -ludev $(CORE_LIBS)
# A sanitizer's build needs no debugging by hand; -O1 keeps it quick.
LIBT_FLAGS_asan := -O1 $(SANITIZE)
# memcpy() expanded inline would go unseen by ThreadSanitizer; as a call it is intercepted.
LIBT_FLAGS_tsan := -O1 -fsanitize=thread -fno-builtin

# $(1): asan or tsan
define libt_objects
$(LIBT)/$(1)/core/%.o: qemu_device/core/%.c $$(CORE_HEADERS) $$(HEADERS)
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CORE_CPPFLAGS) $$(CFLAGS) $$(LIBT_FLAGS_$(1)) -c $$< -o $$@

$(LIBT)/$(1)/test/%.o: tests/lib/%.c tests/lib/common.h $$(HEADERS)
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CORE_CPPFLAGS) $$(CFLAGS) $$(LIBT_FLAGS_$(1)) -c $$< -o $$@

$(LIBT)/$(1)/test/%.o: tests/lib/%.cpp $$(HEADERS)
	@mkdir -p $$(@D)
	$$(CXX) $$(CPPFLAGS) $$(CXXFLAGS) $$(LIBT_FLAGS_$(1)) -c $$< -o $$@

$(LIBT)/$(1)/%.o: libub/src/%.cpp $$(HEADERS)
	@mkdir -p $$(@D)
	$$(CXX) $$(CPPFLAGS) $$(LIBUB_CPPFLAGS) $$(CXXFLAGS) $$(LIBT_FLAGS_$(1)) -MMD -MP \
		-c $$< -o $$@

$(LIBT)/$(1)/all.a: $$(addprefix $(LIBT)/$(1)/,$$(LIBT_SRC) $$(LIBT_CORE))
	rm -f $$@
	$$(AR) rcs $$@ $$^

-include $$(patsubst %.o,$(LIBT)/$(1)/%.d,$$(LIBT_SRC))
endef
$(eval $(call libt_objects,asan))
$(eval $(call libt_objects,tsan))

$(patsubst %,$(BUILD)/tests/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES)): $(BUILD)/tests/lib-%: $(LIBT)/asan/test/%.o \
		$(LIBT)/asan/test/common.o $(LIBT)/asan/all.a
	$(CXX) $(LIBT_FLAGS_asan) $(filter %.o,$^) -Wl,--whole-archive $(filter %.a,$^) \
		-Wl,--no-whole-archive -o $@ -lcmocka -lm $(LIBT_LIBS)

$(LIBT)/plain/%.o: tests/lib/%.c tests/lib/common.h $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(patsubst %,$(BUILD)/tests/vm/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES) lost): \
		$(BUILD)/tests/vm/lib-%: $(LIBT)/plain/%.o $(LIBT)/plain/common.o $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -o $@ -L$(BUILD)/lib -lub -lcmocka -lm -Wl,-rpath,'$$ORIGIN/../../lib'

$(BUILD)/tests/lib-cpp: $(LIBT)/asan/test/cpp.o $(LIBT)/asan/all.a
	$(CXX) $(LIBT_FLAGS_asan) $< -Wl,--whole-archive $(filter %.a,$^) -Wl,--no-whole-archive \
		-o $@ $(LIBT_LIBS)

$(BUILD)/tests/lib-threads: $(LIBT)/tsan/test/threads.o $(LIBT)/tsan/all.a
	$(CXX) $(LIBT_FLAGS_tsan) $< -Wl,--whole-archive $(filter %.a,$^) -Wl,--no-whole-archive \
		-o $@ $(LIBT_LIBS)

$(BUILD)/tests/vm/lib-cpp $(BUILD)/tests/vm/lib-threads: $(BUILD)/tests/vm/lib-%: \
		tests/lib/%.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

UNIT_TESTS += $(patsubst %,$(BUILD)/tests/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES))
UNIT_TESTS += $(BUILD)/tests/lib-cpp $(BUILD)/tests/lib-threads tests/lib/install.sh
UNIT_TESTS += $(BUILD)/tests/vm/lib-cpp@soft:@soft:name=b
UNIT_TESTS += $(LIBT_NAMES:%=$(BUILD)/tests/vm/lib-%@soft:@soft:name=b)
UNIT_TESTS += $(LIBT_SOFT_NAMES:%=$(BUILD)/tests/vm/lib-%)
VM_TESTS += $(LIBT_NAMES:%=$(BUILD)/tests/vm/lib-%@ub0@ub1)
VM_TESTS += $(BUILD)/tests/vm/lib-lost@ub1
VM_TESTS += $(BUILD)/tests/vm/lib-cpp@ub0@ub1 $(BUILD)/tests/vm/lib-threads@ub0@400

# The three doors: a driver's device alone has them.
LIBT_DOOR_NAMES := doors uring uring_ends uring_reap

$(LIBT_DOOR_NAMES:%=$(BUILD)/tests/vm/lib-%): $(BUILD)/tests/vm/lib-%: \
		tests/lib/%.cpp tests/lib/doors.hpp tests/lib/uring.hpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -luring \
		-Wl,-rpath,'$$ORIGIN/../../lib'

VM_TESTS += $(BUILD)/tests/vm/lib-doors@ub0 $(BUILD)/tests/vm/lib-uring@ub0@ub1 \
	$(BUILD)/tests/vm/lib-uring_ends@ub0 $(BUILD)/tests/vm/lib-uring_reap@ub0@ub1
