// SPDX-License-Identifier: MIT
#include "tui/screen.hpp"

#include <clocale>
#include <cstdlib>

#include <curses.h>
#include <unistd.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

int attribute_of(Ink ink, bool colour) {
    const auto pair = [&](int number) { return colour ? static_cast<int>(COLOR_PAIR(number)) : 0; };
    switch (ink) {
    case Ink::title:
        return A_BOLD;
    case Ink::heading:
    case Ink::selected:
        return ink == Ink::heading ? A_UNDERLINE | pair(1) : A_REVERSE;
    case Ink::dim:
        return A_DIM;
    case Ink::warning:
        return A_BOLD | pair(2);
    case Ink::plain:
        break;
    }
    return A_NORMAL;
}

int key_of(int key) {
    const auto number = [](Key known) { return static_cast<int>(known); };
    switch (key) {
    case KEY_UP:
        return number(Key::up);
    case KEY_DOWN:
        return number(Key::down);
    case KEY_PPAGE:
        return number(Key::page_up);
    case KEY_NPAGE:
        return number(Key::page_down);
    case KEY_HOME:
        return number(Key::home);
    case KEY_END:
        return number(Key::end);
    case KEY_LEFT:
        return number(Key::left);
    case KEY_RIGHT:
        return number(Key::right);
    case KEY_ENTER:
    case '\n':
    case '\r':
        return number(Key::enter);
    case KEY_BACKSPACE:
    case '\b':
    case 0x7f:
        return number(Key::backspace);
    case 0x1b:
        return number(Key::escape);
    case KEY_RESIZE:
        return -1;
    default:
        return key;
    }
}

} // namespace

Screen::Screen(bool colour) {
    const char *term = std::getenv("TERM");
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
        throw usage_error("top", "standard input and output are no terminal")
            .hint("use --once, or \"ubctl stat\"");
    std::setlocale(LC_ALL, "");
    // Unlike initscr() it returns when the terminal is not known.
    if (!newterm(term, stdout, stdin))
        throw usage_error("top", "this terminal is not known: " + std::string(term ? term : ""))
            .hint("set TERM, or use --once");
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    if (colour && has_colors()) {
        colour_ = true;
        start_color();
        use_default_colors();
        init_pair(1, COLOR_CYAN, -1);
        init_pair(2, COLOR_RED, -1);
    }
}

Screen::~Screen() {
    endwin();
}

size_t Screen::rows() const {
    return static_cast<size_t>(LINES);
}

size_t Screen::columns() const {
    return static_cast<size_t>(COLS);
}

void Screen::show(const std::vector<Line> &lines) {
    erase();
    for (size_t i = 0; i < lines.size(); ++i) {
        attrset(attribute_of(lines[i].ink, colour_));
        mvaddnstr(static_cast<int>(i), 0, lines[i].text.c_str(), -1);
    }
    attrset(A_NORMAL);
    refresh();
}

std::optional<int> Screen::key(std::chrono::milliseconds patience) {
    timeout(static_cast<int>(patience.count()));
    const int key = getch();
    if (key == ERR)
        return std::nullopt;
    return key_of(key);
}

} // namespace ubctl
