// SPDX-License-Identifier: MIT
#include "io/output_file.hpp"

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io/unfinished.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr unsigned most_links = 40; // the kernel's own limit

// With its slash; empty for the working directory.
std::string directory_of(const std::string &path) {
    return path.substr(0, path.rfind('/') + 1);
}

// The links of /proc lead to open files, whatever their text says.
bool is_magic_link(const std::string &path) {
    struct statfs system;
    return statfs((directory_of(path) + ".").c_str(), &system) == 0 &&
           system.f_type == PROC_SUPER_MAGIC;
}

struct Place {
    std::string path;
    bool magic = false;
};

Place place_of(std::string path) {
    char text[PATH_MAX];
    for (unsigned links = 0; links < most_links; ++links) {
        const ssize_t len = readlink(path.c_str(), text, sizeof(text));
        if (len < 0)
            break;
        if (is_magic_link(path))
            return {path, true};
        const std::string to(text, static_cast<size_t>(len));
        path = to.starts_with('/') ? to : directory_of(path) + to;
    }
    return {path, false};
}

// N of /proc/self/fd/N.
std::optional<int> own_descriptor(const std::string &path) {
    const std::unique_ptr<char, decltype(&std::free)> directory(
        realpath((directory_of(path) + ".").c_str(), nullptr), std::free);
    if (!directory || fmt::format("/proc/{}/fd", getpid()) != directory.get())
        return std::nullopt;
    const std::string name = path.substr(path.rfind('/') + 1);
    int number = -1;
    const char *end = name.data() + name.size();
    if (std::from_chars(name.data(), end, number).ptr != end)
        return std::nullopt;
    return number;
}

int open_magic(const Place &place) {
    if (const auto number = own_descriptor(place.path))
        return fcntl(*number, F_DUPFD_CLOEXEC, 3);
    return open(place.path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
}

uint64_t random_number() {
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        throw Error("ubctl", "the system gives no random number", E_SYSTEM, errno);
    return number;
}

Error beside_error(const std::string &path, const std::string &directory, int errnum) {
    Error error = file_error(path,
                             fmt::format("no file can be made beside it in {}",
                                         directory.empty() ? "the working directory" : directory),
                             errnum);
    if (errnum == EACCES || errnum == EPERM)
        error.hint("output is written beside and renamed, so the directory must be writable; "
                   "or write it in place: /dev/stdout as the output, and > FILE");
    return error;
}

// Access lists are part of the mode.
void copy_access_list(const std::string &from, int to) {
    constexpr const char *name = "system.posix_acl_access";
    std::vector<char> list(65536); // the most that the kernel allows
    const ssize_t len = getxattr(from.c_str(), name, list.data(), list.size());
    if (len > 0)
        fsetxattr(to, name, list.data(), static_cast<size_t>(len), 0);
}

// The new file is as the one it replaces.
void take_after(const std::string &path, const std::string &place, const struct stat &before,
                int fd) {
    const struct stat now = status_of(fd, path);
    if ((before.st_uid != now.st_uid || before.st_gid != now.st_gid) &&
        fchown(fd, before.st_uid, before.st_gid) < 0)
        throw file_error(
            path,
            fmt::format("its owner {} and group {} cannot be kept", before.st_uid, before.st_gid),
            errno)
            .hint("write another file, remove this one, or write it in place: /dev/stdout as the "
                  "output, and > FILE");
    // As the kernel does when a file is written, it runs as nobody else from here on.
    if (fchmod(fd, before.st_mode & 0777) < 0)
        throw file_error(path, "its mode cannot be kept", errno);
    copy_access_list(place, fd);
}

} // namespace

OutputFile::OutputFile(const std::string &path, std::span<const File *const> inputs, Order order)
    : path_(path) {
    const Place place = place_of(path);
    place_ = place.path;
    const int fd = place.magic ? open_magic(place) : open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 && (errno != ENOENT || place.magic || path.empty()))
        throw file_error(path, "cannot be written", errno);
    if (fd < 0) {
        write_beside(nullptr);
        return;
    }
    const struct stat before = status_of(fd, path);
    for (const File *input : inputs)
        if (input->is(before)) {
            close(fd);
            throw usage_error(path, "input and output are the same file")
                .hint("name another file for the output");
        }
    if (place.magic || !S_ISREG(before.st_mode)) {
        write_straight(fd, order);
    } else {
        close(fd);
        write_beside(&before);
    }
}

// What is written in any order is collected first: a pipe takes it in one alone.
void OutputFile::write_straight(int fd, Order order) {
    fd_ = fd;
    if (order == Order::forward)
        return;
    straight_ = std::exchange(fd_, -1);
    const std::unique_ptr<FILE, decltype(&std::fclose)> collected(std::tmpfile(), std::fclose);
    if (collected)
        fd_ = fcntl(fileno(collected.get()), F_DUPFD_CLOEXEC, 3);
    if (fd_ < 0) {
        close(straight_);
        throw file_error(path_, "what it gets cannot be collected in " P_tmpdir, errno);
    }
}

void OutputFile::write_beside(const struct stat *before) {
    const std::string directory = directory_of(place_);
    if (place_.size() == directory.size())
        throw file_error(path_, "cannot be written", EISDIR);
    beside_ = fmt::format("{}.ubctl-{:016x}", directory, random_number());
    replaces_ = before != nullptr;
    unfinished(beside_);
    // Nobody may read what is to be private before its mode is set.
    fd_ = open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces_ ? 0600 : 0666);
    if (fd_ < 0) {
        const int errnum = errno;
        finished();
        throw beside_error(path_, directory, errnum);
    }
    try {
        if (replaces_)
            take_after(path_, place_, *before, fd_);
    } catch (...) {
        discard();
        throw;
    }
}

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path_(std::move(other.path_)), place_(std::move(other.place_)),
      beside_(std::exchange(other.beside_, {})), fd_(std::exchange(other.fd_, -1)),
      straight_(std::exchange(other.straight_, -1)), replaces_(other.replaces_) {}

OutputFile::~OutputFile() {
    discard();
}

void OutputFile::discard() noexcept {
    for (const int fd : {fd_, straight_})
        if (fd >= 0)
            close(fd);
    if (!beside_.empty()) {
        unlink(beside_.c_str());
        finished();
    }
}

void OutputFile::write(std::span<const uint8_t> memory) {
    write_all(fd_, path_, memory);
}

void OutputFile::write_at(std::span<const uint8_t> memory, uint64_t offset) {
    write_all_at(fd_, path_, memory, offset);
}

void OutputFile::hand_over() {
    std::vector<uint8_t> room(1 << 20);
    for (off_t at = 0;;) {
        const ssize_t n = pread(fd_, room.data(), room.size(), at);
        if (n < 0)
            throw file_error(path_, "what was collected for it cannot be read", errno);
        if (n == 0)
            return;
        write_all(straight_, path_, {room.data(), static_cast<size_t>(n)});
        at += n;
    }
}

// After a loss of power there is the file of before or the new one: for that its data must be on
// the disk before the name is. A file that replaces nothing is not worth the wait.
void OutputFile::keep() {
    if (straight_ >= 0) {
        hand_over();
        std::swap(fd_, straight_);
    }
    if (replaces_ && fsync(fd_) < 0)
        throw file_error(path_, "cannot be written", errno);
    if (close(std::exchange(fd_, -1)) < 0)
        throw file_error(path_, "cannot be written", errno);
    if (beside_.empty())
        return;
    if (rename(beside_.c_str(), place_.c_str()) < 0)
        throw file_error(path_, "cannot be replaced", errno);
    beside_.clear();
    finished();
}

} // namespace ubctl
