/* SPDX-License-Identifier: MIT */
#include "ctl.h"
#include "genl.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#define GROUP_KERNEL 1	/* of uevents: what the kernel says, not udev */

static void extended_words(const struct nlmsghdr *nl, char why[128])
{
	const uint8_t *at = (const uint8_t *)NLMSG_DATA(nl) + sizeof(struct nlmsgerr);
	const uint8_t *end = (const uint8_t *)nl + nl->nlmsg_len;
	struct nlattr attr;

	why[0] = 0;
	if (!(nl->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN)
			return;
		if (attr.nla_type == NLMSGERR_ATTR_MSG)
			snprintf(why, 128, "%.*s", attr.nla_len - NLA_HDRLEN, at + NLA_HDRLEN);
	}
}

static struct message build(uint16_t family, uint8_t cmd, uint16_t flags,
			    const struct attr *attrs, size_t count)
{
	struct message m = message(family, cmd, flags);

	put_attr(&m, UB_A_DEV_INDEX, &device_index, sizeof(device_index));
	for (size_t i = 0; i < count; i++)
		put_attr(&m, attrs[i].type, &attrs[i].value, attrs[i].size);
	return m;
}

int request(uint8_t cmd, const struct attr *attrs, size_t count, char why[128])
{
	_Alignas(8) uint8_t buf[4096];
	const struct nlmsghdr *nl = (const void *)buf;
	struct nlmsgerr err;
	struct message m;
	uint16_t family;
	int one = 1, sock = open_family(&family, NULL);

	m = build(family, cmd, NLM_F_ACK, attrs, count);
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	assert_int_equal(send(sock, &m, m.nl.nlmsg_len, 0), m.nl.nlmsg_len);
	assert_true(recv(sock, buf, sizeof(buf), 0) >= (ssize_t)NLMSG_LENGTH(sizeof(err)));
	assert_int_equal(nl->nlmsg_type, NLMSG_ERROR);
	memcpy(&err, NLMSG_DATA(nl), sizeof(err));
	if (why)
		extended_words(nl, why);
	close(sock);
	return -err.error;
}

int reset_context(uint32_t tid)
{
	const struct attr attrs[] = { { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT }, { UB_A_TID, 4, tid } };

	return request(UB_CMD_DEV_RESET, attrs, ARRAY_SIZE(attrs), NULL);
}

int reset_queue(uint32_t type, uint32_t id)
{
	const struct attr attrs[] = { { UB_A_SCOPE, 4, UB_SCOPE_QUEUE },
				      { UB_A_QUEUE_TYPE, 4, type }, { UB_A_QUEUE_ID, 4, id } };

	return request(UB_CMD_DEV_RESET, attrs, ARRAY_SIZE(attrs), NULL);
}

void inject(uint32_t kind, uint32_t id, uint32_t count, uint64_t arg0, uint64_t arg1)
{
	const struct attr attrs[] = {
		{ UB_A_FAULT_KIND, 4, kind }, { UB_A_FAULT_ID, 4, id },
		{ UB_A_FAULT_COUNT, 4, count }, { UB_A_FAULT_ARG0, 8, arg0 },
		{ UB_A_FAULT_ARG1, 8, arg1 },
	};
	char why[128];
	int err = request(UB_CMD_INJECT, attrs, ARRAY_SIZE(attrs), why);

	if (err)
		fail_msg("fault %u is not taken: %s: %s", kind, strerror(err), why);
}

bool can_inject(void)
{
	struct ub_ioc_query_device q = { 0 };
	int fd = open_device();

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	close(fd);
	return q.caps & UB_CAP_INJECT;
}

/* An attribute of the first message of an answer. */
static uint64_t ask_u64(uint8_t cmd, uint16_t flags, const struct attr *attr, uint16_t type)
{
	_Alignas(8) uint8_t buf[4096];
	struct message m;
	uint16_t family;
	uint64_t value;
	int sock = open_family(&family, NULL);

	m = build(family, cmd, flags, attr, attr ? 1 : 0);
	get_attr(ask(sock, &m, buf, sizeof(buf)), type, &value, sizeof(value));
	close(sock);
	return value;
}

uint64_t faults_given(uint32_t kind)
{
	const struct attr attr = { UB_A_FAULT_KIND, 4, kind };

	return ask_u64(UB_CMD_INJECT_GET, 0, &attr, UB_A_FAULTS_GIVEN);
}

uint64_t health_attr(uint16_t type)
{
	return ask_u64(UB_CMD_HEALTH_GET, NLM_F_DUMP, NULL, type);
}

