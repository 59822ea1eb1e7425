// SPDX-License-Identifier: MIT
// What a command is made of: what it says of itself, its options and arguments, and what it runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "out/output.hpp"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace ubctl {

// Options that every command takes.
struct Globals {
    std::string device; // empty: the first, or all in lists
    double timeout_s = 300;
    Style style;
    const CLI::App *app = nullptr; // the whole grammar, for `help`
};

// Runs a parsed command and returns its exit code; failures are thrown as Error.
using Action = std::function<int(const Globals &)>;

// What a shell offers to complete a value with.
enum class Completes { nothing, words, devices, files, codes, statuses, schemas, commands };

// One option or argument as help, man page and completions know it.
struct Parameter {
    std::string names;   // "-n,--count"; of an argument: "FILE"
    std::string metavar; // empty: a flag, or an argument
    std::string help;
    bool required = false;
    Completes completes = Completes::nothing;
    List words = {}; // of Completes::words

    bool is_argument() const { return names[0] != '-'; }
};

// T, also of an optional T.
template <class T> struct BareOf { using type = T; };
template <class T> struct BareOf<std::optional<T>> { using type = T; };
template <class T> using Bare = typename BareOf<T>::type;

// The options and arguments of one command, as its parser and its descriptions take them.
class Parameters {
public:
    // To go on with what one of them allows.
    class Entry {
    public:
        Entry &required();
        Entry &one_of(List words);
        // The words are for people to choose from; others are accepted.
        Entry &completes(Completes what, List words = {});

    private:
        friend class Parameters;
        Entry(CLI::Option *option, Parameter &parameter)
            : option_(option), parameter_(&parameter) {}

        CLI::Option *option_;
        Parameter *parameter_;
    };

    Parameters(CLI::App &app, std::vector<Parameter> &list) : app_(&app), list_(&list) {}

    // The value lives as long as the command. T: std::string, an optional of it, or List.
    template <class T> Entry argument(const char *name, T &value, std::string help);
    template <class T>
    Entry option(const char *names, T &value, const char *metavar, std::string help);
    // A number of a range; an argument has no metavar. T: uint32_t, uint64_t, float, double, or an
    // optional of one.
    template <class T>
    Entry number(const char *names, T &value, Bare<T> least, Bare<T> most, const char *metavar,
                 std::string help);
    void flag(const char *names, bool &value, std::string help);

private:
    Entry add(CLI::Option *option, Parameter parameter);

    CLI::App *app_;
    std::vector<Parameter> *list_;
};

// For commands with an optional ID, which says the same as --device.
Action with_id(Parameters &parameters, Action run);

struct Command {
    const char *path;    // "device show"
    const char *summary; // one line
    // Adds the command's own options and says what to run.
    Action (*declare)(Parameters &parameters);
};

} // namespace ubctl
