// SPDX-License-Identifier: MIT
#include "events.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <new>
#include <string_view>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace ub_soft {
namespace {

constexpr size_t async_kept = 64; // as many as the driver keeps

} // namespace

Readiness::Readiness() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0)
        throw std::bad_alloc();
}

Readiness::~Readiness() { close_descriptor(); }

void Readiness::close_descriptor() noexcept {
    if (fd_ >= 0)
        close(std::exchange(fd_, -1));
}

void Readiness::set(bool ready) noexcept {
    eventfd_t value = 0;
    if (ready == ready_)
        return;
    if (ready)
        eventfd_write(fd_, 1);
    else
        eventfd_read(fd_, &value);
    ready_ = ready;
}

Jfce::~Jfce() { close_descriptors(); }

void Jfce::close_descriptors() noexcept {
    readiness_.close_descriptor();
    if (eventfd_ >= 0)
        close(std::exchange(eventfd_, -1));
}

void Jfce::add(const ub_jfce_event &event) {
    std::lock_guard lock(lock_);
    if (eventfd_ >= 0)
        eventfd_write(eventfd_, 1);
    const auto same = std::find_if(ready_.begin(), ready_.end(),
                                   [&](const auto &e) { return e.jfc == event.jfc; });
    if (same != ready_.end())
        *same = event;
    else
        ready_.push_back(event);
    readiness_.set(true);
}

int Jfce::take(ub_jfce_event *events, size_t n) noexcept {
    std::lock_guard lock(lock_);
    if (ready_.empty())
        return -EAGAIN;
    n = std::min(n, ready_.size());
    std::copy_n(ready_.begin(), n, events);
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<ptrdiff_t>(n));
    readiness_.set(!ready_.empty());
    return static_cast<int>(n);
}

void Jfce::forget(uint32_t jfc) {
    std::lock_guard lock(lock_);
    std::erase_if(ready_, [&](const auto &e) { return e.jfc == jfc; });
    readiness_.set(!ready_.empty());
}

void AsyncEvents::add(ub_async_event event) {
    std::lock_guard lock(lock_);
    if (ready_.size() >= async_kept) {
        ++lost_;
        return;
    }
    event.lost = std::exchange(lost_, 0);
    ready_.push_back(event);
    readiness_.set(true);
}

void AsyncEvents::lose(uint32_t count) noexcept {
    std::lock_guard lock(lock_);
    lost_ += count;
}

int AsyncEvents::take(ub_async_event *event) noexcept {
    std::lock_guard lock(lock_);
    if (ready_.empty())
        return -EAGAIN;
    *event = ready_.front();
    ready_.pop_front();
    readiness_.set(!ready_.empty());
    return 1;
}

int dup_eventfd(int fd) noexcept {
    char path[32], target[32];
    std::snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const ssize_t len = readlink(path, target, sizeof(target));
    if (len < 0 || std::string_view(target, static_cast<size_t>(len)) != "anon_inode:[eventfd]")
        return -1;
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

} // namespace ub_soft
