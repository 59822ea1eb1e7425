# SPDX-License-Identifier: MIT
# The library: libub.so, libub.a, and the soft provider as a plug-in of its own, so that only who
# opens "soft:" loads linear algebra.

LIBUB_ABI := 1
LIBUB_SO := libub.so.$(LIBUB_ABI).0.0
LIBUB_DIR := $(BUILD)/libub
LIBUB_SRC := $(wildcard libub/src/*.cpp)
LIBUB_OBJ := $(LIBUB_SRC:libub/src/%.cpp=$(LIBUB_DIR)/%.o)
SOFT_SRC := $(wildcard libub/src/soft/*.cpp)
SOFT_OBJ := $(SOFT_SRC:libub/src/soft/%.cpp=$(LIBUB_DIR)/soft/%.o)
LIBUB_CPPFLAGS := -DUB_VERSION='"$(VERSION)"' -DUB_LIBDIR='"$(LIBDIR)"' \
	$(CORE_CPPFLAGS) -iquote kmod/check
LIBUB_LIBS := -ludev

# What alone says VERSION or LIBDIR, so that an installation elsewhere does not compile all anew.
LIBUB_PLACED := provider_load.o strings.o
FLAG_GROUPS += placed
FLAGS_placed := VERSION LIBDIR
FLAGS_libub := $(FLAGS_cxx) CORE_CPPFLAGS
cxx_libub = $(CXX) $(CPPFLAGS) $(LIBUB_CPPFLAGS) $(CXXFLAGS) -fPIC
$(eval $(call objects,libub,$(LIBUB_DIR),libub/src))
$(LIBUB_PLACED:%=$(LIBUB_DIR)/%): $(call flags,placed)

LIBUB_OBJ += $(VISA_OBJ)

$(BUILD)/lib/libub.so: $(LIBUB_OBJ) libub/libub.map $(call flags,link)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) -shared -Wl,-soname,libub.so.$(LIBUB_ABI) -Wl,-z,defs \
		-Wl,--as-needed \
		-Wl,--version-script,libub/libub.map $(LDFLAGS) $(LIBUB_OBJ) \
		-o $(@D)/$(LIBUB_SO) $(LIBUB_LIBS)
	@ln -sf $(LIBUB_SO) $(@D)/libub.so.$(LIBUB_ABI)
	@ln -sf libub.so.$(LIBUB_ABI) $@

$(BUILD)/lib/libub.a: $(LIBUB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Beside libub.so in ub/, here as after installation.
$(BUILD)/lib/ub/ub-soft.so: $(SOFT_OBJ) $(BUILD)/core/libubcore.a $(call flags,link)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) -shared -Wl,-soname,ub-soft.so -Wl,-z,defs -Wl,--as-needed \
		-Wl,--exclude-libs,ALL $(LDFLAGS) $(SOFT_OBJ) $(BUILD)/core/libubcore.a -o $@ \
		$(CORE_LIBS)

LIBUB_ALL := $(HEADERS) $(BUILD)/lib/libub.so $(BUILD)/lib/libub.a

# A partial tree may lack the device core.
ifneq ($(wildcard qemu_device/core/build.mk),)
LIBUB_ALL += $(BUILD)/lib/ub/ub-soft.so
endif
ALL += $(LIBUB_ALL)
INSTALL += install-libub

# What the files for pkg-config and CMake say.
LIBUB_FILL = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	-e 's|@VERSION@|$(VERSION)|' \
	-e 's|@LIBUB_SO@|$(LIBUB_SO)|' -e 's|@LIBUB_ABI@|$(LIBUB_ABI)|'

.PHONY: install-libub
install-libub: $(LIBUB_ALL)
	install -d $(DESTDIR)$(PREFIX)/include/ub $(DESTDIR)$(LIBDIR)/ub \
		$(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/libub
	install -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/ub
	install -m 755 $(BUILD)/lib/$(LIBUB_SO) $(DESTDIR)$(LIBDIR)
	ln -sf $(LIBUB_SO) $(DESTDIR)$(LIBDIR)/libub.so.$(LIBUB_ABI)
	ln -sf libub.so.$(LIBUB_ABI) $(DESTDIR)$(LIBDIR)/libub.so
	install -m 644 $(BUILD)/lib/libub.a $(DESTDIR)$(LIBDIR)
	install -m 755 $(filter %/ub-soft.so,$(LIBUB_ALL)) $(DESTDIR)$(LIBDIR)/ub
	$(LIBUB_FILL) libub/libub.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/libub.pc
	for file in libub-config libub-config-version; do \
		$(LIBUB_FILL) libub/cmake/$$file.cmake.in \
			> $(DESTDIR)$(LIBDIR)/cmake/libub/$$file.cmake; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/doc/libub/examples
	install -m 644 $(wildcard libub/examples/*) $(DESTDIR)$(PREFIX)/share/doc/libub/examples
