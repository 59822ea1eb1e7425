// SPDX-License-Identifier: MIT
// The driver's generic netlink family: dumps, requests of administrators, and events.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "out/output.hpp"

namespace ubctl {

// The attributes of one netlink message, by enum ub_genl_attr.
class Attributes {
public:
    void set(int attribute, std::string bytes) { values_[attribute] = std::move(bytes); }
    void drop(int attribute) { values_.erase(attribute); }

    bool has(int attribute) const { return values_.count(attribute) != 0; }
    // 4 or 8 bytes; 0 where the driver sent none.
    uint64_t number(int attribute) const;
    // The same for a report: unknown where the driver sent none.
    Value value(int attribute) const;
    // The number, or "-" where the driver sent none.
    std::string number_text(int attribute) const;
    std::string text(int attribute) const;
    const std::string &bytes(int attribute) const;

private:
    std::map<int, std::string> values_;
};

// "jfs", of enum ub_object_type.
const char *object_name(uint64_t type);

// All rows of a dump (UB_CMD_*_GET), of one device or of all. Empty also without the driver.
std::vector<Attributes> netlink_dump(int command, std::optional<uint32_t> device);

// monostate: a flag.
struct Argument {
    int attribute;
    std::variant<std::monostate, uint32_t, uint64_t> value;
};

// What the driver answers to a request: 0 or a positive errno, its own words, and a row if any.
struct Reply {
    int errnum = 0;
    std::string message;
    Attributes row;
};

Reply netlink_request(int command, const std::vector<Argument> &arguments);

// The driver's messages to all who listen.
class EventSocket {
public:
    struct Event {
        int command; // UB_CMD_*; -1: some were lost, since they came faster than they were read
        Attributes row;
    };

    // Throws NO_DEVICE without the driver.
    EventSocket();
    ~EventSocket();
    // Waits for messages.
    std::vector<Event> next();

private:
    struct State;
    State *state_;
};

} // namespace ubctl
