// SPDX-License-Identifier: MIT
#include "device/netlink.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>
#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include "out/error.hpp"

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

Attributes attributes_of(const nlmsghdr *message) {
    Attributes row;
    nlattr *attribute;
    int left;
    auto *header = static_cast<genlmsghdr *>(nlmsg_data(message));
    nla_for_each_attr(attribute, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0), left)
        row.set(nla_type(attribute), std::string(static_cast<char *>(nla_data(attribute)),
                                                 static_cast<size_t>(nla_len(attribute))));
    return row;
}

int collect(nl_msg *message, void *rows) {
    static_cast<std::vector<Attributes> *>(rows)->push_back(attributes_of(nlmsg_hdr(message)));
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

struct Answer {
    Reply reply;
    bool done = false;
};

int take_row(nl_msg *message, void *answer) {
    static_cast<Answer *>(answer)->reply.row = attributes_of(nlmsg_hdr(message));
    return NL_OK;
}

int take_ack(nl_msg *, void *answer) {
    static_cast<Answer *>(answer)->done = true;
    return NL_STOP;
}

// The driver's sentence lies behind the error, and behind the request unless that was cut off.
std::string error_message(nlmsgerr *error) {
    auto *header = reinterpret_cast<nlmsghdr *>(reinterpret_cast<char *>(error) - NLMSG_HDRLEN);
    if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
        return {};
    const bool capped = header->nlmsg_flags & NLM_F_CAPPED;
    const size_t request = capped ? 0 : error->msg.nlmsg_len - NLMSG_HDRLEN;
    const size_t skip = sizeof(*error) + NLMSG_ALIGN(request);
    const size_t length = nlmsg_datalen(header);
    if (skip > length)
        return {};
    auto *first = reinterpret_cast<nlattr *>(reinterpret_cast<char *>(error) + skip);
    const nlattr *text = nla_find(first, static_cast<int>(length - skip), NLMSGERR_ATTR_MSG);
    return text ? nla_get_string(text) : "";
}

int take_error(sockaddr_nl *, nlmsgerr *error, void *answer) {
    auto *to = static_cast<Answer *>(answer);
    to->reply.errnum = -error->error;
    to->reply.message = error_message(error);
    to->done = true;
    return NL_STOP;
}

void put(nl_msg *message, const Argument &argument) {
    if (const auto *value = std::get_if<uint32_t>(&argument.value))
        nla_put_u32(message, argument.attribute, *value);
    else if (const auto *wide = std::get_if<uint64_t>(&argument.value))
        nla_put_u64(message, argument.attribute, *wide);
    else
        nla_put_flag(message, argument.attribute);
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

std::string Attributes::number_text(int attribute) const {
    return has(attribute) ? std::to_string(number(attribute)) : "-";
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

Reply netlink_request(int command, const std::vector<Argument> &arguments) {
    Socket socket = connect();
    const auto family = family_of(socket.get());
    Answer answer;
    if (!family)
        return {ENODEV, "the driver is not loaded", {}};
    const int on = 1;
    setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    Message request = make_request(*family, NLM_F_ACK, command);
    for (const Argument &argument : arguments)
        put(request.get(), argument);
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, take_row, &answer);
    nl_socket_modify_cb(socket.get(), NL_CB_ACK, NL_CB_CUSTOM, take_ack, &answer);
    nl_socket_modify_err_cb(socket.get(), NL_CB_CUSTOM, take_error, &answer);
    if (int code = nl_send_auto(socket.get(), request.get()); code < 0)
        throw netlink_error("the request could not be sent", code);
    while (!answer.done)
        if (int code = nl_recvmsgs_default(socket.get()); code < 0 && !answer.done)
            throw netlink_error("no answer", code);
    return answer.reply;
}

struct EventSocket::State {
    Socket socket = connect();
    std::vector<char> room = std::vector<char>(65536);
};

// The group's messages to the socket, or an error of libnl's.
static int join(nl_sock *socket, const char *name) {
    const int group = genl_ctrl_resolve_grp(socket, UB_GENL_NAME, name);
    return group < 0 ? group : nl_socket_add_membership(socket, group);
}

EventSocket::EventSocket() : state_(new State) {
    nl_sock *socket = state_->socket.get();
    // Room for a burst; the system's net.core.rmem_max may allow less.
    nl_socket_set_buffer_size(socket, 1 << 20, 0);
    // Administrators are told whose an event was; all others that there was one.
    int code = join(socket, UB_GENL_MCGRP_ADMIN);
    if (code < 0)
        code = join(socket, UB_GENL_MCGRP_EVENTS);
    if (code >= 0)
        return;
    delete state_;
    if (code != -NLE_OBJ_NOTFOUND)
        throw netlink_error("events are not told", code);
    throw Error("device", "none found, the driver is not loaded", E_NO_DEVICE)
        .hint("load it with \"modprobe ubnpu\"");
}

EventSocket::~EventSocket() { delete state_; }

std::vector<EventSocket::Event> EventSocket::next() {
    std::vector<Event> events;
    const ssize_t got = recv(nl_socket_get_fd(state_->socket.get()), state_->room.data(),
                             state_->room.size(), 0);
    if (got < 0 && errno == ENOBUFS)
        events.push_back({-1, {}});
    else if (got < 0 && errno != EINTR)
        throw Error("netlink", fmt::format("events cannot be read: {}", strerror(errno)),
                    E_NETLINK, errno);
    int left = static_cast<int>(std::max<ssize_t>(got, 0));
    auto *message = reinterpret_cast<nlmsghdr *>(state_->room.data());
    for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
        if (genlmsg_valid_hdr(message, 0))
            events.push_back({genlmsg_hdr(message)->cmd, attributes_of(message)});
    return events;
}

const char *object_name(uint64_t type) {
    switch (type) {
#define X(name, one, many)                                                                         \
    case UB_OBJ_##name:                                                                            \
        return one;
        UB_OBJECT_NAMES(X)
#undef X
    default:
        return "unknown";
    }
}

} // namespace ubctl
