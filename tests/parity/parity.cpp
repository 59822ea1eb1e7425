// SPDX-License-Identifier: MIT
// Two providers get the same calls, right and wrong, and must give the same answers: each field of
// each ioctl at its extremes, one field at a time and two at a time.
//
//   parity [SIDE SIDE]	each "ub0" or "soft:..."; by default two soft devices
//
// A soft device that stands beside another side gets that one's limits.
#include "parity.hpp"

#include <cstdio>
#include <cstring>
#include <exception>

namespace parity {
namespace {

constexpr int shown = 20; // differences of one ioctl

std::string hex(uint64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

// A name that a call gives: each side has its own ids and descriptors.
bool is_name(const Field &field) {
    for (const char *name : {"token_id", "id", "jfc", "jfr", "jfce_fd"})
        if (!std::strcmp(field.name, name))
            return true;
    return false;
}

uint32_t word(const Arg &arg, const Field &field) {
    uint32_t value;
    std::memcpy(&value, arg.bytes + field.at, sizeof value);
    return value;
}

bool same_object(const Call &call, const Outcome &a, const Outcome &b) {
    if (a.hdr.ext_obj == b.hdr.ext_obj)
        return true;
    for (const Field &field : call.fields)
        if (is_name(field) && word(a.given, field) == a.hdr.ext_obj &&
            word(b.given, field) == b.hdr.ext_obj)
            return true;
    return false;
}

// What differs rightly. All else of the kind is left out of the table of calls: kernel queues and
// SUBMIT and REAP, which the soft provider has not; QUERY_DEVICE; a channel's descriptor as an
// eventfd, which that of the soft provider is; privileges, which it does not ask for.
struct Right {
    const char *call;
    uint32_t code;
    const char *why;
    bool (*limits)(const Side &side, uint64_t limit);
};

const Right right_limits[] = {
    {"CREATE_JFC", UB_EXT_BAD_FLAGS, "UB_JFC_F_KERNEL is no flag of the soft provider's",
     [](const Side &side, uint64_t limit) {
         return limit == (side.is_soft() ? UB_JFC_F_ADAPTIVE : UB_JFC_F_ADAPTIVE | UB_JFC_F_KERNEL);
     }},
    {"CREATE_JFC", UB_EXT_BAD_VALUE, "a VM's device has event queues by its processors",
     [](const Side &side, uint64_t limit) { return limit == side.limits().comp_vectors - 1; }},
};

bool same_limit(const Side &a, const Side &b, const Call &call, const Outcome &x,
                const Outcome &y) {
    if (x.hdr.ext_limit == y.hdr.ext_limit)
        return true;
    for (const Right &right : right_limits)
        if (!std::strcmp(right.call, call.name) && right.code == x.hdr.ext_code &&
            right.limits(a, x.hdr.ext_limit) && right.limits(b, y.hdr.ext_limit))
            return true;
    return false;
}

class Comparison {
public:
    Comparison(Side &a, Side &b) : a_(a), b_(b) {}

    // @return whether all answers were the same
    bool run(const Call &call) {
        calls_ = accepted_ = differences_ = 0;
        compare(call, {});
        for (size_t i = 0; i < call.fields.size(); ++i)
            for (const Value &value : call.fields[i].values) {
                compare(call, {{&call.fields[i], &value}});
                pairs(call, i, value);
            }
        std::printf("%s - %s: %d calls, %d accepted, %d differences\n",
                    differences_ ? "not ok" : "ok", call.name, calls_, accepted_, differences_);
        total_ += calls_;
        return !differences_;
    }
    int total() const { return total_; }

private:
    void pairs(const Call &call, size_t first, const Value &value) {
        for (size_t k = first + 1; k < call.fields.size(); ++k)
            for (const Value &other : call.fields[k].values)
                compare(call, {{&call.fields[first], &value}, {&call.fields[k], &other}});
    }

    void compare(const Call &call, const std::vector<Change> &changes) {
        const Outcome x = attempt(a_, call, changes);
        const Outcome y = attempt(b_, call, changes);
        ++calls_;
        accepted_ += !x.result;
        if (x.result == y.result && x.hdr.ext_code == y.hdr.ext_code && same_object(call, x, y) &&
            same_limit(a_, b_, call, x, y))
            return;
        if (++differences_ <= shown)
            std::printf("# %s\n#   %s: %s\n#   %s: %s\n", describe(a_, call, changes).c_str(),
                        a_.name().c_str(), describe(x).c_str(), b_.name().c_str(),
                        describe(y).c_str());
    }

    Side &a_, &b_;
    int calls_ = 0, accepted_ = 0, differences_ = 0, total_ = 0;
};

// With the limits of another device.
std::string soft_like(const std::string &name, const ub_ioc_query_device &limits) {
    const struct {
        const char *key;
        uint32_t value;
    } options[] = {{"max_seg", limits.max_seg},
                   {"max_jfs", limits.max_jfs},
                   {"max_jfr", limits.max_jfr},
                   {"max_jfc", limits.max_jfc}};
    std::string text = name;
    for (const auto &option : options)
        text += (text.ends_with(':') ? "" : ",") + std::string(option.key) + "=" +
                std::to_string(option.value);
    return text;
}

int run(const std::string &first, const std::string &second) {
    memory::map();
    Side a(first);
    Side b(second.starts_with("soft:") ? soft_like(second, a.limits()) : second);
    int failed = run_cases(a, b);
    Comparison comparison(a, b);
    for (const Call &call : calls())
        failed += !comparison.run(call);
    for (const Right &right : right_limits)
        std::printf("# %s, code %u: ext_limit may differ, %s\n", right.call, right.code, right.why);
    std::printf("# %d calls compared\n", comparison.total());
    return failed ? 1 : 0;
}

} // namespace

Outcome attempt(Side &side, const Call &call, const std::vector<Change> &changes) {
    Arg arg{};
    call.fill(side, arg);
    for (const auto &[field, value] : changes) {
        const uint64_t bits = value->on(side);
        std::memcpy(arg.bytes + field->at, &bits, field->size);
    }
    Outcome outcome{0, {}, arg};
    outcome.result = side.call(call.request, arg);
    outcome.hdr = arg.hdr;
    if (!outcome.result)
        call.undo(side, arg);
    return outcome;
}

std::string describe(Side &side, const Call &call, const std::vector<Change> &changes) {
    std::string text = call.name;
    for (const auto &[field, value] : changes)
        text += std::string(" ") + field->name + "=" + hex(value->on(side));
    return text;
}

std::string describe(const Outcome &outcome) {
    return std::string(strerrorname_np(-outcome.result)) + ", code " +
           std::to_string(outcome.hdr.ext_code) + ", obj " + hex(outcome.hdr.ext_obj) +
           ", limit " + hex(outcome.hdr.ext_limit);
}

} // namespace parity

int main(int argc, char **argv) {
    setvbuf(stdout, nullptr, _IOLBF, 0);
    try {
        if (argc == 3)
            return parity::run(argv[1], argv[2]);
        return parity::run("soft:name=a", "soft:name=b");
    } catch (const std::exception &error) {
        std::printf("not ok - parity: %s\n", error.what());
        return 1;
    }
}
