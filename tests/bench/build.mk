# SPDX-License-Identifier: MIT
# make bench: the device against its peers and limits, as ratios in one run and counts per command.
# T= names sections of it.

BENCH := $(BUILD)/bench/ub-bench
BENCH_OBJS := $(patsubst tests/bench/%.cpp,$(BUILD)/bench/%.o,$(wildcard tests/bench/*.cpp))
BENCH_INSN := $(BUILD)/bench/insn_plugin.so
BENCH_SECONDS ?= 0.2
BENCH_ROUNDS ?= 5
BENCH_DOORS ?= mapped ioctl uring

$(eval $(call objects,plain,$(BUILD)/bench,tests/bench))

$(BENCH): $(BENCH_OBJS) | $(BUILD)/lib/libub.so
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(BENCH_OBJS) -o $@ -L$(BUILD)/lib -lub -luring -libverbs \
		-lopenblas \
		-Wl,-rpath,'$$ORIGIN/../lib'

$(BENCH_INSN): tests/bench/insn_plugin.c $(QEMU_DIR)/headers
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -fPIC -shared "-I$$(cat $(QEMU_DIR)/headers)/include/qemu" \
		$$(pkg-config --cflags glib-2.0) $< -o $@

UNIT_TESTS += tests/bench/figures.test.py

.PHONY: bench
bench: ## speed and counts, as ratios to peers in one run; T=registration runs a section
	@python3 tests/bench/plan.py "$(T)" > /dev/null
	@$(MAKE) --no-print-directory deps DEPS=benchmark
	@$(MAKE) --no-print-directory $(jobs) all $(BENCH) $(BENCH_INSN)
	@/usr/bin/python3 tests/bench/run.py --seconds "$(BENCH_SECONDS)" \
		--rounds "$(BENCH_ROUNDS)" --doors "$(BENCH_DOORS)" $(BUILD) "$(T)"
