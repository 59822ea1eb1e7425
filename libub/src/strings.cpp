// SPDX-License-Identifier: MIT
// Names and notations.
#include "error.hpp"

#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <iterator>

#include <ub/ub_names.h>

namespace {

template <size_t N> const char *pick(const char *const (&names)[N], unsigned index) {
    return index < N && names[index] ? names[index] : "UNKNOWN";
}

constexpr const char *status_names[] = {
#define X(name) #name,
    UB_CR_NAMES(X)
#undef X
};

constexpr const char *substatus_texts[] = {
#define X(name, meaning) meaning,
    UB_SUBSTATUSES(X)
#undef X
};

constexpr const char *event_names[] = {
#define X(name) #name,
    UB_EVENT_NAMES(X)
#undef X
};

constexpr const char *state_names[] = {
#define X(name) #name,
    UB_STATE_NAMES(X)
#undef X
};

struct Opcode {
    unsigned code;
    const char *name;
};
#define NAME_OF(name, number, cap) {name, &#name[sizeof("UB_OP_") - 1]},
constexpr Opcode opcodes[] = {UB_HW_OPCODES(NAME_OF)};
#undef NAME_OF

} // namespace

extern "C" {

const char *ub_cr_status_str(unsigned status) { return pick(status_names, status); }

const char *ub_cr_substatus_str(unsigned substatus) {
    return substatus < std::size(substatus_texts) ? substatus_texts[substatus] : "unknown";
}

const char *ub_event_str(unsigned type) {
    return type == UB_EVENT_COMPLETION ? "COMPLETION" : pick(event_names, type);
}

const char *ub_state_str(unsigned state) { return pick(state_names, state); }

const char *ub_opcode_str(unsigned opcode) {
    for (const Opcode &o : opcodes)
        if (o.code == opcode)
            return o.name;
    return "UNKNOWN";
}

const char *ub_version(void) { return UB_VERSION; }

// Groups of 2, 2, 1/2, 1/2, 3 and 8 bytes: vendor, device, version, type, reserved, serial.
char *ub_guid_str(const uint8_t guid[16], char buf[48]) {
    std::snprintf(buf, 48,
                  "%02x%02x-%02x%02x-%x-%x-%02x%02x%02x-%02x%02x%02x%02x%02x%02x%02x%02x",
                  guid[0], guid[1], guid[2], guid[3], guid[4] >> 4, guid[4] & 15, guid[5],
                  guid[6], guid[7], guid[8], guid[9], guid[10], guid[11], guid[12], guid[13],
                  guid[14], guid[15]);
    return buf;
}

char *ub_eid_str(const ub_eid_t *eid, char buf[40]) {
    for (int i = 0; i < 8; ++i)
        std::snprintf(buf + 5 * i, static_cast<size_t>(40 - 5 * i), "%02x%02x%s",
                      eid->raw[2 * i], eid->raw[2 * i + 1], i < 7 ? ":" : "");
    return buf;
}

int ub_eid_parse(const char *text, ub_eid_t *eid) {
    in6_addr parsed;
    if (!text || !eid)
        return ub_impl::fail({EINVAL, ub_impl::CAUSE_NULL});
    if (inet_pton(AF_INET6, text, &parsed) != 1)
        return ub_impl::fail({EINVAL, ub_impl::CAUSE_EID});
    std::memcpy(eid->raw, parsed.s6_addr, sizeof eid->raw);
    return 0;
}

} // extern "C"
