# SPDX-License-Identifier: MIT
# Tests: each folder adds programs to UNIT_TESTS (run here) or VM_TESTS (run in a VM with devices).

# Programs as whoever uses the library builds them, on the library as it lies here.
FLAGS_plain := $(FLAGS_c) $(FLAGS_cxx)
c_plain = $(CC) $(CPPFLAGS) $(CFLAGS)
# Lines are enough where nobody looks at variables: full debug information of C++ takes long.
cxx_plain = $(CXX) $(CPPFLAGS) $(CXXFLAGS) -g1

# Objects with sanitizers need no debugging by hand; this keeps them quick. memcpy() expanded inline
# would go unseen by ThreadSanitizer; as a call it is intercepted.
ASAN = -O1 -g1 -DUB_DEBUG $(SANITIZE)
TSAN := -O1 -g1 -DUB_DEBUG -fsanitize=thread -fno-builtin
FLAGS_asan := $(FLAGS_plain) CORE_CPPFLAGS ASAN
FLAGS_tsan := $(FLAGS_plain) CORE_CPPFLAGS TSAN
c_asan = $(c_plain) $(CORE_CPPFLAGS) $(ASAN)
c_tsan = $(c_plain) $(CORE_CPPFLAGS) $(TSAN)
cxx_asan = $(cxx_plain) $(LIBUB_CPPFLAGS) $(ASAN)
cxx_tsan = $(cxx_plain) $(LIBUB_CPPFLAGS) $(TSAN)

# $(call ub_program,COMPILER,LIBRARIES): links the objects; the program finds libub.so in build/lib.
# It need not be linked anew when that is, so it depends on it by order alone.
define ub_program
	$(call say,LD)
	$(Q)$(1) $(filter %.o,$^) -o $@ -L$(BUILD)/lib -lub $(2) -Wl,-rpath,'$$ORIGIN/../../lib'
endef

include $(wildcard tests/*/build.mk)

# An entry is PROGRAM[@ARG]...
programs = $(foreach entry,$(1),$(firstword $(subst @, ,$(entry))))

UNIT_TESTS += tests/run_test.sh

TEST_LOG := $(BUILD)/test
# These boot VMs themselves.
VM_SCRIPTS := $(wildcard tests/vm/*.test.sh tests/vm/*/*.test.sh)

.PHONY: vm-needs test test-unit test-vm test-build test-build-vm
test: ## unit tests here, then the whole stack in VMs; ends with a count
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory $(jobs) test-build
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS) $(VM_SCRIPTS)

test-build: test-build-vm $(filter $(BUILD)/%,$(call programs,$(UNIT_TESTS)))

test-build-vm: all $(filter $(BUILD)/%,$(call programs,$(VM_TESTS)))
	@mkdir -p $(BUILD)
	@printf '%s\n' $(VM_TESTS) > $(BUILD)/vm-tests

# The loop of seconds: only what the tests named by T need is built, and they are run.
.PHONY: check check-vm
check: ## build and run some unit tests: T=core-ops, T='core-* lib-ops'
	@MAKE='$(MAKE) $(jobs)' tests/some.sh here '$(T)' $(TEST_LOG) $(BUILD) all \
		$(UNIT_TESTS)

check-vm: ## build and run some tests of the VM suite in one VM: T=uapi_mmap, T='uapi_*'
	@MAKE='$(MAKE) $(jobs)' tests/some.sh vm '$(T)' $(TEST_LOG) $(BUILD) test-build-vm \
		$(VM_TESTS) $(VM_SCRIPTS)

vm-needs: $(KMOD_KO) $(QEMU_PLUGIN)

test-unit: test-build ## the tests that need no VM
	tests/run.sh $(TEST_LOG) $(UNIT_TESTS)

# What any machine can build and run; each folder's build.mk says what of its own.
.PHONY: test-plain
test-plain: $(call programs,$(PLAIN_TESTS)) ## core and tool tests alone; SANITIZE= in a package
	tests/run.sh $(TEST_LOG) $(PLAIN_TESTS)

# Beside these, what an emulator of another machine can run: RUN names it, tests/arm64 uses it. Not
# lib-threads, which fails there: soft: finds memory that another thread just mapped missing.
EMULATED_TESTS = $(PLAIN_TESTS) $(LAYOUT_DIR)/layout \
	$(patsubst %,$(BUILD)/tests/vm/lib-%@soft:@soft:name=b,$(LIBT_NAMES) cpp)

.PHONY: test-emulated
test-emulated: $(LIBUB_ALL) $(UBCTL) $(call programs,$(EMULATED_TESTS))
	RUN='$(RUN)' tests/run.sh $(TEST_LOG) $(EMULATED_TESTS)
	$(RUN) $(BUILD)/ubctl --device soft: selftest

# What tests/coverage counts, in a build of its own; `make test` judges.
.PHONY: coverage-inside
coverage-inside: $(LIBUB_ALL) $(call programs,$(COVER_TESTS))
	tests/run.sh $(BUILD)/test $(COVER_TESTS) || true

test-vm: test-build-vm ## the tests that boot a VM
	tests/run.sh $(TEST_LOG) $(VM_SCRIPTS)
