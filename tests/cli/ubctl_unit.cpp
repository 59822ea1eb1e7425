// SPDX-License-Identifier: MIT
// The tool's parser of foreign files and its rendering, under sanitizers.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include <unistd.h>

#include "io/npy.hpp"
#include "out/error.hpp"
#include "out/json.hpp"
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
            NpyMatrix::open(file.path());
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
        NpyMatrix out = NpyMatrix::create(file.path(), 2, 3, {});
        out.write_tile(values, 0, 0, 2, 2);
        out.write_tile(values + 4, 0, 2, 2, 1);
        out.keep();
    }
    const NpyMatrix in = NpyMatrix::open(file.path());
    float row[3] = {}, column[2] = {};
    in.read_tile(row, 1, 0, 1, 3);
    in.read_tile(column, 0, 2, 2, 1);
    return in.rows() == 2 && in.cols() == 3 && row[0] == 3 && row[1] == 4 && row[2] == 6 &&
           column[0] == 5 && column[1] == 6;
}

bool removes_what_is_not_kept() {
    const TemporaryFile file;
    NpyMatrix::create(file.path(), 2, 3, {});
    return access(file.path(), F_OK) != 0;
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
    return text.find("\xef\xbf\xbd\\u001b[31m") != text.npos;
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
    check("npy_output_removed_unless_kept", removes_what_is_not_kept);
    check("json_large_numbers", large_numbers_are_strings);
    check("iec_sizes", sizes_are_iec);
    check("json_bad_utf8", json_replaces_bad_utf8);
    check("error_shape", errors_have_one_shape);
    check("error_codes", every_code_is_told_apart);
    check("exit_codes", exit_codes_follow_the_errno);
    return failures != 0;
}
