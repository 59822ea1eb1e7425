// SPDX-License-Identifier: MIT
// A file that is written: complete under its name, or not at all. It is written beside its place
// and renamed when it is complete, so what was there before stays until then, and for good when
// anything goes wrong. A symbolic link stays, what it leads to is replaced. Mode, owner, group and
// access list are those of the file before.
//
// Pipes, devices and descriptors of the process, such as /dev/stdout, are written as they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/files.hpp"

namespace ubctl {

class OutputFile {
public:
    enum class Order {
        forward, // write() alone
        any,     // write_at() as well; of what has no offsets all is written when it is complete
    };

    // Refuses a file that is also an input.
    OutputFile(const std::string &path, std::span<const File *const> inputs,
               Order order = Order::forward);
    // Removes what is not complete.
    ~OutputFile();
    OutputFile(OutputFile &&other) noexcept;
    OutputFile &operator=(OutputFile &&) = delete;

    void write(std::span<const uint8_t> memory);
    void write_at(std::span<const uint8_t> memory, uint64_t offset);
    // The output is complete: from here on it is there.
    void keep();

private:
    void write_straight(int fd, Order order);
    void write_beside(const struct stat *before);
    void hand_over();
    void discard() noexcept;

    std::string path_;   // as the user has it
    std::string place_;  // where links lead
    std::string beside_; // empty: written straight
    int fd_ = -1;
    int straight_ = -1; // gets what is collected in fd_
    bool replaces_ = false;
};

} // namespace ubctl
