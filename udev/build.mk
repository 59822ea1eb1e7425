# SPDX-License-Identifier: MIT
# Device node rules and the group they name; and the device, for programs that look for its
# packages.

INSTALL += install-udev

# udev and sysusers look here whatever PREFIX is; a prefix of one's own gets them below it.
UDEV_PREFIX ?= $(PREFIX)/lib

.PHONY: install-udev
install-udev:
	install -D -m 644 udev/60-ubnpu.rules $(DESTDIR)$(UDEV_PREFIX)/udev/rules.d/60-ubnpu.rules
	install -D -m 644 udev/ubstack.conf $(DESTDIR)$(UDEV_PREFIX)/sysusers.d/ubstack.conf
	install -D -m 644 udev/invalid.ubstack.ubnpu.metainfo.xml \
		$(DESTDIR)$(PREFIX)/share/metainfo/invalid.ubstack.ubnpu.metainfo.xml
