// SPDX-License-Identifier: MIT
// The kernels of visa/kernels as clang makes them, on a device, against plain loops.
//
//   visa-kernels DEVICE FOLDER: of the objects
#include "../../visa/kernels/kernels.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <ub/ub.hpp>

namespace {

std::vector<std::byte> read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.empty())
        throw std::runtime_error(path + " cannot be read");
    const auto *at = reinterpret_cast<const std::byte *>(bytes.data());
    return {at, at + bytes.size()};
}

class bench {
public:
    bench(const char *device, std::string folder)
        : session_(device), folder_(std::move(folder)), args_(session_.allocate(4096)) {}

    ub::memory floats(size_t count) {
        ub::memory memory = session_.allocate(count * sizeof(float));
        std::uniform_real_distribution<float> uniform(-2, 2);
        for (float &x : memory.as<float>())
            x = uniform(random_);
        return memory;
    }

    template <typename Args>
    void run(const char *kernel, const ub::grid &grid, const Args &args,
             std::initializer_list<ub::sge> segments) {
        const auto object = read(folder_ + "/" + kernel + ".o");
        const auto program =
            ub::program::from_object(session_.context(), object, kernel, {3, uint64_t{1} << 32});
        std::memcpy(args_.as().data(), &args, sizeof args);
        std::vector<ub::sge> local{args_.sge(0, sizeof args)};
        local.insert(local.end(), segments);
        session_.run_checked(ub::launch(program, grid, ub::sge_list(local)));
    }

private:
    ub::session session_;
    std::string folder_;
    ub::memory args_;
    std::mt19937 random_{1};
};

uint32_t blocks(uint64_t count, uint64_t of) {
    return static_cast<uint32_t>((count + of - 1) / of);
}

// The sums of device and test go in another order, so they are near, not equal.
bool near(double a, double b) {
    return std::fabs(a - b) <= 1e-5 * (1 + std::fabs(b));
}

double silu(double x) {
    return x / (1 + std::exp(-x));
}

bool vadd(bench &on) {
    constexpr size_t count = 4096 * 5 + 123;
    auto a = on.floats(count), b = on.floats(count), c = on.floats(count);
    on.run("vadd", {blocks(count, 4096)}, vadd_args{count}, {a.sge(), b.sge(), c.sge()});
    for (size_t i = 0; i < count; i++)
        if (c.as<float>()[i] != a.as<float>()[i] + b.as<float>()[i])
            return false;
    return true;
}

bool softmax_of(bench &on, size_t rows, size_t cols) {
    auto x = on.floats(rows * cols), y = on.floats(rows * cols);
    x.as<float>()[0] = 1000; // whose exponential is infinite
    on.run("softmax", {blocks(rows, SOFTMAX_ROWS(cols))}, softmax_args{rows, cols},
           {x.sge(), y.sge()});
    for (size_t r = 0; r < rows; r++) {
        const auto *row = &x.as<float>()[r * cols];
        double most = row[0], sum = 0;
        for (size_t c = 0; c < cols; c++)
            most = std::max<double>(most, row[c]);
        for (size_t c = 0; c < cols; c++)
            sum += std::exp(row[c] - most);
        for (size_t c = 0; c < cols; c++)
            if (!near(y.as<float>()[r * cols + c], std::exp(row[c] - most) / sum))
                return false;
    }
    return true;
}

bool softmax(bench &on) {
    return softmax_of(on, 37, 100) && softmax_of(on, 3, 4096) && softmax_of(on, 5000, 1);
}

bool rms_norm(bench &on) {
    constexpr size_t rows = 19, cols = 777;
    const float factor = 1.0f / cols, epsilon = 1e-5f;
    auto x = on.floats(rows * cols), w = on.floats(cols), y = on.floats(rows * cols);
    rms_norm_args args{cols, 0, 0};
    std::memcpy(&args.mean_factor, &factor, 4);
    std::memcpy(&args.epsilon, &epsilon, 4);
    on.run("rms_norm", {rows}, args, {x.sge(), w.sge(), y.sge()});
    for (size_t r = 0; r < rows; r++) {
        double squares = 0;
        for (size_t c = 0; c < cols; c++)
            squares += double{x.as<float>()[r * cols + c]} * x.as<float>()[r * cols + c];
        for (size_t c = 0; c < cols; c++)
            if (!near(y.as<float>()[r * cols + c], x.as<float>()[r * cols + c] /
                                                       std::sqrt(squares / cols + epsilon) *
                                                       w.as<float>()[c]))
                return false;
    }
    return true;
}

bool gemm_silu(bench &on) {
    constexpr uint64_t m = 70, n = 130, k = 100;
    auto a = on.floats(m * k), b = on.floats(k * n), c = on.floats(m * n);
    on.run("gemm_silu", {blocks(n, GEMM_TILE), blocks(m, GEMM_TILE)}, gemm_silu_args{m, n, k},
           {a.sge(), b.sge(), c.sge()});
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += double{a.as<float>()[i * k + p]} * b.as<float>()[p * n + j];
            if (!near(c.as<float>()[i * n + j], silu(sum)))
                return false;
        }
    return true;
}

} // namespace

int main(int argc, char **argv) try {
    bench on(argc > 1 ? argv[1] : "soft:", argc > 2 ? argv[2] : "build/visa/kernels");
    const std::pair<const char *, bool (*)(bench &)> tests[] = {
        {"vadd", vadd}, {"softmax", softmax}, {"rms_norm", rms_norm}, {"gemm_silu", gemm_silu}};
    bool all = true;
    for (const auto &[name, test] : tests) {
        const bool ok = test(on);
        std::printf("%s - %s\n", ok ? "ok" : "not ok", name);
        all &= ok;
    }
    return !all;
} catch (const std::exception &error) {
    std::printf("not ok - kernels\n# %s\n", error.what());
    return 1;
}
