# SPDX-License-Identifier: MIT
# make bench: the device against its peers and limits, as ratios in one run and counts per command.

BENCH := $(BUILD)/bench/ub-bench
BENCH_OBJS := $(patsubst tests/bench/%.cpp,$(BUILD)/bench/%.o,$(wildcard tests/bench/*.cpp))
BENCH_INSN := $(BUILD)/bench/insn_plugin.so
BENCH_SECONDS ?= 1
BENCH_DOORS ?= mapped ioctl uring

$(BUILD)/bench/%.o: tests/bench/%.cpp $(HEADERS)
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BENCH): $(BENCH_OBJS) $(BUILD)/lib/libub.so
	$(CXX) $(CXXFLAGS) $(BENCH_OBJS) -o $@ -L$(BUILD)/lib -lub -luring -libverbs -lopenblas \
		-Wl,-rpath,'$$ORIGIN/../lib'

-include $(BENCH_OBJS:.o=.d)

$(BENCH_INSN): tests/bench/insn_plugin.c qemu_device/qemu/headers.sh
	@mkdir -p $(@D)
	headers=$$(qemu_device/qemu/headers.sh "$(CACHE)"); \
	$(CC) $(CFLAGS) -fPIC -shared -I$$headers/include/qemu $$(pkg-config --cflags glib-2.0) \
		$< -o $@

.PHONY: bench
bench: ## speed and counts, as ratios to peers in one run
	@$(MAKE) --no-print-directory deps DEPS=benchmark
	@$(MAKE) --no-print-directory all $(BENCH) $(BENCH_INSN)
	BENCH_DOORS="$(BENCH_DOORS)" tests/bench/run.sh $(BENCH) $(BENCH_SECONDS) $(BUILD)
