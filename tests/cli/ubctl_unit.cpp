// SPDX-License-Identifier: MIT
// The tool's parser of foreign files and its rendering, under sanitizers.

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

#include "io/npy.hpp"
#include "io/npy_header.hpp"
#include "io/parse.hpp"
#include "out/error.hpp"
#include "out/json.hpp"
#include "out/remedies.hpp"
#include "out/table.hpp"
#include "out/text.hpp"

using namespace ubctl;

namespace {

int failures = 0;

void check(const char *name, const std::function<bool()> &passes) {
    bool passed = false;
    try {
        passed = passes();
    } catch (const std::exception &error) {
        std::printf("# %s\n", error.what());
    }
    std::printf("%s - %s\n", passed ? "ok" : "not ok", name);
    failures += !passed;
}

const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";

bool refused(const std::string &text) {
    try {
        parse_npy_header("test", text);
    } catch (const Error &error) {
        return error.code() == E_FORMAT;
    }
    return false;
}

bool parses_header() {
    const NpyHeader parsed = parse_npy_header("test", header + "  \n");
    return parsed.dtype == "<f4" && !parsed.fortran_order &&
           parsed.shape == std::vector<uint64_t>{3, 4};
}

bool parses_other_spellings() {
    const NpyHeader parsed =
        parse_npy_header("test", "{\"shape\":( 3 ,4,),\"fortran_order\":True,\"descr\":\"<f8\"}");
    return parsed.dtype == "<f8" && parsed.fortran_order && parsed.shape.size() == 2;
}

bool refuses_every_prefix() {
    for (size_t len = 0; len + 1 < header.size(); ++len)
        if (!refused(header.substr(0, len)))
            return false;
    return true;
}

// Whatever the bytes are, the answer is a header or FORMAT, never anything else.
bool survives_any_text() {
    std::srand(1);
    for (int round = 0; round < 200000; ++round) {
        std::string text = header;
        for (int i = std::rand() % 6; i >= 0; --i) {
            const size_t at = static_cast<size_t>(std::rand()) % text.size();
            if (std::rand() % 3)
                text[at] = static_cast<char>(std::rand());
            else
                text.insert(at, text.substr(static_cast<size_t>(std::rand()) % text.size()));
        }
        try {
            parse_npy_header("test", text);
        } catch (const Error &error) {
            if (error.code() != E_FORMAT)
                return false;
        }
    }
    return true;
}

class TemporaryFile {
public:
    TemporaryFile() {
        const int fd = mkstemp(path_);
        if (fd >= 0)
            close(fd);
    }
    ~TemporaryFile() { unlink(path_); }
    void put(const std::string &bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
    const char *path() const { return path_; }

private:
    char path_[32] = "/tmp/ubctl-unit-XXXXXX";
};

bool survives_any_file() {
    const TemporaryFile file;
    const std::string good =
        std::string("\x93NUMPY\x01\x00\x3c\x00", 10) + header + "\n" + std::string(48, '\0');
    std::srand(2);
    for (int round = 0; round < 5000; ++round) {
        std::string bytes = good.substr(0, good.size() - static_cast<size_t>(std::rand() % 60));
        for (int i = std::rand() % 3; i > 0; --i)
            bytes[static_cast<size_t>(std::rand()) % std::min<size_t>(bytes.size(), 16)] =
                static_cast<char>(std::rand());
        file.put(bytes);
        try {
            NpyMatrix matrix(file.path());
        } catch (const Error &error) {
            if (error.code() != E_FORMAT)
                return false;
        }
    }
    return true;
}

bool keeps_a_matrix() {
    const TemporaryFile file;
    const float values[6] = {1, 2, 3, 4, 5, 6};
    {
        NpyOutput out(file.path(), 2, 3, {});
        out.write_tile(values, 0, 0, 2, 2);
        out.write_tile(values + 4, 0, 2, 2, 1);
        out.keep();
    }
    const NpyMatrix in(file.path());
    float row[3] = {}, column[2] = {};
    in.read_tile(row, 1, 0, 1, 3);
    in.read_tile(column, 0, 2, 2, 1);
    return in.rows() == 2 && in.cols() == 3 && row[0] == 3 && row[1] == 4 && row[2] == 6 &&
           column[0] == 5 && column[1] == 6;
}

bool leaves_what_is_not_kept() {
    const TemporaryFile file;
    file.put("old");
    { NpyOutput out(file.path(), 2, 3, {}); }
    std::string left;
    std::ifstream(file.path()) >> left;
    unlink(file.path());
    { NpyOutput out(file.path(), 2, 3, {}); }
    return left == "old" && access(file.path(), F_OK) != 0;
}

bool any_tile_of_either_order() {
    const TemporaryFile rows, columns;
    const auto put = [](const TemporaryFile &file, const char *order, bool by_rows) {
        std::string bytes("\x93NUMPY\x03\x00\x3b\x00\x00\x00", 12);
        bytes += std::string("{'descr':'>f4','fortran_order':") + order + ",'shape':(3,4)}";
        bytes.resize(12 + 0x3b, ' ');
        for (unsigned i = 0; i < 12; ++i) {
            const unsigned value = by_rows ? i : i % 3 * 4 + i / 3;
            const auto bits = __builtin_bswap32(std::bit_cast<uint32_t>(float(value)));
            bytes.append(reinterpret_cast<const char *>(&bits), 4);
        }
        file.put(bytes);
    };
    put(rows, "False", true);
    put(columns, "True", false);
    for (const NpyMatrix &matrix : {NpyMatrix(rows.path()), NpyMatrix(columns.path())})
        for (unsigned row = 0; row < 3; ++row)
            for (unsigned col = 0; col < 4; ++col)
                for (unsigned m = 1; row + m <= 3; ++m)
                    for (unsigned n = 1; col + n <= 4; ++n) {
                        float tile[12];
                        matrix.read_tile(tile, row, col, m, n);
                        for (unsigned i = 0; i < m * n; ++i)
                            if (tile[i] != float((row + i / n) * 4 + col + i % n))
                                return false;
                    }
    return true;
}

// What a number is read as, or nothing when it is refused.
template <class Real> std::optional<Real> real(const std::string &text, Real least, Real most) {
    try {
        return parse_real<Real>("--x", text, least, most);
    } catch (const Error &error) {
        if (error.code() != E_USAGE)
            throw;
        return std::nullopt;
    }
}

bool real_numbers_are_finite() {
    constexpr float most = std::numeric_limits<float>::max();
    for (const char *text : {"nan",  "NAN",   "-nan",  "nan(1)", "inf", "-inf", "infinity",
                             "1e39", "-1e39", "1e-46", "-1e-46", "",    " ",    " 1",
                             "1 ",   "1,5",   "1.5x",  "--1",    "0x",  "1e",   "\n1"})
        if (real<float>(text, -most, most))
            return false;
    return real<float>("1e-45", -most, most) == std::numeric_limits<float>::denorm_min() &&
           real<float>("3.4028235e38", -most, most) == most &&
           real<float>("-0", -most, most) == 0.0f && real<float>("0e-999", -most, most) == 0.0f &&
           real<float>("0x1p3", -most, most) == 8.0f && real<float>("+1.5", -most, most) == 1.5f &&
           real<float>(".5", -most, most) == 0.5f && real<double>("1e-3", 1e-3, 1.0) == 1e-3 &&
           !real<double>("0.0009", 1e-3, 1.0) && !real<double>("1e-400", 0.0, 1.0) &&
           !real<double>("nan", 0.0, 1.0);
}

bool text_is_printable() {
    const std::pair<const char *, const char *> cases[] = {
        {"plain", "plain"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\x1b[31m\x7f\x01", "\\x1b[31m\\x7f\\x01"},
        {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0"},
        {"\x9b", "\\x9b"},                   // C1 of eight bits
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, // turns the direction
        {"\xe4\xb8\xad\xf0\x9f\x98\x80", "\xe4\xb8\xad\xf0\x9f\x98\x80"},
        {"\xc0\x9b", "\\xc0\\x9b"}, // longer than needed
        {"\xe0\x82\x9b", "\\xe0\\x82\\x9b"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, // half of a pair
        {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
        {"\xe4\xb8", "\\xe4\\xb8"}, // cut off
    };
    for (const auto &[text, shown] : cases)
        if (printable(text) != shown) {
            std::printf("# %s, not %s\n", printable(text).c_str(), shown);
            return false;
        }
    return printable_lines("a\n\tb\x1b") == "a\n\tb\\x1b" &&
           width_of("\xe4\xb8\xad"
                    "a") == 3 &&
           width_of("\xc3\xa9") == 1;
}

bool errors_cannot_control_a_terminal() {
    const Error error = Error("o\x1b\n", "c\xc2\x9b", E_USAGE).hint("h\r\n");
    return error.text() == "ubctl: o\\x1b\\n: c\\xc2\\x9b [UB-E0200, EINVAL]\nhint: h\\r\\n\n" &&
           error.json().find('\x1b') == std::string::npos &&
           error.json().find("\xc2\x9b") == std::string::npos &&
           error.json().find("\\u009b") != std::string::npos;
}

Report some_report() {
    Report report{"ub.test/1",
                  Layout::columns,
                  {{"a", "NAME"}, {"b", "COUNT"}, {"c", "SOMETHING"}, {"d", "LAST"}}};
    report.add({std::string("first"), uint64_t{7}, std::string("0123456789"), uint64_t{1}});
    return report;
}

bool columns_fit_a_terminal() {
    const Report report = some_report();
    const std::string whole = "NAME   COUNT  SOMETHING   LAST\nfirst      7  0123456789     1\n";
    const std::string narrow = table_text(report, true, 20);
    return table_text(report, true, std::nullopt) == whole &&
           table_text(report, true, 30) == whole &&
           narrow.starts_with("NAME   COUNT\nfirst      7\n(left out in 20\ncolumns:") &&
           table_text(report, false, 20) == "first  7  0123456789\n" &&
           table_text(report, false, 1) == "first\n";
}

bool prose_is_broken() {
    Report report{"ub.test/1", Layout::columns, {{"a", "NAME"}, {"b", "WHY", Show::prose}}};
    report.add({std::string("x"), std::string("one two three four five six")});
    return table_text(report, true, 26) ==
               "NAME  WHY\nx     one two three four\n      five six\n" &&
           table_text(report, true, std::nullopt) ==
               "NAME  WHY\nx     one two three four five six\n";
}

bool no_records_say_so() {
    Report report{"ub.test/1", Layout::record, {{"a", "name"}}};
    report.none = "no queues";
    return table_text(report, true, std::nullopt) == "no queues\n" &&
           table_text(report, false, std::nullopt).empty();
}

// Each errno of a file has a remedy of its own; those of permission alone speak of it.
bool remedies_follow_the_errno() {
    for (const int errnum : {ENOSPC, EISDIR, EIO, ENAMETOOLONG, EDQUOT, EFBIG, EROFS, ENOTDIR,
                             ELOOP, EMFILE, EPIPE, EBADF, ENXIO, ETXTBSY, EBUSY, ENOENT})
        if (!*file_remedy(errnum) ||
            std::string(file_remedy(errnum)).find("ermission") != std::string::npos)
            return false;
    return std::string(file_remedy(EACCES)).find("permissions") != std::string::npos;
}

bool large_numbers_are_strings() {
    const uint64_t limit = uint64_t{1} << 53;
    const auto shown = [](uint64_t number, const char *text) {
        const std::string line = json_document("ub.test/1", "data", {{"n", number}}, Lines::one);
        return line.find(std::string("{\"n\":") + text + "}") != line.npos;
    };
    return shown(limit, "9007199254740992") && shown(limit + 1, "\"9007199254740993\"") &&
           shown(UINT64_MAX, "\"18446744073709551615\"");
}

bool sizes_are_iec() {
    return iec_bytes(0) == "0 B" && iec_bytes(1023) == "1023 B" && iec_bytes(1536) == "1.5 KiB" &&
           iec_bytes(uint64_t{8} << 20) == "8 MiB" && iec_bytes(UINT64_MAX) == "1.638e+04 PiB";
}

bool json_replaces_bad_utf8() {
    const std::string text =
        json_document("ub.test/1", "data", {{"s", std::string("\xff\x1b[31m")}});
    return text.find("\\ufffd\\u001b[31m") != text.npos;
}

bool errors_have_one_shape() {
    const Error error = Error("buffer", "over the limit", 9).limit(8 << 20).hint("raise it");
    return error.text() == "ubctl: buffer: over the limit (limit 8 MiB) [UB-E0009, EPERM]\n"
                           "hint: raise it\n" &&
           error.exit_code() == exit_failed;
}

bool every_code_is_told_apart() {
    for (const Code &code : all_codes())
        if (find_code(code.number) != &code || find_code(code.name) != &code || !*code.summary ||
            !*code.text || errno_name(code.errnum)[0] != 'E')
            return false;
    return true;
}

bool exit_codes_follow_the_errno() {
    return file_error("f", "x", ENOENT).exit_code() == exit_not_found &&
           file_error("f", "x", EACCES).exit_code() == exit_permission &&
           file_error("f", "x", EIO).exit_code() == exit_failed &&
           Error("d", "x", E_PERMISSION).exit_code() == exit_permission &&
           Error("d", "x", E_DEVICE_LOST).exit_code() == exit_lost &&
           Error("d", "x", E_TIMEOUT).exit_code() == exit_timeout;
}

} // namespace

int main() {
    check("npy_header", parses_header);
    check("npy_header_spellings", parses_other_spellings);
    check("npy_header_prefixes_refused", refuses_every_prefix);
    check("npy_header_any_text", survives_any_text);
    check("npy_any_file", survives_any_file);
    check("npy_tiles", keeps_a_matrix);
    check("npy_any_tile_of_either_order", any_tile_of_either_order);
    check("output_not_kept_leaves_what_was_there", leaves_what_is_not_kept);
    check("real_numbers_are_finite", real_numbers_are_finite);
    check("text_is_printable", text_is_printable);
    check("errors_cannot_control_a_terminal", errors_cannot_control_a_terminal);
    check("columns_fit_a_terminal", columns_fit_a_terminal);
    check("prose_is_broken", prose_is_broken);
    check("no_records_say_so", no_records_say_so);
    check("remedies_follow_the_errno", remedies_follow_the_errno);
    check("json_large_numbers", large_numbers_are_strings);
    check("iec_sizes", sizes_are_iec);
    check("json_bad_utf8", json_replaces_bad_utf8);
    check("error_shape", errors_have_one_shape);
    check("error_codes", every_code_is_told_apart);
    check("exit_codes", exit_codes_follow_the_errno);
    return failures != 0;
}
