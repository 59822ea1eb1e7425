# SPDX-License-Identifier: MIT
# The driver and the soft provider give the same answers. Here two soft devices do, with sanitizers
# (tests/lib makes the objects); in a VM the driver's and a soft one.

PARITY_SRC := $(wildcard tests/parity/*.cpp)
PARITY_HPP := tests/parity/parity.hpp libub/src/provider.hpp
PARITY_CPPFLAGS := -Ilibub/src

$(LIBT)/asan/parity/%.o: tests/parity/%.cpp $(PARITY_HPP) $(HEADERS)
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(PARITY_CPPFLAGS) $(CXXFLAGS) $(LIBT_FLAGS_asan) -c $< -o $@

$(LIBT)/plain/parity/%.o: tests/parity/%.cpp $(PARITY_HPP) $(HEADERS)
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(PARITY_CPPFLAGS) $(CXXFLAGS) -c $< -o $@

$(BUILD)/tests/parity: $(PARITY_SRC:tests/parity/%.cpp=$(LIBT)/asan/parity/%.o) $(LIBT)/asan/all.a
	$(CXX) $(LIBT_FLAGS_asan) $(filter %.o,$^) -Wl,--whole-archive $(filter %.a,$^) \
		-Wl,--no-whole-archive -o $@ $(LIBT_LIBS)

$(BUILD)/tests/vm/parity: $(PARITY_SRC:tests/parity/%.cpp=$(LIBT)/plain/parity/%.o) \
		$(LIBUB_OBJ) $(SOFT_OBJ) $(BUILD)/core/libubcore.a
	@mkdir -p $(@D)
	$(CXX) $^ -o $@ $(LIBT_LIBS)

UNIT_TESTS += $(BUILD)/tests/parity
VM_TESTS += $(BUILD)/tests/vm/parity@ub0@soft:
