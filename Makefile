# SPDX-License-Identifier: MIT
# UB Stack: the top of the build. Each folder's build.mk adds its targets; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
TOP := $(CURDIR)
BUILD := build
# What is costly and does not depend on the tree: kernels, QEMU's headers. Keyed by content.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ubstack
PREFIX ?= /usr
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
# Asked for once, and only by what concerns a kernel.
ifndef KERNEL
KERNEL = $(eval KERNEL := $(shell qemu_device/ubvm kernels 2>/dev/null | head -n 1))$(KERNEL)
endif

CC := gcc
CXX := g++
AR := ar
# A distribution's build sets these: OPT, OPT_CXX and LDFLAGS to its flags, WERROR to nothing.
WERROR := -Werror
WARN := -Wall -Wextra $(WERROR)
OPT := -O2 -g
OPT_CXX := $(OPT)
LDFLAGS :=
CFLAGS := $(OPT) -std=gnu11 $(WARN) -fvisibility=hidden
CXXFLAGS := $(OPT_CXX) -std=c++20 $(WARN) -fvisibility=hidden
CPPFLAGS := -I$(BUILD)/include -D_GNU_SOURCE
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
export CACHE VERSION BUILD

# Filled by the fragments.
ALL :=
CLEAN :=
UNIT_TESTS :=
PLAIN_TESTS :=
VM_TESTS :=
INSTALL :=

# make is serial unless told; what calls make itself, as `make test` does, uses every processor.
jobs = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# Quiet: a line names each command's target or source. V=1 shows the commands instead.
Q := $(if $(filter 1,$(V)),,@)

# $(call say,WORD[,FILE]): that line, by default of the target; makes the target's folder.
say = @mkdir -p $(@D)$(if $(Q), && printf '  %-5s %s\n' $(1) $(or $(2),$@))

# $(call flags,GROUP): what a target depends on whose command has the group's flags. It is a file
# with the values of the variables that FLAGS_GROUP names, written anew when they are others.
flags = $(BUILD)/flags/$(1)
FLAGS_c := CC CPPFLAGS CFLAGS
FLAGS_cxx := CXX CPPFLAGS CXXFLAGS
FLAGS_link := CC CXX OPT OPT_CXX LDFLAGS

# $(call objects,GROUP,FOLDER,SOURCES): how FOLDER/%.o come of SOURCES/%.c and .cpp, with the flags
# c_GROUP and cxx_GROUP. FLAGS_GROUP names what those are made of.
define objects
$(2)/%.o: $(3)/%.c $(call flags,$(1)) | $$(HEADERS)
	$$(call say,CC,$$<)
	$$(Q)$$(c_$(1)) -MMD -MP -c $$< -o $$@

$(2)/%.o: $(3)/%.cpp $(call flags,$(1)) | $$(HEADERS)
	$$(call say,CXX,$$<)
	$$(Q)$$(cxx_$(1)) -MMD -MP -c $$< -o $$@

FLAG_GROUPS += $(1)
DEPENDENCIES += $(wildcard $(2)/*.d $(2)/*/*.d)
endef
FLAG_GROUPS := link
DEPENDENCIES :=

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

.PHONY: all
all: ## build everything for this machine

include libub/headers.mk
include $(wildcard visa/build.mk qemu_device/core/build.mk qemu_device/qemu/build.mk \
	qemu_device/build.mk kmod/build.mk libub/build.mk ubctl/build.mk udev/build.mk \
	tests/build.mk packaging/build.mk)

# No process is needed to compare; `force` is there only for a file that is out of date.
equal = $(and $(findstring [$(1)],[$(2)]),$(findstring [$(2)],[$(1)]))
flag_values = $(foreach name,$(FLAGS_$(1)),$(name)=$($(name)))
define flags_file
$(call flags,$(1)): $(if $(call equal,$(strip $(file <$(call flags,$(1)))),$(strip \
	$(call flag_values,$(1)))),,force)
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$$(call flag_values,$(1)))' > $$@
endef
$(foreach group,$(sort $(FLAG_GROUPS)),$(eval $(call flags_file,$(group))))

.PHONY: force
force:

# What each object was made of, as the compiler said.
-include $(sort $(DEPENDENCIES))

all: $(ALL)

.PHONY: install uninstall
install: all $(INSTALL) ## install below DESTDIR with PREFIX
uninstall: ## remove what install put there; give it the same DESTDIR and PREFIX
	rm -rf $(BUILD)/uninstall
	$(MAKE) --no-print-directory install DESTDIR=$(TOP)/$(BUILD)/uninstall >/dev/null
	cd $(BUILD)/uninstall && find . ! -type d -printf '$(DESTDIR)/%P\0' | xargs -0r rm -f
	cd $(BUILD)/uninstall && find . -mindepth 1 -depth -type d -path '*ub*' \
		-printf '$(DESTDIR)/%P\0' | xargs -0r rmdir --ignore-fail-on-non-empty \
		2>/dev/null || true

.PHONY: clean
clean: ## remove what was built; caches stay
	rm -rf $(BUILD) compile_commands.json
