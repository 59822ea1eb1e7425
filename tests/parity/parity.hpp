// SPDX-License-Identifier: MIT
// The same call to two providers: what a side is, what a call is, and how one is made.
#ifndef TESTS_PARITY_HPP
#define TESTS_PARITY_HPP

#include "provider.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parity {

inline constexpr uint64_t page = UB_HW_PAGE_SIZE;
inline constexpr uint32_t depth = UB_HW_MIN_DEPTH;
inline constexpr uint64_t ring_len = depth * UB_HW_WQEBB_SIZE;
inline constexpr uint64_t queue_len = ring_len + page; // the record has a page of its own
inline constexpr uint64_t all_ones = ~uint64_t{0};

// Memory of every sort, at the same addresses in each run. Between two sorts nothing is mapped.
namespace memory {
inline constexpr uint64_t base = uint64_t{1} << 45;
inline constexpr uint64_t good = base;                       // 4 pages
inline constexpr uint64_t one_page = base + 16 * page;       // then nothing
inline constexpr uint64_t read_only = base + 32 * page;      // 4 pages
inline constexpr uint64_t turns_read_only = base + 48 * page; // 1 page, then 1 for reading
inline constexpr uint64_t read_only_end = base + 64 * page;  // 1 page for reading, then nothing
inline constexpr uint64_t turns_none = base + 80 * page;     // 1 page, then 1 without any right
inline constexpr uint64_t none = base + 96 * page;           // 4 pages
inline constexpr uint64_t write_only = base + 112 * page;    // 4 pages
inline constexpr uint64_t unmapped = base + 128 * page;
void map();
} // namespace memory

union Arg {
    ub_ioc_hdr hdr;
    ub_ioc_query_device query_device;
    ub_ioc_reg_seg reg_seg;
    ub_ioc_dereg_seg dereg_seg;
    ub_ioc_set_token set_token;
    ub_ioc_create_jfce create_jfce;
    ub_ioc_create_jfc create_jfc;
    ub_ioc_create_jfs create_jfs;
    ub_ioc_create_jfr create_jfr;
    ub_ioc_modify_queue modify_queue;
    ub_ioc_modify_jfc modify_jfc;
    ub_ioc_query_queue query_queue;
    ub_ioc_destroy_queue destroy_queue;
    ub_ioc_create_program create_program;
    ub_ioc_destroy_program destroy_program;
    uint8_t bytes[256];
};

enum Kind { JFS, JFR, JFC, SEG, kinds };

// A provider: a context with one object of each kind, and another context with the same.
class Side {
public:
    explicit Side(std::string name); // "ub0" or "soft:..."; throws std::runtime_error
    ~Side();

    int call(unsigned long request, Arg &arg) {
        return contexts_[0].provider->control(request, &arg);
    }
    const std::string &name() const { return name_; }
    bool is_soft() const { return name_.starts_with("soft:"); }
    const ub_ioc_query_device &limits() const { return limits_; }
    uint32_t own(Kind kind) const { return contexts_[0].ids[kind]; }
    uint32_t foreign(Kind kind) const { return contexts_[1].ids[kind]; }
    // Of an object that was destroyed.
    uint32_t stale(Kind kind) const { return stale_[kind]; }
    int jfce() const { return contexts_[0].jfce; }
    int foreign_jfce() const { return contexts_[1].jfce; }
    int eventfd() const { return eventfd_; }
    // An object for a call to change or end; spend() when it did.
    uint32_t victim(Kind kind);
    void spend(Kind kind);
    // Where the own segment is.
    uint64_t own_memory() const { return contexts_[0].seg_addr.at(own(SEG)); }
    void destroy(Kind kind, uint32_t id) { destroy(contexts_[0], kind, id); }
    void close_jfce(int fd) { contexts_[0].provider->close_jfce(fd); }

private:
    struct Context {
        std::unique_ptr<ub_impl::Provider> provider;
        uint32_t ids[kinds] = {};
        int jfce = -1;
        std::vector<void *> maps;
        std::map<uint32_t, uint64_t> seg_addr; // by TokenID
    };
    void open(Context &ctx);
    void populate(Context &ctx);
    void destroy(Context &ctx, Kind kind, uint32_t id);
    uint32_t make(Context &ctx, Kind kind);
    uint32_t make_unlike(Context &ctx, Kind kind);

    std::string name_;
    ub_ioc_query_device limits_{};
    Context contexts_[2];
    uint32_t stale_[kinds] = {}, victims_[kinds] = {};
    int eventfd_ = -1;
};

// A value of a field, the same for both sides or one that each side has of its own.
struct Value {
    template <std::integral T> Value(T value) : constant(static_cast<uint64_t>(value)) {}
    Value(uint64_t (*function)(Side &)) : of(function) {}
    uint64_t on(Side &side) const { return of ? of(side) : constant; }
    uint64_t constant = 0;
    uint64_t (*of)(Side &) = nullptr;
};

struct Field {
    const char *name;
    size_t at, size;
    std::vector<Value> values; // right and wrong ones
};

struct Call {
    const char *name;
    unsigned long request;
    void (*fill)(Side &, Arg &);       // with what is accepted
    void (*undo)(Side &, const Arg &); // after it was
    std::vector<Field> fields;
};

// The table of ioctls.
const std::vector<Call> &calls();
const Call &call_named(const char *name);
const Field &field_named(const Call &call, const char *name);

using Change = std::pair<const Field *, const Value *>;

struct Outcome {
    int result;
    ub_ioc_hdr hdr;
    Arg given;
};

// Makes the call with some fields changed; what it made is destroyed again.
Outcome attempt(Side &side, const Call &call, const std::vector<Change> &changes);
std::string describe(Side &side, const Call &call, const std::vector<Change> &changes);
std::string describe(const Outcome &outcome);

// Calls whose answer is known; said to each side. @return how many were answered otherwise
int run_cases(Side &a, Side &b);

} // namespace parity

#endif
