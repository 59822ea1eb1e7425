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
ifndef KERNEL
KERNEL := $(shell qemu_device/ubvm kernels 2>/dev/null | head -n 1)
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

# Parallel unless told otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

.PHONY: all
all: ## build everything for this machine

include libub/headers.mk
include $(wildcard qemu_device/core/build.mk qemu_device/qemu/build.mk qemu_device/build.mk kmod/build.mk libub/build.mk \
	ubctl/build.mk udev/build.mk tests/build.mk packaging/build.mk)

all: $(ALL)

.PHONY: install uninstall
install: all $(INSTALL) ## install below DESTDIR with PREFIX
uninstall: ## remove what install put there; give it the same DESTDIR and PREFIX
	rm -rf $(BUILD)/uninstall
	$(MAKE) --no-print-directory install DESTDIR=$(TOP)/$(BUILD)/uninstall >/dev/null
	cd $(BUILD)/uninstall && find . ! -type d -printf '$(DESTDIR)/%P\0' | xargs -0r rm -f
	cd $(BUILD)/uninstall && find . -mindepth 1 -depth -type d -path '*ub*' \
		-printf '$(DESTDIR)/%P\0' | xargs -0r rmdir --ignore-fail-on-non-empty 2>/dev/null || true

.PHONY: clean
clean: ## remove what was built; caches stay
	rm -rf $(BUILD)
