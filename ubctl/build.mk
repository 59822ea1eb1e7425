# SPDX-License-Identifier: MIT
# The tool: build/ubctl runs in place; the installed one is linked without a run path.

UBCTL := $(BUILD)/ubctl
UBCTL_DIR := $(BUILD)/ubctl.d
UBCTL_SCHEMAS := $(sort $(wildcard ubctl/schema/*.json))
UBCTL_OBJS := $(patsubst ubctl/%.cpp,$(UBCTL_DIR)/%.o,$(sort $(filter-out ubctl/docs/%,\
	$(wildcard ubctl/*.cpp ubctl/*/*.cpp)))) $(UBCTL_DIR)/schemas.o
# What makes the man page and the completions.
DOCGEN := $(UBCTL_DIR)/docgen
DOCGEN_OBJS := $(patsubst ubctl/%.cpp,$(UBCTL_DIR)/%.o,$(sort $(wildcard ubctl/docs/*.cpp)))
# -iquote: libub/src/ext_errors.def, the table that library and tool share.
UBCTL_CPPFLAGS := -Iubctl -iquote . -DUBCTL_VERSION='"$(VERSION)"' -isystem /usr/include/libnl3
UBCTL_LIBS := -L$(BUILD)/lib -lub -lnl-genl-3 -lnl-3 -lfmt -lncursesw -ltinfo

FLAGS_ubctl := $(FLAGS_cxx) UBCTL_CPPFLAGS UBCTL_OPT
# CLI11, JSON and fmt are templates, and the tool waits for others: this halves what they cost to
# compile. What measures has all of the optimisation; a distribution has its own flags, and
# shows that each file includes what it needs.
UBCTL_PCH := $(UBCTL_DIR)/precompiled.hpp
UBCTL_OPT := $(if $(filter command,$(origin OPT) $(origin OPT_CXX)),,-O1 -g1)
ubctl_quick = $(and $(UBCTL_OPT),$(filter-out %/bench.o,$(1)))
cxx_ubctl = $(CXX) $(CPPFLAGS) $(UBCTL_CPPFLAGS) $(CXXFLAGS) \
	$(if $(call ubctl_quick,$@),$(UBCTL_OPT) -fpch-preprocess -include $(UBCTL_PCH))
# ccache has to be told that these are no reason to look away.
export CCACHE_SLOPPINESS := pch_defines,time_macros

$(UBCTL_PCH).gch: ubctl/precompiled.hpp $(call flags,ubctl) | $(HEADERS)
	$(call say,CXX,$<)
	$(Q)cp $< $(UBCTL_PCH)
	$(Q)$(CXX) $(CPPFLAGS) $(UBCTL_CPPFLAGS) $(CXXFLAGS) $(UBCTL_OPT) -x c++-header $< -o $@

$(call ubctl_quick,$(UBCTL_OBJS) $(DOCGEN_OBJS)): $(UBCTL_PCH).gch
$(eval $(call objects,ubctl,$(UBCTL_DIR),ubctl))
$(eval $(call objects,ubctl,$(UBCTL_DIR),$(UBCTL_DIR)))

$(UBCTL_DIR)/schemas.cpp: ubctl/embed-schemas.sh $(UBCTL_SCHEMAS)
	$(call say,GEN)
	$(Q)ubctl/embed-schemas.sh $(UBCTL_SCHEMAS) > $@

$(UBCTL): $(UBCTL_OBJS) $(BUILD)/lib/libub.so $(call flags,link)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $(UBCTL_OBJS) -o $@ $(UBCTL_LIBS) \
		-Wl,-rpath,'$$ORIGIN/lib'

$(UBCTL_DIR)/ubctl: $(UBCTL_OBJS) $(BUILD)/lib/libub.so $(call flags,link)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $(UBCTL_OBJS) -o $@ $(UBCTL_LIBS)

$(DOCGEN): $(DOCGEN_OBJS) $(UBCTL_OBJS) $(BUILD)/lib/libub.so $(call flags,link)
	$(call say,LD)
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $(DOCGEN_OBJS) \
		$(filter-out %/main.o,$(UBCTL_OBJS)) -o $@ \
		$(UBCTL_LIBS) -Wl,-rpath,'$$ORIGIN/../lib'

.PHONY: ubctl-docs
ubctl-docs: $(DOCGEN) ## write ubctl's man page and completions anew
	$(DOCGEN) ubctl/docs ubctl

# The tool needs the library, which a partial tree may lack.
ifneq ($(wildcard libub/build.mk),)
ALL += $(UBCTL) $(UBCTL_DIR)/ubctl
INSTALL += install-ubctl
endif

.PHONY: install-ubctl
install-ubctl: $(UBCTL_DIR)/ubctl
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/ubctl
	install -D -m 644 ubctl/ubctl.1 $(DESTDIR)$(PREFIX)/share/man/man1/ubctl.1
	install -D -m 644 ubctl/completion/ubctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ubctl
	install -D -m 644 ubctl/completion/_ubctl \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ubctl
	install -D -m 644 ubctl/completion/ubctl.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ubctl.fish
	install -d $(DESTDIR)$(PREFIX)/share/ubctl/schema
	install -m 644 $(UBCTL_SCHEMAS) $(DESTDIR)$(PREFIX)/share/ubctl/schema
