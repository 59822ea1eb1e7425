// SPDX-License-Identifier: MIT
// Files in and out, with errors that name them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ubctl {

class File {
public:
    ~File();
    File(File &&other) noexcept;
    File &operator=(File &&) = delete;

    // Not a directory. Pipes and devices do as well.
    static File open_input(const std::string &path);
    // Created or emptied; removed again by the destructor unless keep() was called. Refuses to
    // empty an input.
    static File create_output(const std::string &path, std::span<const File *const> inputs);

    const std::string &path() const { return path_; }
    // Of regular files.
    std::optional<uint64_t> size() const;

    // Fills the memory unless the file ends; how many bytes it was.
    size_t read(std::span<uint8_t> memory);
    // Exactly these bytes; a file that ends before is an error.
    void read_at(std::span<uint8_t> memory, uint64_t offset) const;
    void write(std::span<const uint8_t> memory);
    void write_at(std::span<const uint8_t> memory, uint64_t offset);
    // The output is complete.
    void keep();

private:
    File(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

    std::string path_;
    int fd_;
    bool remove_ = false;
};

} // namespace ubctl
