/* SPDX-License-Identifier: MIT */
#include "genl.h"

#include <sys/socket.h>

void put_attr(struct message *m, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	uint8_t *at = (uint8_t *)m + NLMSG_ALIGN(m->nl.nlmsg_len);

	assert_true(at + NLA_HDRLEN + NLA_ALIGN(len) <= (uint8_t *)(m + 1));
	memcpy(at, &attr, sizeof(attr));
	memcpy(at + NLA_HDRLEN, data, len);
	m->nl.nlmsg_len = NLMSG_ALIGN(m->nl.nlmsg_len) + NLA_ALIGN(attr.nla_len);
}

struct message message(uint16_t family, uint8_t cmd, uint16_t flags)
{
	return (struct message){
		.nl = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | flags },
		.genl = { .cmd = cmd, .version = 1 },
	};
}

const struct nlmsghdr *ask(int sock, const struct message *m, void *buf, size_t size)
{
	const struct nlmsghdr *nl = buf;

	assert_int_equal(send(sock, m, m->nl.nlmsg_len, 0), m->nl.nlmsg_len);
	assert_true(recv(sock, buf, size, 0) >= (ssize_t)NLMSG_LENGTH(GENL_HDRLEN));
	if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE)
		fail_msg("netlink request %u was not answered", m->genl.cmd);
	return nl;
}

/* The payload of an attribute in [at, end), or NULL. */
static const uint8_t *attr_in(const uint8_t *at, const uint8_t *end, uint16_t type, size_t *len)
{
	struct nlattr attr;

	*len = 0;
	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN)
			break;
		*len = attr.nla_len - NLA_HDRLEN;
		if ((attr.nla_type & NLA_TYPE_MASK) == type)
			return at + NLA_HDRLEN;
	}
	return NULL;
}

static const uint8_t *attr_of(const struct nlmsghdr *nl, uint16_t type, size_t *len)
{
	return attr_in((const uint8_t *)NLMSG_DATA(nl) + GENL_HDRLEN,
		       (const uint8_t *)nl + nl->nlmsg_len, type, len);
}

bool find_attr(const struct nlmsghdr *nl, uint16_t type, void *data, size_t size)
{
	size_t len;
	const uint8_t *at = attr_of(nl, type, &len);

	if (at && data)
		memcpy(data, at, len < size ? len : size);
	return at;
}

void get_attr(const struct nlmsghdr *nl, uint16_t type, void *data, size_t size)
{
	size_t len;
	const uint8_t *at = attr_of(nl, type, &len);

	if (!at || len != size)
		fail_msg("no attribute %u in the answer", type);
	memcpy(data, at, size);
}

/* The id of the group that administrators join: the family's second. */
static uint32_t admin_group(const struct nlmsghdr *nl)
{
	size_t len, inner;
	const uint8_t *groups = attr_of(nl, CTRL_ATTR_MCAST_GROUPS, &len), *group, *id;
	uint32_t value;

	assert_non_null(groups);
	group = attr_in(groups, groups + len, 2, &inner);
	assert_non_null(group);
	id = attr_in(group, group + inner, CTRL_ATTR_MCAST_GRP_ID, &len);
	assert_non_null(id);
	memcpy(&value, id, sizeof(value));
	return value;
}

int open_family(uint16_t *family, uint32_t *group)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct message m = message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	_Alignas(8) static uint8_t buf[32768];
	const struct nlmsghdr *nl;

	assert_true(sock >= 0);
	put_attr(&m, CTRL_ATTR_FAMILY_NAME, UB_GENL_NAME, sizeof(UB_GENL_NAME));
	nl = ask(sock, &m, buf, sizeof(buf));
	get_attr(nl, CTRL_ATTR_FAMILY_ID, family, sizeof(*family));
	if (group)
		*group = admin_group(nl);
	return sock;
}
