# SPDX-License-Identifier: MIT
# Helpers of the VM tests.

$(BUILD)/tests/vm/hog: tests/vm/hog.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $< -o $@ -L$(BUILD)/lib -lub -Wl,-rpath,'$$ORIGIN/../../lib'

test-build: $(BUILD)/tests/vm/hog
