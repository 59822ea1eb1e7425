/* SPDX-License-Identifier: MIT */
/* Generic netlink by hand, so also in 32 bit: what the driver has on its lists, and reset. */
#include "uapi.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	uint8_t attrs[64];
};

static void put_attr(struct message *m, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	uint8_t *at = (uint8_t *)m + NLMSG_ALIGN(m->nl.nlmsg_len);

	memcpy(at, &attr, sizeof(attr));
	memcpy(at + NLA_HDRLEN, data, len);
	m->nl.nlmsg_len = NLMSG_ALIGN(m->nl.nlmsg_len) + NLA_ALIGN(attr.nla_len);
}

static struct message message(uint16_t family, uint8_t cmd, uint16_t flags)
{
	return (struct message){
		.nl = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | flags },
		.genl = { .cmd = cmd, .version = 1 },
	};
}

/* Sends a request and takes the first message of the answer. */
static const struct nlmsghdr *ask(int sock, const struct message *m, void *buf, size_t size)
{
	const struct nlmsghdr *nl = buf;

	assert_int_equal(send(sock, m, m->nl.nlmsg_len, 0), m->nl.nlmsg_len);
	assert_true(recv(sock, buf, size, 0) >= (ssize_t)NLMSG_LENGTH(GENL_HDRLEN));
	if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE)
		fail_msg("netlink request %u was not answered", m->genl.cmd);
	return nl;
}

/* Copies an attribute of the message; it must be there. */
static void get_attr(const struct nlmsghdr *nl, uint16_t type, void *to, size_t size)
{
	const uint8_t *at = (const uint8_t *)NLMSG_DATA(nl) + GENL_HDRLEN;
	const uint8_t *end = (const uint8_t *)nl + nl->nlmsg_len;
	struct nlattr attr;

	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if ((attr.nla_type & NLA_TYPE_MASK) == type &&
		    attr.nla_len == NLA_HDRLEN + size) {
			memcpy(to, at + NLA_HDRLEN, size);
			return;
		}
	}
	fail_msg("no attribute %u in the answer", type);
}

static uint16_t find_family(int sock, void *buf, size_t size)
{
	struct message m = message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	uint16_t id;

	put_attr(&m, CTRL_ATTR_FAMILY_NAME, UB_GENL_NAME, sizeof(UB_GENL_NAME));
	get_attr(ask(sock, &m, buf, size), CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	return id;
}

static uint64_t vm_pin(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long kib = ~0ul;
	char line[256];

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "VmPin: %lu kB", &kib);
	fclose(status);
	assert_true(kib != ~0ul);
	return (uint64_t)kib * 1024;
}

struct counts counts_now(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	_Alignas(8) static uint8_t buf[32768];
	struct counts c = { .vm_pin = vm_pin() };
	const struct nlmsghdr *nl;
	struct message m;

	assert_true(sock >= 0);
	m = message(find_family(sock, buf, sizeof(buf)), UB_CMD_DEV_GET, NLM_F_DUMP);
	put_attr(&m, UB_A_DEV_INDEX, &device_index, sizeof(device_index));
	nl = ask(sock, &m, buf, sizeof(buf));
	get_attr(nl, UB_A_CONTEXTS, &c.contexts, sizeof(c.contexts));
	get_attr(nl, UB_A_SEGS, &c.segs, sizeof(c.segs));
	get_attr(nl, UB_A_QUEUES, &c.queues, sizeof(c.queues));
	get_attr(nl, UB_A_PINNED_BYTES, &c.pinned, sizeof(c.pinned));
	close(sock);
	return c;
}

void assert_counts(const struct counts *want)
{
	struct counts now = counts_now();

	if (memcmp(&now, want, sizeof(now)))
		fail_msg("%u contexts, %u segments, %u queues, %llu bytes pinned, %llu VmPin; "
			 "should be %u, %u, %u, %llu, %llu", now.contexts, now.segs, now.queues,
			 (unsigned long long)now.pinned, (unsigned long long)now.vm_pin,
			 want->contexts, want->segs, want->queues,
			 (unsigned long long)want->pinned, (unsigned long long)want->vm_pin);
}

int reset_device(bool force)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	_Alignas(8) static uint8_t buf[32768];
	const struct nlmsghdr *nl = (const void *)buf;
	struct nlmsgerr err;
	struct message m;

	assert_true(sock >= 0);
	m = message(find_family(sock, buf, sizeof(buf)), UB_CMD_DEV_RESET, NLM_F_ACK);
	put_attr(&m, UB_A_DEV_INDEX, &device_index, sizeof(device_index));
	if (force)
		put_attr(&m, UB_A_FORCE, "", 0);
	assert_int_equal(send(sock, &m, m.nl.nlmsg_len, 0), m.nl.nlmsg_len);
	assert_true(recv(sock, buf, sizeof(buf), 0) >= (ssize_t)NLMSG_LENGTH(sizeof(err)));
	assert_int_equal(nl->nlmsg_type, NLMSG_ERROR);
	memcpy(&err, NLMSG_DATA(nl), sizeof(err));
	close(sock);
	return -err.error;
}
