// SPDX-License-Identifier: MIT
// The tables of the shells' completions. The templates have "@tables@" in their place, and the
// functions that look things up in them.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "docs/makers.hpp"
#include "docs/template.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct Word {
    std::string text, summary;
    bool operator==(const Word &other) const { return text == other.text; }
};

// What may follow the words of a path, none for a whole command.
std::vector<Word> words_after(const Subject &subject, const std::string &path) {
    std::vector<Word> words;
    const std::string prefix = path.empty() ? "" : path + " ";
    for (const Description &description : subject.descriptions) {
        if (description.path.empty() || !description.path.starts_with(prefix))
            continue;
        const std::string rest = description.path.substr(prefix.size());
        Word word{rest.substr(0, rest.find(' ')), description.summary};
        for (const Object &object : subject.objects)
            if (word.text == object.name && rest != word.text)
                word.summary = object.summary;
        if (!std::ranges::count(words, word))
            words.push_back(word);
    }
    return words;
}

// In single quotes, for every shell here.
std::string quoted(std::string text) {
    for (size_t at = 0; (at = text.find('\'', at)) != text.npos; at += 4)
        text.replace(at, 1, "'\\''");
    return "'" + text + "'";
}

// What a value is completed with, as the templates' functions take it.
std::string source_of(const Parameter &parameter) {
    switch (parameter.completes) {
    case Completes::nothing:
        return "nothing";
    case Completes::words:
        return fmt::format("words {}", fmt::join(parameter.words, " "));
    case Completes::devices:
        return "devices";
    case Completes::files:
        return "files";
    case Completes::codes:
        return "codes";
    case Completes::statuses:
        return "statuses";
    case Completes::schemas:
        return "schemas";
    case Completes::commands:
        return "commands";
    }
    return "nothing";
}

List options_of(const Description &description) {
    List names;
    for (const Parameter &parameter : description.parameters)
        if (!parameter.is_argument())
            for (const std::string &name : names_of(parameter))
                names.push_back(name);
    return names;
}

// Every option that a value follows.
List options_with_value(const Subject &subject) {
    List names;
    for (const Description &description : subject.descriptions)
        for (const Parameter &parameter : description.parameters)
            if (!parameter.is_argument() && !parameter.metavar.empty())
                for (const std::string &name : names_of(parameter))
                    if (!std::ranges::count(names, name))
                        names.push_back(name);
    return names;
}

// A shell function of bash and zsh that prints a line for its arguments.
std::string function(const std::string &name, const std::string &comment,
                     const std::string &cases) {
    return fmt::format("# {}\n{}() {{\n    case \"$*\" in\n{}    esac\n}}\n\n", comment, name,
                       cases);
}

std::string one_case(const std::string &pattern, const std::string &line) {
    return line.empty() ? "" : fmt::format("        {}) echo {} ;;\n", pattern, quoted(line));
}

std::string values_table(const Subject &subject) {
    std::string cases;
    for (const Description &description : subject.descriptions)
        for (const Parameter &parameter : description.parameters)
            if (!parameter.is_argument() && parameter.completes != Completes::nothing) {
                List patterns;
                for (const std::string &name : names_of(parameter))
                    patterns.push_back(description.path.empty()
                                           ? "*" + quoted(" " + name)
                                           : quoted(description.path + " " + name));
                cases += one_case(fmt::format("{}", fmt::join(patterns, " | ")),
                                  source_of(parameter));
            }
    return cases;
}

// The first argument stands for all, which are of one kind in every command.
std::string arguments_table(const Subject &subject) {
    std::string cases;
    for (const Description &description : subject.descriptions) {
        const auto argument = std::ranges::find_if(description.parameters, &Parameter::is_argument);
        if (argument != description.parameters.end() && argument->completes != Completes::nothing)
            cases += one_case(quoted(description.path), source_of(*argument));
    }
    return cases;
}

