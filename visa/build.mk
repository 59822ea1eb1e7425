# SPDX-License-Identifier: MIT
# What device core and library share of the virtual instruction set. The reference model and the
# tests are built by tests/visa.

VISA_SRC := visa/table.c visa/verify.c
VISA_OBJ := $(VISA_SRC:visa/%.c=$(BUILD)/visa/%.o)

$(eval $(call objects,core,$(BUILD)/visa,visa))
