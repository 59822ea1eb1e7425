// SPDX-License-Identifier: MIT
// Files that are read, with errors that name them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

struct stat;

namespace ubctl {

// Whole writes, through signals and pipes that are full for a moment. Throws what went wrong with
// the file of that path.
void write_all(int fd, const std::string &path, std::span<const uint8_t> memory);
void write_all_at(int fd, const std::string &path, std::span<const uint8_t> memory,
                  uint64_t offset);
struct stat status_of(int fd, const std::string &path);

class File {
public:
    // Not a directory. Pipes and devices do as well.
    explicit File(const std::string &path);
    ~File();
    File(File &&other) noexcept;
    File &operator=(File &&) = delete;

    const std::string &path() const { return path_; }
    // Of regular files.
    std::optional<uint64_t> size() const;
    // Whether it is that regular file, by whatever name.
    bool is(const struct stat &other) const;

    // Fills the memory unless the file ends; how many bytes it was.
    size_t read(std::span<uint8_t> memory);
    // Exactly these bytes; a file that ends before is an error.
    void read_at(std::span<uint8_t> memory, uint64_t offset) const;

private:
    std::string path_;
    int fd_;
};

} // namespace ubctl
