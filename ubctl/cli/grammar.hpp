// SPDX-License-Identifier: MIT
// The whole command line: the parser of it, and what is known of each command.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace ubctl {

// The first word of commands that have two.
struct Object {
    const char *name;
    const char *summary;
};

// What help, man page and completions say of a command.
struct Description {
    std::string path; // "device show"; empty: what every command takes
    std::string summary;
    std::vector<Parameter> parameters;
};

class Grammar {
public:
    Grammar(std::span<const Command> commands, std::span<const Object> objects);
    ~Grammar();

    // Throws what is wrong with the command line, and what the command throws.
    int run(int argc, char **argv);
    // The global options first, then the commands in their order.
    const std::vector<Description> &descriptions() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ubctl
