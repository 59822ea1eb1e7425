// SPDX-License-Identifier: MIT
#include "out/nearest.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace ubctl {

namespace {

// Longer words are nobody's slip of the finger.
constexpr size_t most_letters = 64;

// Of Damerau and Levenshtein, where no letters change between two that are swapped.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i)
        for (size_t j = 0; j <= b.size(); ++j) {
            if (!i || !j) {
                cost[i][j] = i + j;
                continue;
            }
            const bool same = a[i - 1] == b[j - 1];
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + !same});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

} // namespace

std::string nearest(std::string_view typed, const List &words) {
    std::string best;
    size_t least = SIZE_MAX;
    if (typed.size() > most_letters)
        return best;
    for (const std::string &word : words) {
        const size_t far = distance(typed, word);
        if (far < least && far * 3 <= std::max(word.size(), size_t{3})) {
            least = far;
            best = word;
        }
    }
    return best;
}

std::string unknown_word(std::string_view what, std::string_view typed, const List &words) {
    const std::string meant = nearest(typed, words);
    if (meant.empty())
        return fmt::format("unknown {} '{}'", what, typed);
    return fmt::format("unknown {} '{}', nearest is '{}'", what, typed, meant);
}

} // namespace ubctl
