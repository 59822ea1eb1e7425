// SPDX-License-Identifier: MIT
// Man page and completions, made of what the commands say of themselves:
//
//   docgen TEMPLATES OUT            writes them; `make ubctl-docs`
//   docgen --check TEMPLATES OUT    says which of them are not as they would be written

#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

#include "cmd/commands.hpp"
#include "docs/makers.hpp"
#include "io/output_file.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct File {
    const char *name; // below OUT
    const char *source;
    std::string (*make)(const Subject &subject, const std::string &path);
};

const File files[] = {
    {"ubctl.1", "ubctl.1.in", man_page},
    {"completion/ubctl.bash", "ubctl.bash.in", bash_completion},
    {"completion/_ubctl", "_ubctl.in", zsh_completion},
    {"completion/ubctl.fish", "ubctl.fish.in", fish_completion},
};

void write(const std::string &path, const std::string &text) {
    OutputFile to(path, {});
    to.write({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
    to.keep();
}

bool is_current(const std::string &path, const std::string &text) {
    std::ifstream in(path);
    const bool same = std::string(std::istreambuf_iterator<char>(in), {}) == text;
    std::printf("%s - %s is as the commands say\n", same ? "ok" : "not ok", path.c_str());
    if (!same)
        std::puts("# make ubctl-docs writes it anew");
    return same;
}

// Whether all is well.
bool run(bool check, const std::string &templates, const std::string &out) {
    const Grammar grammar(all_commands(), all_objects());
    const Subject subject{grammar.descriptions(), all_objects()};
    bool good = true;
    for (const File &file : files) {
        const std::string path = out + "/" + file.name;
        const std::string text = file.make(subject, templates + "/" + file.source);
        if (check)
            good &= is_current(path, text);
        else
            write(path, text);
    }
    return good;
}

} // namespace

} // namespace ubctl

int main(int argc, char **argv) {
    try {
        const bool check = argc > 1 && std::strcmp(argv[1], "--check") == 0;
        if (argc != 3 + check)
            throw ubctl::usage_error("docgen", "it takes the templates' folder and that to write");
        return !ubctl::run(check, argv[1 + check], argv[2 + check]);
    } catch (const ubctl::Error &error) {
        std::fputs(error.text().c_str(), stderr);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "docgen: %s\n", error.what());
    }
    return 1;
}
