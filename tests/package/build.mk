# SPDX-License-Identifier: MIT
# The library's test programs as a distribution installs them: linked without a run path.

ITEST_DIR := $(BUILD)/tests/package
ITEST_LIBEXEC = $(PREFIX)/libexec/ubstack-tests
# After tests/lib, whose objects these are.
ITEST_PROGRAMS := $(patsubst %,$(ITEST_DIR)/lib-%,$(LIBT_NAMES) lost cpp threads \
	$(LIBT_DOOR_NAMES))

# $(call itest_program,COMPILER,LIBRARIES)
define itest_program
	$(call say,LD)
	$(Q)$(1) $(LDFLAGS) $(filter %.o,$^) -o $@ -L$(BUILD)/lib -lub $(2)
endef

$(patsubst %,$(ITEST_DIR)/lib-%,$(LIBT_NAMES) lost): $(ITEST_DIR)/lib-%: \
		$(LIBT)/plain/%.o $(LIBT)/plain/common.o $(call flags,link) | $(BUILD)/lib/libub.so
	$(call itest_program,$(CC) $(CFLAGS),-lcmocka -lm)

$(ITEST_DIR)/lib-cpp $(ITEST_DIR)/lib-threads $(LIBT_DOOR_NAMES:%=$(ITEST_DIR)/lib-%): \
		$(ITEST_DIR)/lib-%: $(LIBT)/plain/%.o $(call flags,link) | $(BUILD)/lib/libub.so
	$(call itest_program,$(CXX) $(CXXFLAGS),$(ITEST_LIBS))

$(LIBT_DOOR_NAMES:%=$(ITEST_DIR)/lib-%): ITEST_LIBS := -luring

.PHONY: install-tests
install-tests: $(ITEST_PROGRAMS) ## the installed tests, below DESTDIR
	install -d $(DESTDIR)$(ITEST_LIBEXEC) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(ITEST_PROGRAMS) tests/run.sh $(DESTDIR)$(ITEST_LIBEXEC)
	sed -e 's|@LIBEXEC@|$(ITEST_LIBEXEC)|' tests/package/ubstack-test.in \
		> $(DESTDIR)$(PREFIX)/bin/ubstack-test
	chmod 755 $(DESTDIR)$(PREFIX)/bin/ubstack-test
	install -D -m 644 tests/package/ubstack-test.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/ubstack-test.1

UNIT_TESTS += tests/package/dkms.sh
