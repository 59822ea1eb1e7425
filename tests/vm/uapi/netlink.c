/* SPDX-License-Identifier: MIT */
/* What the driver has on its lists, and reset. */
#include "genl.h"

#include <stdio.h>
#include <sys/socket.h>

/* Of the device that is tested; uapi_args() sets it. */
unsigned int device_index;

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
	_Alignas(8) static uint8_t buf[32768];
	struct counts c = { .vm_pin = vm_pin() };
	const struct nlmsghdr *nl;
	struct message m;
	uint16_t family;
	int sock = open_family(&family, NULL);

	m = message(family, UB_CMD_DEV_GET, NLM_F_DUMP);
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
	_Alignas(8) static uint8_t buf[32768];
	const struct nlmsghdr *nl = (const void *)buf;
	struct nlmsgerr err;
	struct message m;
	uint16_t family;
	int sock = open_family(&family, NULL);

	m = message(family, UB_CMD_DEV_RESET, NLM_F_ACK);
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
