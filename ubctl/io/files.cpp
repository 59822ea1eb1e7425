// SPDX-License-Identifier: MIT
#include "io/files.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

struct stat status_of(int fd, const std::string &path) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        throw file_error(path, "cannot be examined", errno);
    return status;
}

bool same_file(const std::string &path, const struct stat &input) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_dev == input.st_dev && status.st_ino == input.st_ino;
}

} // namespace

File::File(File &&other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)),
      remove_(std::exchange(other.remove_, false)) {}

File::~File() {
    if (fd_ >= 0)
        close(fd_);
    if (remove_)
        unlink(path_.c_str());
}

File File::open_input(const std::string &path) {
    File file(path, open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd_ < 0)
        throw file_error(path, "cannot be opened", errno);
    if (S_ISDIR(status_of(file.fd_, path).st_mode))
        throw file_error(path, "cannot be read", EISDIR);
    return file;
}

File File::create_output(const std::string &path, std::span<const File *const> inputs) {
    for (const File *input : inputs)
        if (same_file(path, status_of(input->fd_, input->path_)))
            throw usage_error(path, "input and output are the same file")
                .hint("name another file for the output");
    File file(path, open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.fd_ < 0)
        throw file_error(path, "cannot be created", errno);
    file.remove_ = S_ISREG(status_of(file.fd_, path).st_mode);
    return file;
}

std::optional<uint64_t> File::size() const {
    const struct stat status = status_of(fd_, path_);
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    return static_cast<uint64_t>(status.st_size);
}

size_t File::read(std::span<uint8_t> memory) {
    size_t done = 0;
    while (done < memory.size()) {
        const ssize_t n = ::read(fd_, memory.data() + done, memory.size() - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw file_error(path_, "cannot be read", errno);
        if (n == 0)
            break;
        done += static_cast<size_t>(n);
    }
    return done;
}

void File::read_at(std::span<uint8_t> memory, uint64_t offset) const {
    while (!memory.empty()) {
        const ssize_t n = pread(fd_, memory.data(), memory.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw file_error(path_, "cannot be read", errno);
        if (n == 0)
            throw Error(path_, "the file became shorter while it was read", E_FILE);
        memory = memory.subspan(static_cast<size_t>(n));
        offset += static_cast<uint64_t>(n);
    }
}

void File::write(std::span<const uint8_t> memory) {
    while (!memory.empty()) {
        const ssize_t n = ::write(fd_, memory.data(), memory.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw file_error(path_, "cannot be written", errno);
        memory = memory.subspan(static_cast<size_t>(n));
    }
}

void File::write_at(std::span<const uint8_t> memory, uint64_t offset) {
    while (!memory.empty()) {
        const ssize_t n = pwrite(fd_, memory.data(), memory.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw file_error(path_, "cannot be written", errno);
        memory = memory.subspan(static_cast<size_t>(n));
        offset += static_cast<uint64_t>(n);
    }
}

void File::keep() {
    if (close(std::exchange(fd_, -1)) < 0)
        throw file_error(path_, "cannot be written", errno);
    remove_ = false;
}

} // namespace ubctl
