// SPDX-License-Identifier: MIT
// The driver's generic netlink family: dumps and the device reset.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "output.hpp"

namespace ubctl {

// The attributes of one netlink message, by enum ub_genl_attr.
class Attributes {
public:
    void set(int attribute, std::string bytes) { values_[attribute] = std::move(bytes); }

    bool has(int attribute) const { return values_.count(attribute) != 0; }
    // 4 or 8 bytes; 0 where the driver sent none.
    uint64_t number(int attribute) const;
    // The same for a report: unknown where the driver sent none.
    Value value(int attribute) const;
    std::string text(int attribute) const;
    const std::string &bytes(int attribute) const;

private:
    std::map<int, std::string> values_;
};

// All rows of a dump (UB_CMD_*_GET), of one device or of all. Empty also without the driver.
std::vector<Attributes> netlink_dump(int command, std::optional<uint32_t> device);

// 0 or a negative errno of the driver.
int netlink_reset(uint32_t device, bool force);

} // namespace ubctl
