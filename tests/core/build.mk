# SPDX-License-Identifier: MIT
# Unit tests of the device core, with sanitizers, from objects of their own.

CORE_TEST_NAMES := $(patsubst tests/core/test_%.c,%,$(wildcard tests/core/test_*.c))
CORE_TESTS := $(CORE_TEST_NAMES:%=$(BUILD)/tests/core/core-%)
CORE_TEST_OBJ := $(patsubst qemu_device/core/%.c,$(BUILD)/tests/core/obj/%.o,$(CORE_SRC)) \
	$(BUILD)/tests/core/obj/harness.o $(BUILD)/tests/core/obj/harness_queue.o
CORE_TEST_HEADERS := tests/core/harness.h tests/core/inject.h $(CORE_HEADERS) $(HEADERS)

$(BUILD)/tests/core/obj/%.o: qemu_device/core/%.c $(CORE_TEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/tests/core/obj/%.o: tests/core/%.c $(CORE_TEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/tests/core/core-%: $(BUILD)/tests/core/obj/test_%.o $(CORE_TEST_OBJ)
	$(CC) $(CFLAGS) $(SANITIZE) $^ -o $@ -lcmocka $(CORE_LIBS) -lm

.SECONDARY: $(CORE_TEST_OBJ) $(CORE_TEST_NAMES:%=$(BUILD)/tests/core/obj/test_%.o)

# The same under ThreadSanitizer, of tests whose guests do not race with themselves. memcpy() expanded
# inline would go unseen.
CORE_TSAN_NAMES := qos moderation poll event recv state inject_stall
CORE_TSAN_TESTS := $(CORE_TSAN_NAMES:%=$(BUILD)/tests/core/tsan-%)
CORE_TSAN_OBJ := $(patsubst $(BUILD)/tests/core/obj/%,$(BUILD)/tests/core/tsan/%,$(CORE_TEST_OBJ))
CORE_TSAN_FLAGS := -O1 -fsanitize=thread -fno-builtin

$(BUILD)/tests/core/tsan/%.o: qemu_device/core/%.c $(CORE_TEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) $(CORE_TSAN_FLAGS) -c $< -o $@

$(BUILD)/tests/core/tsan/%.o: tests/core/%.c $(CORE_TEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) $(CORE_TSAN_FLAGS) -c $< -o $@

$(BUILD)/tests/core/tsan-%: $(BUILD)/tests/core/tsan/test_%.o $(CORE_TSAN_OBJ)
	$(CC) $(CFLAGS) $(CORE_TSAN_FLAGS) $^ -o $@ -lcmocka $(CORE_LIBS) -lm

.SECONDARY: $(CORE_TSAN_OBJ) $(CORE_TSAN_NAMES:%=$(BUILD)/tests/core/tsan/test_%.o)

# Speed of the core alone: build/core/core-bench
$(BUILD)/core/core-bench: tests/core/bench.c tests/core/harness.c tests/core/harness_queue.c \
		$(BUILD)/core/libubcore.a
	$(CC) $(CPPFLAGS) $(CORE_CPPFLAGS) $(CFLAGS) $^ -o $@ -lcmocka $(CORE_LIBS)

UNIT_TESTS += $(CORE_TESTS) $(CORE_TSAN_TESTS)
PLAIN_TESTS += $(CORE_TESTS)
