// SPDX-License-Identifier: MIT
// The man page, in mdoc(7): ubctl.1.in has
//
//   @synopsis@         the global options
//   @option NAME@      the head of a global option's item
//   @command WORDS@    the head of a command's item
//   @options@          the list of the options of the command named last
//   @words COMMAND@    what the command's argument may be

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "docs/makers.hpp"
#include "docs/template.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr size_t most_columns = 78, most_options = 6;

std::string lower(std::string text) {
    for (char &c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// mdoc writes "Fl \-count" for --count.
std::string flag(const std::string &name) {
    return name.starts_with("--") ? "Fl \\-" + name.substr(2) : "Fl " + name.substr(1);
}

std::string value(const Parameter &parameter) {
    return parameter.metavar.empty() ? "" : " Ar " + lower(parameter.metavar);
}

// Of an item: every name of an option.
std::string option_head(const Parameter &parameter) {
    List flags;
    for (const std::string &name : names_of(parameter))
        flags.push_back(flag(name));
    return fmt::format(".It {}{}\n", fmt::join(flags, " , "), value(parameter));
}

// One sentence on lines of its own, as roff takes them.
std::string sentence(const std::string &text) {
    std::string out, line;
    const auto put = [&](std::string word) {
        for (size_t at = 0; (at = word.find("--", at)) != word.npos; at += 4)
            word.replace(at, 2, "\\-\\-");
        if (!line.empty() && line.size() + 1 + word.size() > most_columns) {
            out += line + '\n';
            line.clear();
        }
        // A line that begins with either would be a request.
        if (line.empty() && (word[0] == '.' || word[0] == '\''))
            word = "\\&" + word;
        line += (line.empty() ? "" : " ") + word;
    };
    std::string whole = text + '.';
    whole[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(whole[0])));
    for (size_t start = 0; start < whole.size();) {
        const size_t end = std::min(whole.find(' ', start), whole.size());
        put(whole.substr(start, end - start));
        start = end + 1;
    }
    return out + line + '\n';
}

std::string arguments(const Description &description) {
    std::string out;
    for (const Parameter &parameter : description.parameters)
        if (parameter.is_argument())
            out += fmt::format(" {}Ar {}{}", parameter.required ? "" : "Oo ",
                               lower(parameter.names), parameter.required ? "" : " Oc");
    return out;
}

std::string options(const Description &description) {
    const auto is_option = [](const Parameter &p) { return !p.is_argument(); };
    if (std::ranges::count_if(description.parameters, is_option) > std::ptrdiff_t{most_options})
        return " Op Ar options";
    std::string out;
    for (const Parameter &parameter : description.parameters)
        if (is_option(parameter)) {
            const std::string use = flag(names_of(parameter)[0]) + value(parameter);
            out += parameter.required ? " " + use : " Oo " + use + " Oc";
        }
    return out;
}

std::string option_list(const Description &description) {
    std::string items;
    for (const Parameter &parameter : description.parameters)
        if (!parameter.is_argument())
            items += option_head(parameter) + sentence(parameter.help);
    return ".Bl -tag -width Ds -compact\n" + items + ".El\n";
}

std::string word_list(const Description &description) {
    for (const Parameter &parameter : description.parameters)
        if (parameter.is_argument() && !parameter.words.empty()) {
            std::string out;
            for (const std::string &word : parameter.words)
                out += fmt::format(".Cm {} {}\n", word,
                                   word == parameter.words.back() ? "." : ",");
            return out;
        }
    throw Error("man page", description.path + ": its argument has no words", E_FORMAT);
}

std::string synopsis(const Description &globals) {
    std::string out;
    for (const Parameter &parameter : globals.parameters) {
        const std::string words = fmt::format(" Cm {}", fmt::join(parameter.words, " | "));
        out += fmt::format(".Op {}{}\n", flag(names_of(parameter)[0]),
                           parameter.words.empty() ? value(parameter) : words);
    }
    return out;
}

// What has been asked for, and what is to be.
class Page {
public:
    explicit Page(const Subject &subject) : all_(subject.descriptions) {
        for (const Parameter &parameter : globals().parameters)
            missing_.insert("option " + names_of(parameter).back());
        for (size_t i = 1; i < all_.size(); ++i)
            missing_.insert("command " + all_[i].path);
    }

    std::string make(const std::string &words) {
        missing_.erase(words);
        if (words == "synopsis")
            return synopsis(globals());
        if (words == "options" && current_)
            return option_list(*current_);
        for (const Parameter &parameter : globals().parameters)
            if (words == "option " + names_of(parameter).back())
                return option_head(parameter);
        for (const Description &description : all_)
            if (words == "words " + description.path)
                return word_list(description);
            else if (words == "command " + description.path) {
                current_ = &description;
                return fmt::format(".It Cm {}{}{}\n", description.path, arguments(description),
                                   options(description));
            }
        throw Error("man page", fmt::format("nothing is known of '{}'", words), E_FORMAT);
    }

    void check_complete() const {
        if (!missing_.empty())
            throw Error("man page", fmt::format("it leaves out {}", fmt::join(missing_, ", ")),
                        E_FORMAT);
    }

private:
    const Description &globals() const { return all_[0]; }

    const std::vector<Description> &all_;
    const Description *current_ = nullptr;
    std::set<std::string> missing_;
};

} // namespace

std::string man_page(const Subject &subject, const std::string &path) {
    Page page(subject);
    std::string text =
        fill_template(path, [&](const std::string &words) { return page.make(words); });
    page.check_complete();
    return text;
}

} // namespace ubctl
