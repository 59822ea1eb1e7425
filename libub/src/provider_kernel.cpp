// SPDX-License-Identifier: MIT
// The provider over the driver's device node.
#include "error.hpp"
#include "provider.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

namespace ub_impl {
namespace {

class KernelProvider final : public Provider {
public:
    KernelProvider(int fd, const ub_status_page *status) noexcept : fd_(fd), status_(status) {}
    ~KernelProvider() override {
        if (status_)
            munmap(const_cast<ub_status_page *>(status_), UB_HW_PAGE_SIZE);
        close(fd_);
    }
    // Mappings are not inherited.
    void abandon() noexcept override {
        status_ = nullptr;
        delete this;
    }

    int control(unsigned long request, void *arg) noexcept override {
        int result;
        do
            result = ioctl(fd_, request, arg);
        while (result < 0 && errno == EINTR && request != UB_IOC_REAP);
        return result < 0 ? -errno : result;
    }
    bool has_kernel_queues() const noexcept override { return true; }
    int fd() const noexcept override { return fd_; }

    int read_async(ub_async_event *event) noexcept override {
        const ssize_t got = read(fd_, event, sizeof *event);
        return got < 0 ? -errno : got > 0;
    }
    int read_events(int jfce, ub_jfce_event *events, size_t n) noexcept override {
        const ssize_t got = read(jfce, events, n * sizeof *events);
        return got < 0 ? -errno : static_cast<int>(static_cast<size_t>(got) / sizeof *events);
    }
    void close_jfce(int jfce) noexcept override { close(jfce); }
    const ub_status_page *status() const noexcept override { return status_; }

    int map_doorbell(uint64_t db_offset, void **page) noexcept override {
        void *at = mmap(nullptr, UB_HW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                        static_cast<off_t>(db_offset));
        if (at == MAP_FAILED)
            return -errno;
        *page = at;
        return 0;
    }
    void unmap_doorbell(void *page) noexcept override { munmap(page, UB_HW_PAGE_SIZE); }
    void ring(uint64_t, unsigned, uint64_t, unsigned) noexcept override {}

private:
    int fd_;
    const ub_status_page *status_;
};

// open(2) gives an errno alone. 0: not known.
uint64_t contexts_of_a_user() {
    uint64_t limit = 0;
    std::ifstream("/sys/module/ubnpu/parameters/max_ctxs_per_user") >> limit;
    return limit;
}

uint32_t cause_of_open(int errnum) {
    switch (errnum) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return CAUSE_NO_DEVICE;
    case EACCES:
    case EPERM:
        return CAUSE_PERMISSION;
    case EDQUOT:
        return UB_EXT_USER_LIMIT;
    case ENOSPC:
        return UB_EXT_DEV_LIMIT;
    case ENOMEM:
        return UB_EXT_NO_MEMORY;
    default:
        return CAUSE_OS;
    }
}

} // namespace

std::unique_ptr<Provider> open_kernel(const std::string &node, OpenError &error) {
    const int fd = open(node.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error = {errno == ENOENT ? ENODEV : errno, cause_of_open(errno), UB_OBJ_CONTEXT, 0};
        if (error.cause == UB_EXT_USER_LIMIT)
            error.limit = contexts_of_a_user();
        return nullptr;
    }
    void *status = mmap(nullptr, UB_HW_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, UB_MMAP_STATUS);
    if (status == MAP_FAILED) {
        error = {errno, CAUSE_OS, 0, 0};
        close(fd);
        return nullptr;
    }
    return std::make_unique<KernelProvider>(fd, static_cast<const ub_status_page *>(status));
}

} // namespace ub_impl
