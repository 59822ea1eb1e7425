# SPDX-License-Identifier: GPL-2.0-only
# The driver, out of tree: `make kmod [KERNEL=release]`. Kbuild works on a copy, so the tree stays
# clean.

# Folders are layers, see kmod/layers.
KMOD_SRC := $(sort $(wildcard kmod/*.[ch] kmod/*/*.[ch])) kmod/Kbuild
KMOD_SRC := $(filter-out kmod/uapi/%,$(KMOD_SRC))
KMOD_UAPI := $(wildcard kmod/uapi/*.h)
# Of another kind for a kernel of tests/vm_debug: -gcov counts lines, -kcov guides a fuzzer.
KMOD_KIND :=
kmod_kind-gcov := GCOV_PROFILE=y KCSAN_SANITIZE=n
kmod_kind-kcov := KCOV_INSTRUMENT=y
KMOD_DIR = $(BUILD)/kmod/$(KERNEL)$(KMOD_KIND)
KMOD_KO = $(KMOD_DIR)/ubnpu.ko
# A second kernel series that kmod-check builds against, from the distribution's backports.
KMOD_CHECK_SERIES ?= 6.12

# $(call kmod_headers_COMPILER,RELEASE)
kmod_headers_gcc = $$(kmod/headers.sh find "$(1)")
kmod_headers_clang = $$(kmod/clang-headers.sh $(call kmod_headers_gcc,$(1)) \
	$(KMOD_CHECK_DIR)-headers)

# $(call kmod_build,HEADERS,DIR,FLAGS): HEADERS is what the shell makes of it. A kernel that clang
# built takes LLVM's tools.
define kmod_build
	@mkdir -p $(2)
	@cd kmod && cp -pu --parents $(patsubst kmod/%,%,$(KMOD_SRC) $(KMOD_UAPI)) $(TOP)/$(2)
	+@dir=$(1) && \
		llvm=$$(grep -qs ^CONFIG_CC_IS_CLANG=y "$$dir/.config" && echo LLVM=1 || :) && \
		env -u CC -u CXX $(MAKE) --no-print-directory -C "$$dir" M=$(TOP)/$(2) \
		UBNPU_VERSION=$(VERSION) $$llvm $(3) modules
endef

.PHONY: kmod
kmod: $(KMOD_KO) ## the driver for KERNEL=release, by default the VM's

FLAG_GROUPS += kmod
FLAGS_kmod := VERSION

$(KMOD_KO): $(KMOD_SRC) $(KMOD_UAPI) $(call flags,kmod)
	$(call say,KMOD)
	$(call kmod_build,$(call kmod_headers_gcc,$(KERNEL)),$(KMOD_DIR),$(kmod_kind$(KMOD_KIND)))
	@touch $@

# Every file compiled and checked anew by each compiler; any word of it or of sparse fails.
.PHONY: kmod-check
kmod-check: ## the driver with gcc, clang, W=1 and sparse, on two kernel series
	@$(MAKE) --no-print-directory kmod-check-one CHECK_RELEASE=$(KERNEL)
	@release=$$(kmod/headers.sh fetch $(KMOD_CHECK_SERIES)) && \
		$(MAKE) --no-print-directory kmod-check-one CHECK_RELEASE=$$release

KMOD_CHECK_DIR = $(BUILD)/kmod-check/$(CHECK_RELEASE)-$*
kmod_flags_gcc := W=1 C=2
kmod_flags_clang := W=1 CC=clang

.PHONY: kmod-check-one kmod-check-gcc kmod-check-clang
kmod-check-one: kmod-check-gcc kmod-check-clang
kmod-check-gcc kmod-check-clang: kmod-check-%:
	@rm -rf $(KMOD_CHECK_DIR) && mkdir -p $(KMOD_CHECK_DIR)
	$(call kmod_build,$(call kmod_headers_$*,$(CHECK_RELEASE)),$(KMOD_CHECK_DIR),\
		$(kmod_flags_$*)) > $(KMOD_CHECK_DIR)/log 2>&1 || \
		{ cat $(KMOD_CHECK_DIR)/log; exit 1; }
	@! grep -E 'warning|error' $(KMOD_CHECK_DIR)/log
	@echo "kmod-check: $(CHECK_RELEASE), $*: clean"

ALL += $(KMOD_KO)
