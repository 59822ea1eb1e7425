// SPDX-License-Identifier: MIT
#include "out/terminal.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace ubctl {

std::optional<size_t> terminal_width() {
    if (!isatty(STDOUT_FILENO))
        return std::nullopt;
    const char *columns = std::getenv("COLUMNS");
    const std::string_view text = columns ? columns : "";
    size_t width = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), width).ec == std::errc{} && width)
        return width;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return 80;
}

} // namespace ubctl
