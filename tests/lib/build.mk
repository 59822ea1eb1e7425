# SPDX-License-Identifier: MIT
# The library's tests. Each program exists twice: with everything in it and sanitizers, run here on
# "soft:"; and over libub.so, run in a VM on ub0 and ub1 (and here once, through the plug-in).

LIBT := $(BUILD)/tests/lib.d
LIBT_NAMES := waits service fork identity ops errors queues events messages memory private programs
LIBT_SRC := $(LIBUB_SRC:libub/src/%.cpp=%.o) $(SOFT_SRC:libub/src/soft/%.cpp=soft/%.o)
# Faults come by an option of "soft:" alone.
LIBT_SOFT_NAMES := faults fabric
LIBT_LIBS := -ludev $(CORE_LIBS)

# $(1): asan or tsan
define libt_objects
$(call objects,$(1),$(LIBT)/$(1)/test,tests/lib)
$(call objects,$(1),$(LIBT)/$(1),libub/src)
$(LIBUB_PLACED:%=$(LIBT)/$(1)/%): $(call flags,placed)

$(LIBT)/$(1)/all.a: $(LIBT_SRC:%=$(LIBT)/$(1)/%) $(2)
	$$(call say,AR)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(eval $(call libt_objects,asan,$(CORE_ASAN_OBJ)))
$(eval $(call libt_objects,tsan,$(CORE_TSAN_OBJ)))

# Another process, for the tests of a fabric.
$(BUILD)/tests/lib-fabric: $(LIBT)/asan/test/fabric_owner.o
$(BUILD)/tests/vm/lib-fabric: $(LIBT)/plain/fabric_owner.o

# $(call whole_program,FLAGS,LIBRARIES): the objects with all of the archive.
define whole_program
	$(call say,LD)
	$(Q)$(CXX) $(1) $(filter %.o,$^) -Wl,--whole-archive $(filter %.a,$^) \
		-Wl,--no-whole-archive \
		-o $@ $(2) $(LIBT_LIBS)
endef

$(patsubst %,$(BUILD)/tests/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES)): $(BUILD)/tests/lib-%: \
		$(LIBT)/asan/test/%.o $(LIBT)/asan/test/common.o $(LIBT)/asan/all.a
	$(call whole_program,$(ASAN),-lcmocka -lm)

$(BUILD)/tests/lib-cpp: $(LIBT)/asan/test/cpp.o $(LIBT)/asan/all.a
	$(call whole_program,$(ASAN))

$(BUILD)/tests/lib-threads: $(LIBT)/tsan/test/threads.o $(LIBT)/tsan/all.a
	$(call whole_program,$(TSAN))

$(eval $(call objects,plain,$(LIBT)/plain,tests/lib))

$(patsubst %,$(BUILD)/tests/vm/lib-%,$(LIBT_NAMES) $(LIBT_SOFT_NAMES) lost): \
		$(BUILD)/tests/vm/lib-%: $(LIBT)/plain/%.o $(LIBT)/plain/common.o | \
		$(BUILD)/lib/libub.so
	$(call ub_program,$(CC),-lcmocka -lm)

$(BUILD)/tests/vm/lib-cpp $(BUILD)/tests/vm/lib-threads: $(BUILD)/tests/vm/lib-%: \
		$(LIBT)/plain/%.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX))

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
		$(LIBT)/plain/%.o | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX),-luring)

VM_TESTS += $(BUILD)/tests/vm/lib-doors@ub0 $(BUILD)/tests/vm/lib-uring@ub0@ub1 \
	$(BUILD)/tests/vm/lib-uring_ends@ub0 $(BUILD)/tests/vm/lib-uring_reap@ub0@ub1
