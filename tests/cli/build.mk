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

# What top and stat make of counters, and top's screen without a terminal.
CLI_TOP := $(BUILD)/tests/cli/ubctl-top
CLI_TOP_SRCS := $(patsubst %,ubctl/%.cpp,out/codes out/text out/nearest out/json out/remedies \
	out/error out/table device/netlink device/usage device/rates tui/view)

$(CLI_TOP): $(CLI_DIR)/top_unit.o $(patsubst ubctl/%.cpp,$(CLI_DIR)/ubctl/%.o,$(CLI_TOP_SRCS)) \
		| $(BUILD)/lib/libub.so
	$(call ub_program,$(CXX) $(ASAN),-lnl-genl-3 -lnl-3 -lfmt)

ifneq ($(wildcard libub/build.mk),)
UNIT_TESTS += $(CLI_UNIT) $(CLI_TOP) tests/cli/cli.sh tests/cli/files.sh tests/cli/terminal.sh \
	$(DOCGEN)@--check@ubctl/docs@ubctl
PLAIN_TESTS += $(CLI_UNIT) $(CLI_TOP)
VM_TESTS += tests/cli/cli_vm.sh
endif
