# SPDX-License-Identifier: MIT
# Unit tests of the device core, with sanitizers, from objects of their own.

CORE_TEST_NAMES := $(patsubst tests/core/test_%.c,%,$(wildcard tests/core/test_*.c))
CORE_TESTS := $(CORE_TEST_NAMES:%=$(BUILD)/tests/core/core-%)
CORE_ASAN_OBJ := $(patsubst qemu_device/core/%.c,$(BUILD)/tests/core/asan/%.o,$(CORE_SRC)) \
	$(VISA_SRC:visa/%.c=$(BUILD)/tests/visa/asan/%.o)
CORE_TSAN_OBJ := $(patsubst qemu_device/core/%.c,$(BUILD)/tests/core/tsan/%.o,$(CORE_SRC)) \
	$(VISA_SRC:visa/%.c=$(BUILD)/tests/visa/tsan/%.o)
CORE_TEST_OBJ := $(CORE_ASAN_OBJ) $(BUILD)/tests/core/obj/harness.o \
	$(BUILD)/tests/core/obj/harness_queue.o

# The core's objects, which tests/fuzz and tests/lib share, and those of its tests.
$(eval $(call objects,asan,$(BUILD)/tests/core/asan,qemu_device/core))
$(eval $(call objects,tsan,$(BUILD)/tests/core/tsan,qemu_device/core))
$(eval $(call objects,asan,$(BUILD)/tests/core/obj,tests/core))
$(eval $(call objects,tsan,$(BUILD)/tests/core/obj-tsan,tests/core))

$(BUILD)/tests/core/core-%: $(BUILD)/tests/core/obj/test_%.o $(CORE_TEST_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(ASAN) $^ -o $@ -lcmocka $(CORE_LIBS) -lm

.SECONDARY: $(CORE_TEST_OBJ) $(CORE_TEST_NAMES:%=$(BUILD)/tests/core/obj/test_%.o)

# The same under ThreadSanitizer, of tests whose guests do not race with themselves.
CORE_TSAN_NAMES := qos moderation poll event recv state inject_stall launch
CORE_TSAN_TESTS := $(CORE_TSAN_NAMES:%=$(BUILD)/tests/core/tsan-%)
CORE_TSAN_TEST_OBJ := $(CORE_TSAN_OBJ) $(BUILD)/tests/core/obj-tsan/harness.o \
	$(BUILD)/tests/core/obj-tsan/harness_queue.o

$(BUILD)/tests/core/tsan-%: $(BUILD)/tests/core/obj-tsan/test_%.o $(CORE_TSAN_TEST_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(TSAN) $^ -o $@ -lcmocka $(CORE_LIBS) -lm

.SECONDARY: $(CORE_TSAN_TEST_OBJ) $(CORE_TSAN_NAMES:%=$(BUILD)/tests/core/obj-tsan/test_%.o)

# Speed of the core alone: build/core/core-bench
$(eval $(call objects,core,$(BUILD)/tests/core/bench,tests/core))
$(BUILD)/core/core-bench: $(patsubst %,$(BUILD)/tests/core/bench/%.o,bench harness harness_queue) \
		$(BUILD)/core/libubcore.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $^ -o $@ -lcmocka $(CORE_LIBS)

UNIT_TESTS += $(CORE_TESTS) $(CORE_TSAN_TESTS)
PLAIN_TESTS += $(CORE_TESTS)
