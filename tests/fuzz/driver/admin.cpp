/* SPDX-License-Identifier: MIT */
/* The administrator's side: generic netlink, faults, resets, unbinding, parameters, core dumps. */
#include "world.hpp"

#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct message {
    struct nlmsghdr nl;
    struct genlmsghdr genl;
    uint8_t attrs[512];
};

void put(message &m, unsigned type, const void *data, size_t len) {
    auto *at = reinterpret_cast<uint8_t *>(&m) + NLMSG_ALIGN(m.nl.nlmsg_len);
    struct nlattr attr = {.nla_len = static_cast<uint16_t>(NLA_HDRLEN + len),
                          .nla_type = static_cast<uint16_t>(type)};

    if (at + NLA_HDRLEN + NLA_ALIGN(len) > reinterpret_cast<uint8_t *>(&m + 1))
        return;
    memcpy(at, &attr, sizeof(attr));
    memcpy(at + NLA_HDRLEN, data, len);
    m.nl.nlmsg_len =
        NLMSG_ALIGN(m.nl.nlmsg_len) + NLA_HDRLEN + static_cast<uint32_t>(NLA_ALIGN(len));
}

void put_u32(message &m, unsigned type, uint32_t value) {
    put(m, type, &value, sizeof(value));
}
void put_u64(message &m, unsigned type, uint64_t value) {
    put(m, type, &value, sizeof(value));
}

message begin(uint16_t family, uint8_t cmd, uint16_t flags) {
    message m = {};

    m.nl = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
            .nlmsg_type = family,
            .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags),
            .nlmsg_seq = 0,
            .nlmsg_pid = 0};
    m.genl = {.cmd = cmd, .version = 1, .reserved = 0};
    return m;
}

/* 0 until the module is there. */
uint16_t family_id(int sock) {
    alignas(8) uint8_t buf[8192];
    message m = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);

    put(m, CTRL_ATTR_FAMILY_NAME, UB_GENL_NAME, sizeof(UB_GENL_NAME));
    if (send(sock, &m, m.nl.nlmsg_len, 0) < 0)
        return 0;
    ssize_t len = recv(sock, buf, sizeof(buf), 0);
    for (ssize_t at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN < len;) {
        struct nlattr attr;

        memcpy(&attr, buf + at, sizeof(attr));
        if (attr.nla_type == CTRL_ATTR_FAMILY_ID) {
            uint16_t id;
            memcpy(&id, buf + at + NLA_HDRLEN, sizeof(id));
            return id;
        }
        at += NLA_ALIGN(attr.nla_len) ?: NLA_HDRLEN;
    }
    return 0;
}

/* Until the end of the answer; 0 or -1 with errno. */
int talk(thread_state &t, const message &m) {
    alignas(8) uint8_t buf[32768];

    if (send(t.netlink, &m, m.nl.nlmsg_len, 0) < 0)
        return -1;
    for (;;) {
        ssize_t len = recv(t.netlink, buf, sizeof(buf), 0);
        auto *nl = reinterpret_cast<const struct nlmsghdr *>(buf);

        if (len < 0)
            return -1;
        for (; len > 0 && NLMSG_OK(nl, static_cast<size_t>(len)); nl = NLMSG_NEXT(nl, len)) {
            if (nl->nlmsg_type == NLMSG_DONE)
                return 0;
            if (nl->nlmsg_type != NLMSG_ERROR)
                continue;
            int err;
            memcpy(&err, NLMSG_DATA(nl), sizeof(err));
            errno = -err;
            return err ? -1 : 0;
        }
    }
}

