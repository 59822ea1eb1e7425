# SPDX-License-Identifier: MIT
# Fuzzers of the device core. make test replays their corpora; make fuzz runs them by libFuzzer.

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_DIR := $(BUILD)/tests/fuzz
FUZZ_COMMON := $(filter-out fuzz_% replay.c,$(notdir $(wildcard tests/fuzz/*.c)))

# Replay: the core's test objects and whatever compiler there is.
FUZZ_REPLAY := $(FUZZERS:%=$(FUZZ_DIR)/replay-%)
FUZZ_REPLAY_OBJ := $(FUZZ_COMMON:%.c=$(FUZZ_DIR)/obj/%.o) $(FUZZ_DIR)/obj/replay.o

$(eval $(call objects,asan,$(FUZZ_DIR)/obj,tests/fuzz))

$(FUZZ_REPLAY): $(FUZZ_DIR)/replay-%: $(FUZZ_DIR)/obj/fuzz_%.o $(FUZZ_REPLAY_OBJ) $(CORE_ASAN_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(ASAN) $^ -o $@ $(CORE_LIBS)

UNIT_TESTS += $(foreach name,$(FUZZERS),$(FUZZ_DIR)/replay-$(name)@tests/fuzz/corpus/$(name))

# The fuzzers proper: only the core is instrumented for coverage.
CLANG ?= clang
FUZZ_FLAGS := -O1 -g -std=gnu11 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJ := $(FUZZ_COMMON:%.c=$(FUZZ_DIR)/clang/%.o) \
	$(CORE_SRC:qemu_device/core/%.c=$(FUZZ_DIR)/clang/core/%.o) \
	$(VISA_SRC:visa/%.c=$(FUZZ_DIR)/clang/visa/%.o)
FUZZ_BIN := $(FUZZERS:%=$(FUZZ_DIR)/fuzz-%)

FLAGS_fuzz := CLANG CPPFLAGS CORE_CPPFLAGS FUZZ_FLAGS
FLAGS_fuzzed := $(FLAGS_fuzz)
c_fuzz = $(CLANG) $(CPPFLAGS) $(CORE_CPPFLAGS) $(FUZZ_FLAGS)
c_fuzzed = $(c_fuzz) -fsanitize=fuzzer-no-link
$(eval $(call objects,fuzzed,$(FUZZ_DIR)/clang/core,qemu_device/core))
$(eval $(call objects,fuzzed,$(FUZZ_DIR)/clang/visa,visa))
$(eval $(call objects,fuzz,$(FUZZ_DIR)/clang,tests/fuzz))

$(FUZZ_BIN): $(FUZZ_DIR)/fuzz-%: $(FUZZ_DIR)/clang/fuzz_%.o $(FUZZ_OBJ)
	$(call say,LD)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@ $(CORE_LIBS)

.SECONDARY: $(FUZZ_OBJ) $(FUZZ_REPLAY_OBJ) $(FUZZERS:%=$(FUZZ_DIR)/obj/fuzz_%.o) \
	$(FUZZERS:%=$(FUZZ_DIR)/clang/fuzz_%.o)

FUZZER ?= $(FUZZERS)

.PHONY: fuzz fuzz-report
fuzz: $(FUZZ_BIN) ## fuzz the device core, SECONDS=60 for each; FUZZER=admin for one
	tests/fuzz/fuzz.sh run $(FUZZ_DIR) $(or $(SECONDS),60) $(FUZZER)

fuzz-report: $(FUZZ_BIN) ## what the fuzzers ran and which part of the core's edges they reach
	@tests/fuzz/fuzz.sh report $(FUZZ_DIR) $(FUZZER)

# The whole device in a stock QEMU, by qtest: short runs that repeat, with the tests.
FUZZ_QEMU := tests/fuzz/qemu.py@1@60000 tests/fuzz/qemu.py@2@60000
UNIT_TESTS += $(FUZZ_QEMU)
# Faults set from outside, on the same machine.
UNIT_TESTS += tests/fuzz/qmp.py

.PHONY: fuzz-qemu
fuzz-qemu: $(QEMU_PLUGIN) ## fuzz the device in QEMU, SECONDS=60
	nice tests/fuzz/qemu.py --seconds $(or $(SECONDS),60)

# The driver's interface as syzkaller has it; the driver's own fuzzer is built by tests/vm_debug.
UNIT_TESTS += tests/fuzz/syzkaller/check.py
