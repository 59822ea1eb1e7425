# SPDX-License-Identifier: GPL-2.0-only
# What ubvm asks of a machine and no more; for configure --without-default-devices.
CONFIG_Q35=y
# Without it a guest on a busy host measures its TSC wrongly.
CONFIG_HPET=y
CONFIG_PCIE_PORT=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_VIRTIO_9P=y
CONFIG_SERIAL_ISA=y
CONFIG_UBNPU=y