uint16_t family(thread_state &t) {
    static std::atomic<uint16_t> id;

    if (t.netlink < 0) {
        struct timeval limit = {5, 0};

        t.netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
        setsockopt(t.netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    }
    if (!id)
        id = family_id(t.netlink);
    return id;
}

/* Attributes that the command knows, or not. */
void odd_attributes(rng &r, message &m) {
    uint8_t data[32];

    for (unsigned n = r.one_in(6) ? r.below(5) : 0; n; n--) {
        uint64_t value = odd_number(r);
        memset(data, static_cast<int>(r.next()), sizeof(data));
        memcpy(data, &value, sizeof(value));
        put(m, r.below(UB_A_MAX + 3), data, r.one_in(2) ? 4 : r.below(32));
    }
}

void get(rng &r, thread_state &t) {
    static const uint8_t cmds[] = {UB_CMD_DEV_GET,   UB_CMD_CTX_GET,    UB_CMD_SEG_GET,
                                   UB_CMD_QUEUE_GET, UB_CMD_HEALTH_GET, UB_CMD_USAGE_GET};
    message m = begin(family(t), r.one_in(20) ? static_cast<uint8_t>(r.below(16)) : r.pick(cmds),
                      NLM_F_DUMP);

    if (r.one_in(2))
        put_u32(m, UB_A_DEV_INDEX, r.below(3));
    odd_attributes(r, m);
    count(OP_NETLINK_GET, talk(t, m));
}

uint32_t recent(rng &r, const std::atomic<uint32_t> (&from)[RECENT]) {
    return r.one_in(10) ? static_cast<uint32_t>(odd_number(r)) : from[r.below(RECENT)].load();
}

int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int ret = fd < 0 ? -1 : static_cast<int>(write(fd, text, strlen(text)));

    if (fd >= 0)
        close(fd);
    return ret;
}

const char *address(unsigned device) {
    static char addresses[DEVICES][32];
    char path[64], target[256];

    if (!addresses[device][0]) {
        snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/device", device);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = 0;
        const char *last = strrchr(target, '/');
        snprintf(addresses[device], sizeof(addresses[device]), "%.31s", last ? last + 1 : "");
    }
    return addresses[device];
}

/* A fault may have kept one from coming up. */
void bind_all() {
    for (unsigned device = 0; device < DEVICES; device++)
        write_text("/sys/bus/pci/drivers/ubnpu/bind", address(device));
}

void reset(rng &r, thread_state &t) {
    message m = begin(family(t), UB_CMD_DEV_RESET, NLM_F_ACK);
    uint32_t scope = r.one_in(60) ? 0 : 1 + r.below(2);

    if (r.one_in(10))
        bind_all();
    put_u32(m, UB_A_DEV_INDEX, r.below(DEVICES));
    put_u32(m, UB_A_SCOPE, scope);
    if (scope == UB_SCOPE_CONTEXT)
        put_u32(m, UB_A_TID, recent(r, all->tids));
    if (scope == UB_SCOPE_QUEUE) {
        put_u32(m, UB_A_QUEUE_TYPE, r.one_in(10) ? r.below(9) : UB_OBJ_JFS + r.below(2));
        put_u32(m, UB_A_QUEUE_ID, recent(r, all->queues));
    }
    if (scope == UB_SCOPE_DEVICE && r.one_in(2))
        put(m, UB_A_FORCE, "", 0);
    odd_attributes(r, m);
    count(OP_RESET, talk(t, m));
}

/* Mostly of the kinds that pass; delays are short. */
void inject(rng &r, thread_state &t) {
    uint32_t kind =
        r.one_in(20) ? r.below(20) : 1 + r.below(UB_FAULT_EVENT); /* UB_FAULT_FATAL is rare */
    message m = begin(family(t), r.one_in(10) ? UB_CMD_INJECT_GET : UB_CMD_INJECT, NLM_F_ACK);

    put_u32(m, UB_A_DEV_INDEX, r.below(DEVICES));
    put_u32(m, UB_A_FAULT_KIND, kind);
    put_u32(m, UB_A_FAULT_ID,
            r.one_in(2)               ? 0
            : kind == UB_FAULT_POISON ? 1 + r.below(60)
                                      : recent(r, all->queues));
    put_u32(m, UB_A_FAULT_COUNT, r.one_in(3) ? 0 : 1 + r.below(3));
    put_u32(m, UB_A_FAULT_SKIP, r.below(4));
    put_u64(m, UB_A_FAULT_ARG0,
            kind == UB_FAULT_CQE_DELAY || kind == UB_FAULT_CQE_TORN ? r.below(5000000)
                                                                    : r.below(16));
    put_u64(m, UB_A_FAULT_ARG1, r.below(5000000));
    odd_attributes(r, m);
    count(OP_INJECT, talk(t, m));
}

/* How the driver is loaded, and values for a run: the first keeps memory bounded. */
const struct parameter {
    const char *name;
    unsigned normal, values[4];
} parameters[] = {
    {"max_queues_per_ctx", 1024, {24, 24, 3, 0}},
    {"max_segs_per_ctx", 65536, {200, 200, 5, 0}},
    {"max_ctxs_per_user", 256, {256, 256, 8, 1}},
    {"max_queues_per_user", 1024, {90, 90, 40, 0}},
    {"max_segs_per_user", 65536, {2000, 400, 9, 0}},
    {"max_pinned_mb_per_user", 0, {0, 64, 16, 1}},
    {"hang_timeout_ms", 10000, {2000, 2000, 400, 0}},
    {"admin_timeout_ms", 5000, {1000, 1000, 300, 100}},
};

