// SPDX-License-Identifier: MIT
// A context on a soft device: what the driver does for an open file.
#ifndef UB_SOFT_CONTEXT_HPP
#define UB_SOFT_CONTEXT_HPP

#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "../provider.hpp"
#include "device.hpp"
#include "events.hpp"
#include "page_table.hpp"

namespace ub_soft {

class Context final : public ub_impl::Provider, private EventSink {
public:
    // Throws ub_impl::OpenError, std::runtime_error or std::bad_alloc.
    explicit Context(const Options &options);
    // Arms the faults of the options. Throws ub_impl::OpenError.
    void inject(const Options &options);
    ~Context() override;
    void abandon() noexcept override;

    int control(unsigned long request, void *arg) noexcept override;
    int fd() const noexcept override { return async_.fd(); }
    int read_async(ub_async_event *event) noexcept override { return async_.take(event); }
    int read_events(int jfce, ub_jfce_event *events, size_t n) noexcept override;
    void close_jfce(int jfce) noexcept override;
    const ub_status_page *status() const noexcept override { return &status_; }
    int map_doorbell(uint64_t, void **) noexcept override { return 0; }
    void unmap_doorbell(void *) noexcept override {}
    void ring(uint64_t db_offset, unsigned at, uint64_t value, unsigned size) noexcept override {
        device_->ring(db_offset + at, value, size);
    }

private:
    struct Queue {
        Mapping memory;
        uint64_t pinned = 0; // bytes accounted for it
        uint32_t depth = 0;
        uint32_t page = 0; // doorbell page, 0: none
        std::shared_ptr<Jfce> jfce;
        uint64_t user_ctx = 0;
    };
    // One kind of queue: its commands, its ids and those that exist.
    struct Kind {
        uint32_t obj_type;
        uint8_t create_op, modify_op, query_op, destroy_op;
        Ids *ids;
        uint32_t max_depth_reg;
        bool has_page;
        std::unordered_map<uint32_t, Queue> queues{};
    };
    // Takes an id and what else a queue needs; gives all back unless commit() was called.
    class NewQueue;
    struct NewSeg;

    int query_device(ub_ioc_query_device &arg);
    int reg_seg(ub_ioc_reg_seg &arg);
    int dereg_seg(ub_ioc_dereg_seg &arg);
    int set_token(ub_ioc_set_token &arg);
    int create_program(ub_ioc_create_program &arg);
    int destroy_program(ub_ioc_destroy_program &arg);
    int create_jfce(ub_ioc_create_jfce &arg);
    int create_jfc(ub_ioc_create_jfc &arg);
    int create_jfs(ub_ioc_create_jfs &arg);
    int create_jfr(ub_ioc_create_jfr &arg);
    int modify_jfc(ub_ioc_modify_jfc &arg);
    int modify(Kind &kind, ub_ioc_modify_queue &arg);
    int query(Kind &kind, ub_ioc_query_queue &arg);
    int destroy(Kind &kind, ub_ioc_destroy_queue &arg);
    int dispatch(unsigned long request, void *arg);

    int check_queue(const Kind &kind, const ub_ioc_queue_mem &mem, uint32_t depth,
                    ub_ioc_hdr &hdr);
    int find(const Kind &kind, uint32_t id, ub_ioc_hdr &hdr) const;
    int find_jfce(int fd, std::shared_ptr<Jfce> &jfce, ub_ioc_hdr &hdr) const;
    int find_seg(uint32_t token_id, ub_ioc_hdr &hdr) const;
    int pin(uint64_t addr, uint64_t len, bool writable, uint64_t &pinned, ub_ioc_hdr &hdr);
    void release_queue(Kind &kind, uint32_t id, const Queue &queue);
    void route(uint32_t jfc, uint32_t eq, const Queue &queue);
    void unroute(uint32_t jfc, const Queue &queue);
    void release_all() noexcept;
    void release_programs() noexcept;
    int admin_id(uint8_t opcode, uint32_t id, ub_ioc_hdr &hdr);

    void completion(uint32_t jfc, uint32_t arm_sn) noexcept override;
    void async(const ub_async_event &event) noexcept override { async_.add(event); }
    void async_lost(uint32_t count) noexcept override { async_.lose(count); }

    DeviceRef device_;
    const uint64_t process_; // that opened it
    Context *abandoned_before_ = nullptr;
    const uint64_t memlock_;
    uint32_t tid_;
    ub_status_page status_{};
    AsyncEvents async_;

    std::mutex lock_; // all that follows
    PageTable table_;
    uint64_t accounted_ = 0;
    struct Seg {
        Mapping memory;
        uint32_t access, token_policy;
    };
    std::unordered_map<uint32_t, Seg> segs_;
    std::unordered_set<uint32_t> programs_;
    std::unordered_map<int, std::shared_ptr<Jfce>> jfces_;
    Kind jfs_, jfr_, jfc_;

    // Taken by the device's threads; never held while the device is called.
    std::mutex event_lock_;
    struct Route {
        std::shared_ptr<Jfce> jfce;
        uint64_t user_ctx;
    };
    std::unordered_map<uint32_t, Route> routes_;
};

} // namespace ub_soft

#endif
