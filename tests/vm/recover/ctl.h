/* SPDX-License-Identifier: MIT */
/* The administrator's side in the tests of recovery: netlink, uevents, sysfs, core dumps. */
#ifndef TESTS_VM_CTL_H
#define TESTS_VM_CTL_H

#include "uapi.h"

#define WAIT_MS 60000	/* a bound, not an expectation */

struct attr {
	uint16_t type;
	uint16_t size;	/* 0: a flag, 4 or 8 */
	uint64_t value;
};

/* 0 or the errno; why, if not NULL, gets the driver's words. */
int request(uint8_t cmd, const struct attr *attrs, size_t count, char why[128]);
int reset_context(uint32_t tid);
int reset_queue(uint32_t type, uint32_t id);
/* Arms a fault; it must be taken. count 0 removes. */
void inject(uint32_t kind, uint32_t id, uint32_t count, uint64_t arg0, uint64_t arg1);
uint64_t faults_given(uint32_t kind);
bool can_inject(void);

/* A counter of directory health/. */
uint64_t health(const char *name);
/* One by netlink. */
uint64_t health_attr(uint16_t type);

struct news {
	uint32_t event, scope, tid, queue, pid;
};

/* The group's HEALTH_NTF messages of this device. */
int listen_news(void);
/* Waits for one of this event; those before it are dropped. False: none came. */
bool await_news(int sock, uint32_t event, struct news *news);

/* The kernel's uevents. */
int listen_uevents(void);
/* Waits for one of this device with WEDGED: text gets its lines. */
bool await_wedged(int sock, char text[512]);
bool has_line(const char *text, const char *line);

/* Of this device, by its PCI address. NULL: none; free(3) it. Removes it from the kernel. */
char *take_coredump(void);
bool coredumps_exist(void);

/* The device's PCI address, and what is written to the files of sysfs. */
const char *pci_address(void);
void write_file(const char *path, const char *text);
/* Until the device can be opened: after it came again, or while it is being reset. */
int open_when_there(void);
/* Until the condition holds; false after WAIT_MS. */
bool wait_until(bool (*condition)(void *), void *arg);

#endif
