// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <ub/ub_hw.h>

#include "../error.hpp"
#include "../provider.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace ub_soft {
namespace {

struct Number {
    const char *key;
    uint32_t ub_core_config::*field;
    uint32_t least, largest;
    uint32_t unit = 1;
};

constexpr uint32_t most_ids = UB_HW_ID_MASK;
constexpr Number numbers[] = {
    {"engines", &ub_core_config::engines, 1, 16},
    {"max_ctx", &ub_core_config::max_ctx, 1, most_ids},
    {"max_seg", &ub_core_config::max_seg, 1, most_ids},
    {"max_jfs", &ub_core_config::max_jfs, 1, most_ids},
    {"max_jfr", &ub_core_config::max_jfr, 1, most_ids},
    {"max_jfc", &ub_core_config::max_jfc, 1, most_ids},
    {"poll_us", &ub_core_config::poll_ns, 0, 1000, 1000},
    {"inline_bytes", &ub_core_config::inline_bytes, 0, 65536},
};

// Names the option, and says what it must be.
[[noreturn]] void refuse(const std::string &option, const std::string &wanted) {
    ub_impl::OpenError error{EINVAL, ub_impl::CAUSE_OPTION, 0, 0};
    std::snprintf(error.detail, sizeof error.detail, "the option '%.64s' of soft: %s",
                  option.c_str(), wanted.c_str());
    throw error;
}

uint64_t parse_number(const std::string &key, const std::string &text, uint64_t least,
                      uint64_t largest) {
    uint64_t value = 0;
    const char *end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end || value < least || value > largest)
        refuse(key + "=" + text, "must be a number from " + std::to_string(least) + " to " +
                                     std::to_string(largest));
    return value;
}

void set_number(const std::string &key, const std::string &text, Options &options) {
    if (key == "memlock") {
        options.memlock = parse_number(key, text, 0, UINT64_MAX);
        return;
    }
    for (const Number &n : numbers)
        if (key == n.key) {
            const uint64_t value = parse_number(key, text, n.least, n.largest);
            options.core.*n.field = static_cast<uint32_t>(value) * n.unit;
            return;
        }
    refuse(key + "=" + text, "is not known");
}

void set(const std::string &key, const std::string &text, Options &options) {
    constexpr size_t longest_name = 23; // bytes
    if (key == "name") {
        if (text.empty() || text.size() > longest_name)
            refuse("name=" + text, "must be of 1 to " + std::to_string(longest_name) + " bytes");
        options.name = text;
    } else if (key == "fabric") {
        if (text.empty())
            refuse("fabric=", "must be a folder where members of a fabric meet");
        options.fabric = text;
    } else if (key == "upi") {
        options.core.upi = static_cast<uint32_t>(parse_number(key, text, 0, 0x7fff));
    } else if (key == "fault") {
        options.faults.push_back(text);
    } else if (key == "eid") {
        if (inet_pton(AF_INET6, text.c_str(), options.core.eid) != 1)
            refuse("eid=" + text, "must be an EID: 8 groups of hex digits with colons");
    } else {
        set_number(key, text, options);
    }
}

// Identity from the name, so that two devices differ and one is the same in each run.
void name_guid(Options &options) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char c : options.name)
        hash = (hash ^ c) * 0x100000001b3u;
    const uint8_t head[8] = {0x12, 0x34, 0x55, 0x42, 0x02, 0, 0, 0};
    std::memcpy(options.core.guid, head, sizeof head);
    for (int i = 0; i < 8; ++i)
        options.core.guid[8 + i] = static_cast<uint8_t>(hash >> (56 - 8 * i));
}

} // namespace

void parse(const std::string &text, Options &options) {
    ub_core_config_init(&options.core);
    options.core.engines = 1;
    for (size_t at = 0; at < text.size();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        const std::string pair = text.substr(at, comma - at);
        const size_t equals = pair.find('=');
        if (equals == std::string::npos)
            refuse(pair, "has no value: write KEY=VALUE");
        set(pair.substr(0, equals), pair.substr(equals + 1), options);
        at = comma + 1;
    }
    // Each send and completion queue has a doorbell page; page 0 is never assigned.
    options.core.db_pages = std::clamp<uint32_t>(
        options.core.max_jfs + options.core.max_jfc + 1, 2, 65536);
    name_guid(options);
}

} // namespace ub_soft
