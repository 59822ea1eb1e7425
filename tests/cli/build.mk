# SPDX-License-Identifier: MIT
# The tool's tests: golden outputs over the soft provider, its parsers under sanitizers, and in a VM
# what needs a driver.

CLI_UNIT := $(BUILD)/tests/cli/ubctl-unit
CLI_UNIT_SRCS := tests/cli/ubctl_unit.cpp $(patsubst %,ubctl/%.cpp,out/codes out/text out/json \
	out/remedies out/error out/table io/parse io/files io/unfinished io/output_file \
	io/npy_header io/npy)

FLAGS_cli := $(FLAGS_ubctl) ASAN
cxx_cli = $(CXX) $(CPPFLAGS) $(UBCTL_CPPFLAGS) $(CXXFLAGS) $(ASAN)
CLI_DIR := $(BUILD)/tests/cli
$(eval $(call objects,cli,$(CLI_DIR)/ubctl,ubctl))
$(eval $(call objects,cli,$(CLI_DIR),tests/cli))

$(CLI_UNIT): $(patsubst tests/cli/%,$(CLI_DIR)/%,$(patsubst ubctl/%,$(CLI_DIR)/ubctl/%,\
		$(CLI_UNIT_SRCS:.cpp=.o))) | $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX) $(ASAN),-lfmt)

ifneq ($(wildcard libub/build.mk),)
UNIT_TESTS += $(CLI_UNIT) tests/cli/cli.sh tests/cli/files.sh tests/cli/terminal.sh \
	$(DOCGEN)@--check@ubctl/docs@ubctl
PLAIN_TESTS += $(CLI_UNIT)
VM_TESTS += tests/cli/cli_vm.sh
endif
