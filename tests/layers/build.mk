# SPDX-License-Identifier: MIT
# Layers: each tree's own list, TREE/layers, against what was built of it.

LAYERS_TEST := tests/layers/layers.py

UNIT_TESTS += $(LAYERS_TEST)@kmod@$(KMOD_DIR)
UNIT_TESTS += $(LAYERS_TEST)@qemu_device/core@$(BUILD)/core
ifneq ($(wildcard libub/build.mk),)
UNIT_TESTS += $(LAYERS_TEST)@ubctl@$(BUILD)/ubctl.d
endif