// Of bash and zsh. Only zsh shows summaries.
std::string tables(const Subject &subject, bool summaries) {
    const auto line = [&](const std::vector<Word> &words) {
        std::string out;
        for (const Word &word : words)
            out += (out.empty() ? "" : summaries ? "\n" : " ") + word.text +
                   (summaries ? ":" + word.summary : "");
        return out;
    };
    std::string words = one_case("''", line(words_after(subject, "")));
    for (const Object &object : subject.objects)
        words += one_case(object.name, line(words_after(subject, object.name)));
    std::string options;
    for (const Description &description : subject.descriptions)
        options += one_case(quoted(description.path),
                            fmt::format("{}", fmt::join(options_of(description), " ")));
    std::string with_value =
        fmt::format("        {}) ;;\n        *) return 1 ;;\n",
                    fmt::join(options_with_value(subject), " | \\\n            "));
    return function("_ubctl_words", "What may follow the words given.", words) +
           function("_ubctl_options", "Options of a command; without one, of all.", options) +
           function("_ubctl_takes_value", "Whether a value follows the option.", with_value) +
           function("_ubctl_value", "What the value of a command's option is.",
                    values_table(subject)) +
           function("_ubctl_argument", "What the arguments of a command are.",
                    arguments_table(subject));
}

// ---- fish ---------------------------------------------------------------------------------------

std::string fish_source(const Parameter &parameter) {
    switch (parameter.completes) {
    case Completes::nothing:
    case Completes::commands: // fish_words() has them
        return "";
    case Completes::files:
        return " -F";
    case Completes::words:
        return fmt::format(" -a {}", quoted(fmt::format("{}", fmt::join(parameter.words, " "))));
    default:
        return fmt::format(" -a '(__ubctl_{})'", source_of(parameter));
    }
}

std::string fish_parameter(const Description &description, const Parameter &parameter) {
    std::string line = "complete -c ubctl";
    if (!description.path.empty())
        line += fmt::format(" -n '__ubctl_in {}'", description.path);
    if (parameter.is_argument()) {
        const std::string source = fish_source(parameter);
        return source.empty() ? "" : line + source + '\n';
    }
    for (const std::string &name : names_of(parameter))
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!parameter.metavar.empty())
        line += parameter.completes == Completes::files ? " -r" : " -x";
    return line + fish_source(parameter) + " -d " + quoted(parameter.help) + '\n';
}

std::string fish_words(const Subject &subject, const std::string &path, const std::string &before) {
    std::string out;
    for (const Word &word : words_after(subject, path)) {
        std::string at = before + path;
        at.erase(at.find_last_not_of(' ') + 1);
        out += fmt::format("complete -c ubctl -n '__ubctl_at{}' -a {} -d {}\n",
                           at.empty() ? "" : " " + at, word.text, quoted(word.summary));
    }
    return out;
}

std::string fish_tables(const Subject &subject) {
    std::string out = fmt::format("set -g __ubctl_with_value {}\n\n",
                                  fmt::join(options_with_value(subject), " \\\n    "));
    for (const char *before : {"", "help "}) {
        out += fish_words(subject, "", before);
        for (const Object &object : subject.objects)
            out += fish_words(subject, object.name, before);
    }
    for (const Description &description : subject.descriptions)
        for (const Parameter &parameter : description.parameters)
            out += fish_parameter(description, parameter);
    return out;
}

std::string with_tables(const std::string &path, const std::string &tables) {
    return fill_template(path, [&](const std::string &words) {
        if (words != "tables")
            throw Error(path, fmt::format("nothing is known of '{}'", words), E_FORMAT);
        return tables;
    });
}

} // namespace

List names_of(const Parameter &parameter) {
    const size_t comma = parameter.names.find(',');
    if (comma == parameter.names.npos)
        return {parameter.names};
    return {parameter.names.substr(0, comma), parameter.names.substr(comma + 1)};
}

std::string bash_completion(const Subject &subject, const std::string &path) {
    return with_tables(path, tables(subject, false));
}

std::string zsh_completion(const Subject &subject, const std::string &path) {
    return with_tables(path, tables(subject, true));
}

std::string fish_completion(const Subject &subject, const std::string &path) {
    return with_tables(path, fish_tables(subject));
}

} // namespace ubctl
