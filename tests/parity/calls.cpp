// SPDX-License-Identifier: MIT
// The ioctls, each with a call that is accepted and with values for each of its fields.
#include "parity.hpp"

#include <climits>
#include <cstring>
#include <stdexcept>

namespace parity {
namespace {

#define FIELD(type, field, ...) \
    {#field, offsetof(ub_ioc_##type, field), sizeof(ub_ioc_##type::field), {__VA_ARGS__}}

template <Kind kind> uint64_t own(Side &side) { return side.own(kind); }
template <Kind kind> uint64_t foreign(Side &side) { return side.foreign(kind); }
template <Kind kind> uint64_t stale(Side &side) { return side.stale(kind); }
template <Kind kind> uint64_t victim(Side &side) { return side.victim(kind); }
uint64_t channel(Side &side) { return static_cast<uint32_t>(side.jfce()); }
uint64_t foreign_channel(Side &side) { return static_cast<uint32_t>(side.foreign_jfce()); }
uint64_t eventfd(Side &side) { return static_cast<uint32_t>(side.eventfd()); }

// An id: one that is right, then those that are not this context's or not of the kind.
template <Kind kind, Kind other> std::vector<Value> ids(uint64_t (*right)(Side &)) {
    return {right, own<other>, foreign<kind>, stale<kind>, 0, UB_HW_ID_MASK, UB_HW_ID_MASK + 1,
            UINT32_MAX};
}

// Each bit alone, none, all.
std::vector<Value> bits() {
    std::vector<Value> values{0, UINT32_MAX};
    for (int bit = 0; bit < 32; ++bit)
        values.push_back(uint64_t{1} << bit);
    return values;
}

// Without UB_JFC_F_KERNEL, which the soft provider does not know.
std::vector<Value> jfc_flags() {
    return {0, 1, 2, 4, 1u << 15, 1u << 17, 1u << 31, 3, UINT32_MAX & ~UB_JFC_F_KERNEL};
}

std::vector<Value> addresses() {
    using namespace memory;
    return {good, good + 1, good + 64, good + page / 2, one_page,
            read_only, turns_read_only, read_only_end, turns_none, none, unmapped,
            0, 1,
            1ull << 47, (1ull << 47) - page, (1ull << 47) - 2 * page, (1ull << 47) - 1,
            1ull << 48, (1ull << 48) - page, 1ull << 63, 0xffff888000000000,
            all_ones - 2 * page + 1, all_ones - page + 1, all_ones};
}

Field seg_addr() { return {"addr", offsetof(ub_ioc_reg_seg, addr), 8, addresses()}; }

std::vector<Value> accesses() {
    std::vector<Value> values = bits();
    for (uint64_t access = 0; access < 16; ++access)
        values.push_back(access);
    return values;
}

// ---- Memory of queues: at the same place in every CREATE ----------------------------------------
template <uint32_t ub_ioc_query_device::*max> uint64_t most_len(Side &side) {
    return uint64_t{side.limits().*max} * 64 + (2 << 20);
}
template <uint32_t ub_ioc_query_device::*max> uint64_t over_len(Side &side) {
    return most_len<max>(side) + page;
}
template <uint32_t ub_ioc_query_device::*max, int factor, int more>
uint64_t of_max(Side &side) {
    return uint64_t{side.limits().*max} * factor + more;
}

template <uint32_t ub_ioc_query_device::*max> std::vector<Field> queue_fields(size_t depth_at) {
    const size_t mem = offsetof(ub_ioc_create_jfc, mem);
    return {
        {"addr", mem + offsetof(ub_ioc_queue_mem, addr), 8, addresses()},
        {"len", mem + offsetof(ub_ioc_queue_mem, len), 8,
         {0, 1, 128, page - 1, page, queue_len - 1, queue_len + 128, 3 * page, 4 * page, 5 * page,
          most_len<max>, over_len<max>, (1ull << 40), (1ull << 40) + page, (1ull << 63),
          all_ones - page + 1, all_ones}},
        {"rec_offset", mem + offsetof(ub_ioc_queue_mem, rec_offset), 8,
         {0, 1, ring_len - 128, ring_len + 1, ring_len + 64, ring_len + 128, queue_len - 128,
          queue_len - 64, queue_len, 3 * page, (1ull << 63), all_ones - 127, all_ones}},
        {"depth", depth_at, 4,
         {0, 1, 32, 63, 65, 96, 2 * depth, of_max<max, 1, 0>, of_max<max, 1, -1>,
          of_max<max, 1, 1>, of_max<max, 2, 0>, 1u << 31, UINT32_MAX}},
    };
}

std::vector<Field> join(std::vector<Field> fields, const std::vector<Field> &more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

constexpr ub_ioc_queue_mem good_mem{memory::good, queue_len, ring_len};

// ---- Segments -----------------------------------------------------------------------------------
Call reg_seg() {
    return {"REG_SEG", UB_IOC_REG_SEG,
            [](Side &, Arg &a) {
                a.reg_seg = {{}, memory::good, page, UB_ACCESS_READ | UB_ACCESS_WRITE, 0,
                             UB_TOKEN_PLAIN_TEXT, 7, 0, 0, 0, 0};
            },
            [](Side &s, const Arg &a) { s.destroy(SEG, a.reg_seg.token_id); },
            {seg_addr(),
             FIELD(reg_seg, len, 0, 1, 2, page - 1, page + 1, 2 * page, 4 * page, 4 * page + 1,
                   (1ull << 40), (1ull << 40) + 1, (1ull << 47), (1ull << 48), (1ull << 63),
                   all_ones - memory::good + 1, all_ones - memory::good, all_ones - page + 1,
                   all_ones),
             {"access", offsetof(ub_ioc_reg_seg, access), 4, accesses()},
             {"flags", offsetof(ub_ioc_reg_seg, flags), 4, {0, 1, 2, 3, 1u << 31, UINT32_MAX}},
             FIELD(reg_seg, token_policy, 0, 2, 3, 1u << 31, UINT32_MAX),
             FIELD(reg_seg, token_value, 0, UINT32_MAX),
             FIELD(reg_seg, pad, 1, 1u << 31, UINT32_MAX)}};
}

Call dereg_seg() {
    return {"DEREG_SEG", UB_IOC_DEREG_SEG,
            [](Side &s, Arg &a) { a.dereg_seg.token_id = s.victim(SEG); },
            [](Side &s, const Arg &) { s.spend(SEG); },
            {{"token_id", offsetof(ub_ioc_dereg_seg, token_id), 4, ids<SEG, JFC>(victim<SEG>)},
             FIELD(dereg_seg, pad, 0, 1, 1u << 31, UINT32_MAX)}};
}

Call set_token() {
    return {"SET_TOKEN", UB_IOC_SET_TOKEN,
            [](Side &s, Arg &a) { a.set_token.token_id = s.own(SEG); },
            [](Side &, const Arg &) {},
            {{"token_id", offsetof(ub_ioc_set_token, token_id), 4, ids<SEG, JFC>(own<SEG>)},
             FIELD(set_token, token_value, 0, 1, 1u << 31, UINT32_MAX)}};
}

// ---- Queues -------------------------------------------------------------------------------------
Call create_jfce() {
    return {"CREATE_JFCE", UB_IOC_CREATE_JFCE,
            [](Side &s, Arg &a) { a.create_jfce.fd = s.eventfd(); },
            [](Side &s, const Arg &a) { s.close_jfce(a.create_jfce.fd); },
            {{"flags", offsetof(ub_ioc_create_jfce, flags), 4, bits()},
             // Not a channel's: that of the soft provider is an eventfd.
             FIELD(create_jfce, fd, 0, 1000000, INT_MAX, UINT32_MAX, 1u << 31)}};
}

Call create_jfc() {
    return {"CREATE_JFC", UB_IOC_CREATE_JFC,
            [](Side &, Arg &a) {
                a.create_jfc.mem = good_mem;
                a.create_jfc.depth = depth;
                a.create_jfc.jfce_fd = -1;
            },
            [](Side &s, const Arg &a) { s.destroy(JFC, a.create_jfc.id); },
            join(queue_fields<&ub_ioc_query_device::max_jfc_depth>(
                     offsetof(ub_ioc_create_jfc, depth)),
                 {FIELD(create_jfc, jfce_fd, 0, UINT32_MAX, UINT32_MAX - 1, 1u << 31, INT_MAX,
                        1000000, channel, foreign_channel, eventfd),
                  FIELD(create_jfc, comp_vector, 0,
                        of_max<&ub_ioc_query_device::comp_vectors, 1, -1>,
                        of_max<&ub_ioc_query_device::comp_vectors, 1, 0>, 1u << 31, UINT32_MAX),
                  {"flags", offsetof(ub_ioc_create_jfc, flags), 4, jfc_flags()},
                  FIELD(create_jfc, user_ctx, all_ones),
                  FIELD(create_jfc, mod_count, 1, UINT16_MAX),
                  FIELD(create_jfc, mod_usec, 1, UINT16_MAX)})};
}

Call create_jfs() {
    return {
        "CREATE_JFS", UB_IOC_CREATE_JFS,
        [](Side &s, Arg &a) {
            a.create_jfs.mem = good_mem;
            a.create_jfs.depth = depth;
            a.create_jfs.jfc = s.own(JFC);
        },
        [](Side &s, const Arg &a) { s.destroy(JFS, a.create_jfs.id); },
        join(queue_fields<&ub_ioc_query_device::max_jfs_depth>(offsetof(ub_ioc_create_jfs, depth)),
             {{"jfc", offsetof(ub_ioc_create_jfs, jfc), 4, ids<JFC, JFR>(own<JFC>)},
              {"jfr", offsetof(ub_ioc_create_jfs, jfr), 4, ids<JFR, JFC>(own<JFR>)},
              FIELD(create_jfs, flags, 0, 1, 2, 3, 4, 1u << 16, 1u << 31, UINT32_MAX),
              FIELD(create_jfs, priority, 1, 7, 8, 15, 16, 256, UINT32_MAX),
              FIELD(create_jfs, weight, 1, 255, 256, UINT16_MAX),
              FIELD(create_jfs, rnr_retry, 1, 7, 8, 256, UINT32_MAX),
              FIELD(create_jfs, err_timeout, 1, 31, 32, UINT16_MAX)})};
}

Call create_jfr() {
    return {
        "CREATE_JFR", UB_IOC_CREATE_JFR,
        [](Side &s, Arg &a) {
            a.create_jfr.mem = good_mem;
            a.create_jfr.depth = depth;
            a.create_jfr.jfc = s.own(JFC);
        },
        [](Side &s, const Arg &a) { s.destroy(JFR, a.create_jfr.id); },
        join(queue_fields<&ub_ioc_query_device::max_jfr_depth>(offsetof(ub_ioc_create_jfr, depth)),
             {{"jfc", offsetof(ub_ioc_create_jfr, jfc), 4, ids<JFC, JFR>(own<JFC>)},
              FIELD(create_jfr, min_rnr_timer, 1, 19, 20, 256, UINT32_MAX),
              FIELD(create_jfr, token_policy, 1, 2, 3, 256, UINT32_MAX),
              FIELD(create_jfr, token_value, 1, UINT32_MAX),
              FIELD(create_jfr, flags, 1, 2, 1u << 31, UINT32_MAX),
              FIELD(create_jfr, pad, 1, 1u << 31, UINT32_MAX)})};
}

template <Kind kind, Kind other> Call modify(const char *name, unsigned long request) {
    return {name, request,
            [](Side &s, Arg &a) {
                a.modify_queue.id = s.victim(kind);
                a.modify_queue.state = UB_STATE_ERROR;
            },
            [](Side &s, const Arg &a) {
                s.destroy(kind, a.modify_queue.id);
                s.spend(kind);
            },
            {{"id", offsetof(ub_ioc_modify_queue, id), 4, ids<kind, other>(victim<kind>)},
             FIELD(modify_queue, state, 0, 1, 2, 3, 4, 255, 256, 1u << 31, UINT32_MAX)}};
}

Call modify_jfc() {
    return {"MODIFY_JFC", UB_IOC_MODIFY_JFC,
            [](Side &s, Arg &a) { a.modify_jfc.id = s.own(JFC); },
            [](Side &, const Arg &) {},
            {{"id", offsetof(ub_ioc_modify_jfc, id), 4, ids<JFC, JFR>(own<JFC>)},
             {"flags", offsetof(ub_ioc_modify_jfc, flags), 4, bits()},
             FIELD(modify_jfc, mod_count, 0, 1, UINT16_MAX),
             FIELD(modify_jfc, mod_usec, 0, 1, UINT16_MAX),
             FIELD(modify_jfc, pad, 1, 1u << 31, UINT32_MAX)}};
}

uint64_t behind_own(Side &side) {
    return side.own_memory() + page;
}
uint64_t end_of_own(Side &side) {
    return side.own_memory() + page - 8;
}

// Of one instruction, exit, at the start of the own segment.
void fill_program(Side &s, Arg &a) {
    const uint64_t exit = 0x95;
    std::memcpy(reinterpret_cast<void *>(s.own_memory()), &exit, sizeof exit);
    a.create_program = {{}, s.own_memory(), 1, s.own(SEG), 8, 1, 0, 0, 0};
}

void end_program(Side &s, uint32_t id) {
    Arg arg{};
    arg.destroy_program.id = id;
    if (s.call(UB_IOC_DESTROY_PROGRAM, arg))
        throw std::runtime_error(s.name() + ": a program cannot be destroyed");
}

Call create_program() {
    return {"CREATE_PROGRAM",
            UB_IOC_CREATE_PROGRAM,
            fill_program,
            [](Side &s, const Arg &a) { end_program(s, a.create_program.id); },
            {FIELD(create_program, addr, 0, 1, behind_own, end_of_own, all_ones, all_ones - 7),
             FIELD(create_program, len, 0, 1, 7, 9, 16, page, page + 8, 1u << 31, UINT32_MAX),
             {"token_id", offsetof(ub_ioc_create_program, token_id), 4, ids<SEG, JFC>(own<SEG>)},
             FIELD(create_program, fuel, 0, 1ull << 40, (1ull << 40) + 1, all_ones),
             FIELD(create_program, tiles, 0, 16, 17, UINT32_MAX),
             FIELD(create_program, flags, 1, 1u << 31, UINT32_MAX),
             FIELD(create_program, pad, 1, 1u << 31, UINT32_MAX)}};
}

// A refused call leaves the program to the next.
std::map<Side *, uint32_t> doomed;

Call destroy_program() {
    return {"DESTROY_PROGRAM",
            UB_IOC_DESTROY_PROGRAM,
            [](Side &s, Arg &a) {
                Arg made{};
                fill_program(s, made);
                if (!doomed.contains(&s) && s.call(UB_IOC_CREATE_PROGRAM, made))
                    throw std::runtime_error(s.name() + ": no program");
                a.destroy_program.id = doomed.try_emplace(&s, made.create_program.id).first->second;
            },
            [](Side &s, const Arg &) { doomed.erase(&s); },
            {FIELD(destroy_program, pad, 0, 1, 1u << 31, UINT32_MAX)}};
}

template <Kind kind, Kind other> Call query(const char *name, unsigned long request) {
    return {name, request,
            [](Side &s, Arg &a) { a.query_queue.id = s.own(kind); },
            [](Side &, const Arg &) {},
            {{"id", offsetof(ub_ioc_query_queue, id), 4, ids<kind, other>(own<kind>)},
             FIELD(query_queue, state, UINT32_MAX), FIELD(query_queue, refs, UINT32_MAX)}};
}

// In use, where something refers to the kind: a JFC by the Jetty and the JFR, a JFR by the Jetty.
template <Kind kind, Kind other> Call destroy(const char *name, unsigned long request) {
    std::vector<Value> id = ids<kind, other>(victim<kind>);
    if (kind != JFS)
        id.push_back(own<kind>);
    return {name, request,
            [](Side &s, Arg &a) { a.destroy_queue.id = s.victim(kind); },
            [](Side &s, const Arg &) { s.spend(kind); },
            {{"id", offsetof(ub_ioc_destroy_queue, id), 4, id},
             FIELD(destroy_queue, pad, 0, 1, 1u << 31, UINT32_MAX)}};
}

} // namespace

const std::vector<Call> &calls() {
    static const std::vector<Call> table{reg_seg(),
                                         dereg_seg(),
                                         set_token(),
                                         create_jfce(),
                                         create_jfc(),
                                         create_jfs(),
                                         create_jfr(),
                                         modify<JFS, JFC>("MODIFY_JFS", UB_IOC_MODIFY_JFS),
                                         modify<JFR, JFC>("MODIFY_JFR", UB_IOC_MODIFY_JFR),
                                         modify_jfc(),
                                         create_program(),
                                         destroy_program(),
                                         query<JFS, JFC>("QUERY_JFS", UB_IOC_QUERY_JFS),
                                         query<JFR, JFC>("QUERY_JFR", UB_IOC_QUERY_JFR),
                                         query<JFC, JFR>("QUERY_JFC", UB_IOC_QUERY_JFC),
                                         destroy<JFS, JFC>("DESTROY_JFS", UB_IOC_DESTROY_JFS),
                                         destroy<JFR, JFC>("DESTROY_JFR", UB_IOC_DESTROY_JFR),
                                         destroy<JFC, JFR>("DESTROY_JFC", UB_IOC_DESTROY_JFC)};
    return table;
}

const Call &call_named(const char *name) {
    for (const Call &call : calls())
        if (!std::strcmp(call.name, name))
            return call;
    throw std::logic_error(name);
}

const Field &field_named(const Call &call, const char *name) {
    for (const Field &field : call.fields)
        if (!std::strcmp(field.name, name))
            return field;
    throw std::logic_error(name);
}

} // namespace parity
