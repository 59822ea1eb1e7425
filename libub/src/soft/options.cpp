// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <ub/ub_hw.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
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

bool parse_number(const std::string &text, uint64_t least, uint64_t largest, uint64_t &value) {
    const char *end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && at == end && value >= least && value <= largest;
}

bool set_number(const std::string &key, const std::string &text, Options &options) {
    uint64_t value = 0;
    if (key == "memlock")
        return parse_number(text, 0, UINT64_MAX, options.memlock);
    for (const Number &n : numbers) {
        if (key != n.key)
            continue;
        if (!parse_number(text, n.least, n.largest, value))
            return false;
        options.core.*n.field = static_cast<uint32_t>(value) * n.unit;
        return true;
    }
    return false;
}

bool set(const std::string &key, const std::string &text, Options &options) {
    if (key == "name") {
        options.name = text;
        return !text.empty() && text.size() < 24;
    }
    if (key == "fault") {
        options.faults.push_back(text);
        return true;
    }
    if (key == "eid")
        return inet_pton(AF_INET6, text.c_str(), options.core.eid) == 1;
    return set_number(key, text, options);
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

bool parse(const std::string &text, Options &options) {
    ub_core_config_init(&options.core);
    options.core.engines = 1;
    for (size_t at = 0; at < text.size();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        const std::string pair = text.substr(at, comma - at);
        const size_t equals = pair.find('=');
        if (equals == std::string::npos ||
            !set(pair.substr(0, equals), pair.substr(equals + 1), options))
            return false;
        at = comma + 1;
    }
    // Each send and completion queue has a doorbell page; page 0 is never assigned.
    options.core.db_pages = std::clamp<uint32_t>(
        options.core.max_jfs + options.core.max_jfc + 1, 2, 65536);
    name_guid(options);
    return true;
}

} // namespace ub_soft
