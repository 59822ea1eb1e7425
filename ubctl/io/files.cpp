// SPDX-License-Identifier: MIT
#include "io/files.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

// Calls again what a signal ended or what has to wait for a descriptor that does not block.
template <class Call>
size_t transfer(int fd, short event, const std::string &path, const char *cause, Call call) {
    for (;;) {
        const ssize_t n = call();
        if (n >= 0)
            return static_cast<size_t>(n);
        pollfd ready{fd, event, 0};
        if (errno == EAGAIN)
            poll(&ready, 1, -1);
        else if (errno != EINTR)
            throw file_error(path, cause, errno);
    }
}

} // namespace

void write_all(int fd, const std::string &path, std::span<const uint8_t> memory) {
    while (!memory.empty())
        memory = memory.subspan(transfer(fd, POLLOUT, path, "cannot be written", [&] {
            return ::write(fd, memory.data(), memory.size());
        }));
}

void write_all_at(int fd, const std::string &path, std::span<const uint8_t> memory,
                  uint64_t offset) {
    while (!memory.empty()) {
        const size_t n = transfer(fd, POLLOUT, path, "cannot be written", [&] {
            return pwrite(fd, memory.data(), memory.size(), static_cast<off_t>(offset));
        });
        memory = memory.subspan(n);
        offset += n;
    }
}

struct stat status_of(int fd, const std::string &path) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        throw file_error(path, "cannot be examined", errno);
    return status;
}

File::File(const std::string &path) : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0)
        throw file_error(path, "cannot be opened", errno);
    if (S_ISDIR(status_of(fd_, path).st_mode)) {
        close(fd_);
        throw file_error(path, "cannot be read", EISDIR);
    }
}

File::File(File &&other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

File::~File() {
    if (fd_ >= 0)
        close(fd_);
}

std::optional<uint64_t> File::size() const {
    const struct stat status = status_of(fd_, path_);
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    return static_cast<uint64_t>(status.st_size);
}

bool File::is(const struct stat &other) const {
    const struct stat status = status_of(fd_, path_);
    return S_ISREG(other.st_mode) && status.st_dev == other.st_dev && status.st_ino == other.st_ino;
}

size_t File::read(std::span<uint8_t> memory) {
    size_t done = 0;
    while (done < memory.size()) {
        const size_t n = transfer(fd_, POLLIN, path_, "cannot be read", [&] {
            return ::read(fd_, memory.data() + done, memory.size() - done);
        });
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

void File::read_at(std::span<uint8_t> memory, uint64_t offset) const {
    while (!memory.empty()) {
        const size_t n = transfer(fd_, POLLIN, path_, "cannot be read", [&] {
            return pread(fd_, memory.data(), memory.size(), static_cast<off_t>(offset));
        });
        if (n == 0)
            throw Error(path_, "the file became shorter while it was read", E_FILE)
                .hint("run the command when nothing else writes it");
        memory = memory.subspan(n);
        offset += n;
    }
}

} // namespace ubctl