int set_parameter(const struct parameter &p, unsigned value) {
    std::string path = std::string("/sys/module/ubnpu/parameters/") + p.name;

    return write_text(path.c_str(), std::to_string(value).c_str());
}

void change_parameter(rng &r) {
    const auto &p = parameters[r.below(sizeof(parameters) / sizeof(parameters[0]))];

    count(OP_PARAMETER, set_parameter(p, p.values[r.below(4)]));
}

void function_reset(unsigned device) {
    std::string path = std::string("/sys/bus/pci/devices/") + address(device) + "/reset";

    count(OP_FUNCTION_RESET, write_text(path.c_str(), "1"));
}

void rebind(unsigned device) {
    count(OP_REBIND, write_text("/sys/bus/pci/drivers/ubnpu/unbind", address(device)));
    count(OP_REBIND, write_text("/sys/bus/pci/drivers/ubnpu/bind", address(device)));
}

void take_dumps() {
    DIR *dir = opendir("/sys/class/devcoredump");
    struct dirent *e;

    while (dir && (e = readdir(dir))) {
        std::string path = std::string("/sys/class/devcoredump/") + e->d_name + "/data";
        char text[65536];
        int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);

        if (fd < 0)
            continue;
        while (read(fd, text, sizeof(text)) > 0) {
        }
        count(OP_DUMP, write(fd, "0", 1));
        close(fd);
    }
    if (dir)
        closedir(dir);
}

bool one_nop(int fd) {
    struct ub_ioc_create_jfc c = {};
    struct ub_ioc_create_jfs s = {};
    struct ub_hw_wqe wqe[2] = {};
    struct ub_hw_cqe cqe = {};
    struct ub_ioc_submit put = {};
    struct ub_ioc_reap take = {};

    c.depth = s.depth = 64;
    c.flags = UB_JFC_F_KERNEL;
    if (ioctl(fd, UB_IOC_CREATE_JFC, &c))
        return false;
    s.jfc = take.id = c.id;
    if (ioctl(fd, UB_IOC_CREATE_JFS, &s))
        return false;
    wqe[0].opcode = UB_OP_NOP;
    put.wqes = reinterpret_cast<uint64_t>(wqe);
    put.id = s.id;
    put.nblocks = take.max = take.min = 1;
    take.cqes = reinterpret_cast<uint64_t>(&cqe);
    take.timeout_ns = 60000000000;
    return !ioctl(fd, UB_IOC_SUBMIT, &put) && !ioctl(fd, UB_IOC_REAP, &take) && take.count == 1 &&
           cqe.status == UB_CR_SUCCESS;
}

bool device_works(thread_state &t, unsigned device) {
    char path[32];
    message m = begin(family(t), UB_CMD_DEV_RESET, NLM_F_ACK);

    write_text("/sys/bus/pci/drivers/ubnpu/bind", address(device));
    put_u32(m, UB_A_DEV_INDEX, device);
    put(m, UB_A_FORCE, "", 0);
    if (talk(t, m))
        return false;
    snprintf(path, sizeof(path), "/dev/ub/ub%u", device);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool works = fd >= 0 && one_nop(fd);
    if (fd >= 0)
        close(fd);
    return works;
}

} // namespace

void set_limits() {
    for (const auto &p : parameters)
        set_parameter(p, p.values[0]);
}

bool devices_work() {
    thread_state t;
    bool works = true;

    for (const auto &p : parameters)
        set_parameter(p, p.normal);
    for (unsigned device = 0; device < DEVICES; device++)
        if (!device_works(t, device)) {
            fprintf(stderr, "ub%u does not work any more: %s\n", device, strerror(errno));
            works = false;
        }
    close(t.netlink);
    return works;
}

void run_admin(op o, rng &r, thread_state &t) {
    switch (o) {
    case OP_NETLINK_GET:
        return get(r, t);
    case OP_RESET:
        return reset(r, t);
    case OP_INJECT:
        return inject(r, t);
    case OP_PARAMETER:
        return change_parameter(r);
    case OP_FUNCTION_RESET:
        return function_reset(r.below(DEVICES));
    case OP_REBIND:
        return rebind(r.below(DEVICES));
    default:
        return take_dumps();
    }
}
