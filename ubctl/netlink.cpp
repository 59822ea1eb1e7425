// SPDX-License-Identifier: MIT
#include "netlink.hpp"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <ub/ub_uapi.h>

#include "error.hpp"

namespace ubctl {

namespace {

using Socket = std::unique_ptr<nl_sock, decltype(&nl_socket_free)>;
using Message = std::unique_ptr<nl_msg, decltype(&nlmsg_free)>;

Error netlink_error(const char *cause, int code) {
    return Error("netlink", fmt::format("{}: {}", cause, nl_geterror(code)), E_NETLINK,
                 code == -NLE_PERM ? EPERM : EIO);
}

Socket connect() {
    Socket socket(nl_socket_alloc(), nl_socket_free);
    if (!socket)
        throw Error("netlink", "no memory", E_NETLINK, ENOMEM);
    if (int code = genl_connect(socket.get()); code < 0)
        throw netlink_error("no connection", code);
    // A dump of many queues comes in messages of up to 32 KiB.
    nl_socket_set_msg_buf_size(socket.get(), 65536);
    return socket;
}

// The family's number, nothing without the driver.
std::optional<int> family_of(nl_sock *socket) {
    const int family = genl_ctrl_resolve(socket, UB_GENL_NAME);
    if (family == -NLE_OBJ_NOTFOUND)
        return std::nullopt;
    if (family < 0)
        throw netlink_error("the family cannot be looked up", family);
    return family;
}

Message make_request(int family, int flags, int command) {
    Message message(nlmsg_alloc(), nlmsg_free);
    if (!message || !genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags,
                                 static_cast<uint8_t>(command), UB_GENL_VERSION))
        throw Error("netlink", "no memory", E_NETLINK, ENOMEM);
    return message;
}

int collect(nl_msg *message, void *rows) {
    Attributes row;
    nlattr *attribute;
    int left;
    auto *header = static_cast<genlmsghdr *>(nlmsg_data(nlmsg_hdr(message)));
    nla_for_each_attr(attribute, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0), left)
        row.set(nla_type(attribute), std::string(static_cast<char *>(nla_data(attribute)),
                                                 static_cast<size_t>(nla_len(attribute))));
    static_cast<std::vector<Attributes> *>(rows)->push_back(std::move(row));
    return NL_OK;
}

std::vector<Attributes> dump_once(int command, std::optional<uint32_t> device, int &code) {
    std::vector<Attributes> rows;
    Socket socket = connect();
    const auto family = family_of(socket.get());
    code = 0;
    if (!family)
        return rows;
    Message request = make_request(*family, NLM_F_DUMP, command);
    if (device)
        nla_put_u32(request.get(), UB_A_DEV_INDEX, *device);
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, collect, &rows);
    code = nl_send_auto(socket.get(), request.get());
    if (code >= 0)
        code = nl_recvmsgs_default(socket.get());
    return rows;
}

int take_errno(sockaddr_nl *, nlmsgerr *error, void *result) {
    *static_cast<int *>(result) = error->error;
    return NL_STOP;
}

} // namespace

uint64_t Attributes::number(int attribute) const {
    const std::string &raw = bytes(attribute);
    if (raw.size() == sizeof(uint32_t)) {
        uint32_t value;
        std::memcpy(&value, raw.data(), sizeof(value));
        return value;
    }
    uint64_t value = 0;
    if (raw.size() == sizeof(value))
        std::memcpy(&value, raw.data(), sizeof(value));
    return value;
}

Value Attributes::value(int attribute) const {
    if (!has(attribute))
        return std::monostate{};
    return number(attribute);
}

std::string Attributes::text(int attribute) const {
    return bytes(attribute).c_str();
}

const std::string &Attributes::bytes(int attribute) const {
    static const std::string none;
    const auto found = values_.find(attribute);
    return found == values_.end() ? none : found->second;
}

std::vector<Attributes> netlink_dump(int command, std::optional<uint32_t> device) {
    int code = 0;
    // Objects that come and go while they are listed interrupt a dump.
    for (int attempt = 0; attempt < 16; ++attempt) {
        auto rows = dump_once(command, device, code);
        if (code >= 0)
            return rows;
        if (code != -NLE_DUMP_INTR)
            break;
    }
    if (code == -NLE_NODEV || code == -NLE_OBJ_NOTFOUND)
        return {};
    throw netlink_error("the list was refused", code);
}

int netlink_reset(uint32_t device, bool force) {
    Socket socket = connect();
    const auto family = family_of(socket.get());
    if (!family)
        return -ENODEV;
    Message request = make_request(*family, NLM_F_ACK, UB_CMD_DEV_RESET);
    nla_put_u32(request.get(), UB_A_DEV_INDEX, device);
    if (force)
        nla_put_flag(request.get(), UB_A_FORCE);
    int result = 0;
    nl_socket_modify_err_cb(socket.get(), NL_CB_CUSTOM, take_errno, &result);
    if (int code = nl_send_auto(socket.get(), request.get()); code < 0)
        throw netlink_error("the request could not be sent", code);
    if (int code = nl_wait_for_ack(socket.get()); code < 0 && result == 0)
        throw netlink_error("no answer", code);
    return result;
}

} // namespace ubctl
