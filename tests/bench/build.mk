# SPDX-License-Identifier: MIT
# make bench: the device against its peers, as ratios in one run and counts per command.

BENCH := $(BUILD)/bench/ub-bench
BENCH_SECONDS ?= 2

$(BENCH): tests/bench/ub-bench.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -libverbs -lopenblas \
		-Wl,-rpath,'$$ORIGIN/../lib'

.PHONY: bench
bench: ## speed and counts, as ratios to peers in one run
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all $(BENCH)
	tests/bench/run.sh $(BENCH) $(BENCH_SECONDS) $(BUILD)
