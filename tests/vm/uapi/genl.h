/* SPDX-License-Identifier: MIT */
/* Generic netlink by hand, so also in 32 bit. */
#ifndef TESTS_VM_GENL_H
#define TESTS_VM_GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "uapi.h"

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	uint8_t attrs[192];
};

struct message message(uint16_t family, uint8_t cmd, uint16_t flags);
void put_attr(struct message *m, uint16_t type, const void *data, uint16_t len);
/* Sends a request and takes the first message of the answer. */
const struct nlmsghdr *ask(int sock, const struct message *m, void *buf, size_t size);
/* Whether it is there, of just this size if that is not 0; data, if not NULL, gets up to size. */
bool find_attr(const struct nlmsghdr *nl, uint16_t type, void *data, size_t size);
/* It must be there. */
void get_attr(const struct nlmsghdr *nl, uint16_t type, void *data, size_t size);
/* A socket, and the family's id and its administrators' group's. */
int open_family(uint16_t *family, uint32_t *group);

#endif
