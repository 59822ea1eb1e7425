# SPDX-License-Identifier: MIT
# The library's test programs as a distribution installs them: linked without a run path.

ITEST_DIR := $(BUILD)/tests/package
ITEST_LIBEXEC = $(PREFIX)/libexec/ubstack-tests
# After tests/lib, whose objects these are.
ITEST_PROGRAMS := $(patsubst %,$(ITEST_DIR)/lib-%,$(LIBT_NAMES) lost cpp threads \
	$(LIBT_DOOR_NAMES))

$(patsubst %,$(ITEST_DIR)/lib-%,$(LIBT_NAMES) lost): \
		$(ITEST_DIR)/lib-%: $(LIBT)/plain/%.o $(LIBT)/plain/common.o $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -o $@ -L$(BUILD)/lib -lub -lcmocka -lm

$(ITEST_DIR)/lib-cpp $(ITEST_DIR)/lib-threads: $(ITEST_DIR)/lib-%: \
		tests/lib/%.cpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(LDFLAGS) $< -o $@ -L$(BUILD)/lib -lub

$(LIBT_DOOR_NAMES:%=$(ITEST_DIR)/lib-%): $(ITEST_DIR)/lib-%: \
		tests/lib/%.cpp tests/lib/doors.hpp tests/lib/uring.hpp $(HEADERS) $(BUILD)/lib/libub.so
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(LDFLAGS) $< -o $@ -L$(BUILD)/lib -lub -luring

.PHONY: install-tests
install-tests: $(ITEST_PROGRAMS) ## the installed tests, below DESTDIR
	install -d $(DESTDIR)$(ITEST_LIBEXEC) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(ITEST_PROGRAMS) tests/run.sh $(DESTDIR)$(ITEST_LIBEXEC)
	sed -e 's|@LIBEXEC@|$(ITEST_LIBEXEC)|' tests/package/ubstack-test.in \
		> $(DESTDIR)$(PREFIX)/bin/ubstack-test
	chmod 755 $(DESTDIR)$(PREFIX)/bin/ubstack-test
	install -D -m 644 tests/package/ubstack-test.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/ubstack-test.1
