# SPDX-License-Identifier: MIT
# The tool's tests: golden outputs over the soft provider, its parsers under sanitizers, and in a VM
# what needs a driver.

CLI_UNIT := $(BUILD)/tests/cli/ubctl-unit
CLI_UNIT_SRCS := tests/cli/ubctl_unit.cpp $(patsubst %,ubctl/%.cpp,out/codes out/text out/json \
	out/error out/output io/files io/npy)

$(CLI_UNIT): $(CLI_UNIT_SRCS) $(wildcard ubctl/*/*.hpp) $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(UBCTL_CPPFLAGS) $(CXXFLAGS) $(SANITIZE) $(CLI_UNIT_SRCS) -o $@ \
		-L$(BUILD)/lib -lub -lfmt -Wl,-rpath,'$$ORIGIN/../../lib'

ifneq ($(wildcard libub/build.mk),)
UNIT_TESTS += $(CLI_UNIT) tests/cli/cli.sh $(DOCGEN)@--check@ubctl/docs@ubctl
PLAIN_TESTS += $(CLI_UNIT)
VM_TESTS += tests/cli/cli_vm.sh
endif