uint64_t health(const char *name)
{
	unsigned long long value;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/health/%s", device_index, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &value), 1);
	fclose(f);
	return value;
}

/* ---- What the kernel says unasked ---- */
int listen_news(void)
{
	uint16_t family;
	uint32_t group;
	int sock = open_family(&family, &group);

	assert_int_equal(setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				    sizeof(group)), 0);
	return sock;
}

static bool receive(int sock, void *buf, size_t size, size_t *len)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	ssize_t got;

	if (poll(&p, 1, WAIT_MS) != 1)
		return false;
	got = recv(sock, buf, size, 0);
	*len = got > 0 ? (size_t)got : 0;
	return got > 0;
}

bool await_news(int sock, uint32_t event, struct news *news)
{
	_Alignas(8) uint8_t buf[4096];
	const struct nlmsghdr *nl = (const void *)buf;
	const struct genlmsghdr *genl = NLMSG_DATA(nl);
	uint32_t index;
	size_t len;

	while (receive(sock, buf, sizeof(buf), &len)) {
		memset(news, 0, sizeof(*news));
		if (genl->cmd != UB_CMD_HEALTH_NTF)
			continue;
		get_attr(nl, UB_A_DEV_INDEX, &index, sizeof(index));
		get_attr(nl, UB_A_HEALTH_EVENT, &news->event, sizeof(news->event));
		get_attr(nl, UB_A_SCOPE, &news->scope, sizeof(news->scope));
		find_attr(nl, UB_A_TID, &news->tid, sizeof(news->tid));
		find_attr(nl, UB_A_QUEUE_ID, &news->queue, sizeof(news->queue));
		find_attr(nl, UB_A_PID, &news->pid, sizeof(news->pid));
		if (index == device_index && news->event == event)
			return true;
	}
	return false;
}

int listen_uevents(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };

	assert_true(sock >= 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	const char *at;

	for (at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, line, len) && (at[len] == '\n' || !at[len]))
			return true;
	}
	return false;
}

bool await_wedged(int sock, char text[512])
{
	char name[32];
	size_t len;

	snprintf(name, sizeof(name), "DEVNAME=ub/ub%u", device_index);
	while (receive(sock, text, 511, &len)) {
		text[len] = 0;
		for (size_t i = 0; i < len; i++)
			if (!text[i])
				text[i] = '\n';
		if (strstr(text, "\nWEDGED=") && has_line(text, name))
			return true;
	}
	return false;
}

/* ---- sysfs ---- */
const char *pci_address(void)
{
	static char address[32];
	char path[64], target[256];
	ssize_t len;

	if (address[0])
		return address;
	snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/device", device_index);
	len = readlink(path, target, sizeof(target) - 1);
	assert_true(len > 0);
	target[len] = 0;
	snprintf(address, sizeof(address), "%.31s", strrchr(target, '/') + 1);
	return address;
}

void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail_msg("%s: %s", path, strerror(errno));
	close(fd);
}

bool coredumps_exist(void)
{
	return !access("/sys/class/devcoredump", F_OK);
}

static char *read_all(const char *path)
{
	size_t size = 1u << 20, len = 0;
	char *text = malloc(size);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	len = fread(text, 1, size - 1, f);
	fclose(f);
	text[len] = 0;
	return text;
}

bool wait_until(bool (*condition)(void *), void *arg)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (unsigned int ms = 0; ms < WAIT_MS; ms += 10) {
		if (condition(arg))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool is_gone(void *path)
{
	return access(path, F_OK);
}

char *take_coredump(void)
{
	DIR *dir = opendir("/sys/class/devcoredump");
	char path[400], target[256], *text = NULL;
	struct dirent *e;
	ssize_t len;

	while (dir && !text && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/devcoredump/%.200s/failing_device",
			 e->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = 0;
		if (strcmp(strrchr(target, '/') + 1, pci_address()))
			continue;
		snprintf(path, sizeof(path), "/sys/class/devcoredump/%.200s/data", e->d_name);
		text = read_all(path);
		write_file(path, "0");
		assert_true(wait_until(is_gone, path));
	}
	if (dir)
		closedir(dir);
	return text;
}

static bool opens(void *fd)
{
	*(int *)fd = open(device, O_RDWR | O_CLOEXEC);
	return *(int *)fd >= 0;
}

int open_when_there(void)
{
	int fd;

	if (!wait_until(opens, &fd))
		fail_msg("%s: %s", device, strerror(errno));
	return fd;
}
