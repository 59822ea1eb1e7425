// SPDX-License-Identifier: MIT
// Calls whose answer is known, most of them once answered in two ways by the two providers.
#include "parity.hpp"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>

namespace parity {
namespace {

using namespace memory;

struct Set {
    const char *field;
    Value value;
};

struct Case {
    const char *name, *call;
    std::vector<Set> sets;
    int errnum;
    uint32_t code = UB_EXT_NONE;
    std::optional<uint32_t> obj{};
    std::optional<uint64_t> limit{};
};

#define AT(type, field) static_cast<uint32_t>(offsetof(ub_ioc_##type, field))
constexpr uint32_t rec_at = AT(create_jfc, mem) + offsetof(ub_ioc_queue_mem, rec_offset);
constexpr uint64_t jfcs_of_a_context = 1024; // the driver's default
constexpr uint32_t addr_at = AT(create_jfc, mem) + offsetof(ub_ioc_queue_mem, addr);

const std::vector<Case> &segments() {
    static const std::vector<Case> cases{
        {"segment_that_wraps",
         "REG_SEG",
         {{"addr", all_ones - page + 1}, {"len", 2 * page}},
         EFAULT,
         UB_EXT_BAD_ADDRESS,
         0,
         0},
        {"segment_that_ends_at_0",
         "REG_SEG",
         {{"len", all_ones - good + 1}},
         EINVAL,
         UB_EXT_BAD_LENGTH,
         0,
         1ull << 40},
        {"segment_past_user_space",
         "REG_SEG",
         {{"addr", (1ull << 47) - 2 * page}, {"len", 4 * page}},
         EFAULT,
         UB_EXT_BAD_ADDRESS,
         0,
         0},
        {"segment_rights_before_length",
         "REG_SEG",
         {{"len", 0}, {"access", 0}},
         EINVAL,
         UB_EXT_BAD_ACCESS,
         0,
         0},
        {"segment_policy_before_length",
         "REG_SEG",
         {{"len", 0}, {"token_policy", 3}},
         EINVAL,
         UB_EXT_BAD_VALUE,
         AT(reg_seg, token_policy),
         UB_TOKEN_NONE},
        {"segment_partly_mapped",
         "REG_SEG",
         {{"addr", one_page}, {"len", 2 * page}},
         EFAULT,
         UB_EXT_BAD_ADDRESS,
         0,
         page},
        {"segment_first_page_that_fails_says_why",
         "REG_SEG",
         {{"addr", read_only_end}, {"len", 2 * page}},
         EACCES,
         UB_EXT_READ_ONLY,
         0,
         0},
        {"segment_partly_without_rights",
         "REG_SEG",
         {{"addr", turns_none}, {"len", 2 * page}},
         EFAULT,
         UB_EXT_NO_ACCESS,
         0,
         page},
        {"segment_of_memory_only_written", "REG_SEG", {{"addr", write_only}}, 0},
        {"segment_pad", "REG_SEG", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET, AT(reg_seg, pad), 0},
        {"deregistered_segment_pad",
         "DEREG_SEG",
         {{"pad", 1}},
         EINVAL,
         UB_EXT_RESERVED_SET,
         AT(dereg_seg, pad),
         0},
    };
    return cases;
}

// The three CREATEs check memory alike.
std::vector<Case> queue_memory(const char *call) {
    return {
        {"length_not_aligned", call, {{"len", queue_len + 128}}, EINVAL, UB_EXT_BAD_LENGTH, 0},
        {"length_too_large", call, {{"len", 1ull << 40}}, EINVAL, UB_EXT_BAD_LENGTH, 0},
        {"length_too_small", call, {{"len", page}}, EINVAL, UB_EXT_BAD_LENGTH, 0},
        {"address_not_aligned", call, {{"addr", good + 64}}, EINVAL, UB_EXT_BAD_ALIGNMENT, addr_at,
         page},
        {"record_not_aligned", call, {{"rec_offset", ring_len + 64}}, EINVAL, UB_EXT_BAD_ALIGNMENT,
         rec_at, 128},
        {"record_in_the_ring", call, {{"rec_offset", ring_len - 128}}, EINVAL, UB_EXT_BAD_VALUE,
         rec_at, queue_len - 128},
        {"record_past_the_end", call, {{"rec_offset", queue_len}}, EINVAL, UB_EXT_BAD_VALUE,
         rec_at, queue_len - 128},
        {"memory_not_mapped", call, {{"addr", unmapped}}, EFAULT, UB_EXT_BAD_ADDRESS, 0, 0},
        {"memory_partly_mapped", call, {{"addr", one_page}}, EFAULT, UB_EXT_BAD_ADDRESS, 0, page},
        {"memory_read_only", call, {{"addr", turns_read_only}}, EACCES, UB_EXT_READ_ONLY, 0, 0},
        {"memory_that_wraps", call, {{"addr", all_ones - page + 1}}, EFAULT, UB_EXT_BAD_ADDRESS, 0,
         0},
    };
}

const std::vector<Case> &queues() {
    static const std::vector<Case> cases{
        {"channel_unknown", "CREATE_JFC", {{"jfce_fd", 1000000}}, ENOENT, UB_EXT_NO_SUCH_OBJECT,
         1000000, 0},
        {"channel_below_none", "CREATE_JFC", {{"jfce_fd", UINT32_MAX - 1}}, EINVAL,
         UB_EXT_BAD_VALUE, AT(create_jfc, jfce_fd), INT_MAX},
        {"memory_before_channel", "CREATE_JFC", {{"jfce_fd", 1000000}, {"addr", unmapped}}, EFAULT,
         UB_EXT_BAD_ADDRESS, 0, 0},
        {"memory_before_jfc", "CREATE_JFS", {{"jfc", 0}, {"addr", unmapped}}, EFAULT,
         UB_EXT_BAD_ADDRESS, 0, 0},
        {"memory_before_jfc_of_a_jfr", "CREATE_JFR", {{"jfc", 0}, {"addr", unmapped}}, EFAULT,
         UB_EXT_BAD_ADDRESS, 0, 0},
        {"jfr_without_jetty", "CREATE_JFS", {{"jfr", 1}}, EINVAL, UB_EXT_BAD_VALUE,
         AT(create_jfs, jfr), 0},
        {"jfr_before_priority", "CREATE_JFS", {{"jfr", 1}, {"priority", 16}}, EINVAL,
         UB_EXT_BAD_VALUE, AT(create_jfs, jfr), 0},
        {"created_jfr_pad", "CREATE_JFR", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET,
         AT(create_jfr, pad), 0},
        {"modified_jfc_pad", "MODIFY_JFC", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET,
         AT(modify_jfc, pad), 0},
        {"destroyed_jfs_pad", "DESTROY_JFS", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET,
         AT(destroy_queue, pad), 0},
        {"destroyed_jfr_pad", "DESTROY_JFR", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET,
         AT(destroy_queue, pad), 0},
        {"destroyed_jfc_pad", "DESTROY_JFC", {{"pad", 1}}, EINVAL, UB_EXT_RESERVED_SET,
         AT(destroy_queue, pad), 0},
    };
    return cases;
}

// In a context that has all the JFCs it may have: limits come last.
const std::vector<Case> &in_a_full_context() {
    static const std::vector<Case> cases{
        {"limit_of_the_context", "CREATE_JFC", {}, EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_JFC,
         jfcs_of_a_context},
        {"channel_before_limit", "CREATE_JFC", {{"jfce_fd", 1000000}}, ENOENT,
         UB_EXT_NO_SUCH_OBJECT, 1000000, 0},
        {"memory_before_limit", "CREATE_JFC", {{"addr", unmapped}}, EFAULT, UB_EXT_BAD_ADDRESS, 0,
         0},
    };
    return cases;
}

// JFCs until there is no more. They have their memory in common: nothing uses it.
std::vector<uint32_t> fill_up(Side &side) {
    const Call &call = call_named("CREATE_JFC");
    std::vector<uint32_t> ids;
    for (;;) {
        Arg arg{};
        call.fill(side, arg);
        if (side.call(call.request, arg))
            return ids;
        ids.push_back(arg.create_jfc.id);
    }
}

bool as_told(const Case &c, const Outcome &got) {
    return got.result == -c.errnum && got.hdr.ext_code == c.code &&
           (!c.obj || got.hdr.ext_obj == *c.obj) && (!c.limit || got.hdr.ext_limit == *c.limit);
}

bool try_case(Side &side, const Case &c) {
    const Call &call = call_named(c.call);
    std::vector<Change> changes;
    for (const Set &set : c.sets)
        changes.emplace_back(&field_named(call, set.field), &set.value);
    const Outcome got = attempt(side, call, changes);
    if (as_told(c, got))
        return true;
    std::printf("# %s: %s: %s\n", side.name().c_str(), describe(side, call, changes).c_str(),
                describe(got).c_str());
    return false;
}

int try_all(Side &a, Side &b, const std::vector<Case> &cases, const std::string &prefix = "") {
    int failed = 0;
    for (const Case &c : cases) {
        const bool on_a = try_case(a, c), on_b = try_case(b, c);
        std::printf("%s - %s%s\n", on_a && on_b ? "ok" : "not ok", prefix.c_str(), c.name);
        failed += !(on_a && on_b);
    }
    return failed;
}

} // namespace

int run_cases(Side &a, Side &b) {
    int failed = try_all(a, b, segments()) + try_all(a, b, queues());
    for (const char *call : {"CREATE_JFC", "CREATE_JFS", "CREATE_JFR"})
        failed += try_all(a, b, queue_memory(call), std::string(call) + "_");
    const std::vector<uint32_t> of_a = fill_up(a), of_b = fill_up(b);
    failed += try_all(a, b, in_a_full_context());
    for (const uint32_t id : of_a)
        a.destroy(JFC, id);
    for (const uint32_t id : of_b)
        b.destroy(JFC, id);
    return failed;
}

} // namespace parity
