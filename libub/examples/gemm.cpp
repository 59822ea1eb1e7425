// SPDX-License-Identifier: MIT
// Multiplies two matrices with the device and checks the result against plain loops.
#include <cmath>
#include <cstdio>
#include <random>
#include <ub/ub.hpp>

int main(int argc, char **argv) try {
    constexpr uint32_t m = 96, n = 80, k = 128;
    ub::session session(argc > 1 ? argv[1] : "ub0");
    auto a = session.allocate(m * k * sizeof(float));
    auto b = session.allocate(k * n * sizeof(float));
    auto c = session.allocate(m * n * sizeof(float));

    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (auto matrix : {a.as<float>(), b.as<float>()})
        for (float &x : matrix)
            x = uniform(random);

    session.run_checked(ub::gemm(a.sge(), b.sge(), c.sge(), {.m = m, .n = n, .k = k}),
                        std::chrono::seconds(10));

    double worst = 0;
    for (uint32_t i = 0; i < m; ++i)
        for (uint32_t j = 0; j < n; ++j) {
            double sum = 0;
            for (uint32_t p = 0; p < k; ++p)
                sum += double{a.as<float>()[i * k + p]} * b.as<float>()[p * n + j];
            worst = std::fmax(worst, std::fabs(sum - c.as<float>()[i * n + j]));
        }
    // Rounding of k products of numbers below 1.
    const double tolerance = k * 0x1p-23;
    std::printf("%s: %u x %u x %u, largest error %.2g of at most %.2g\n",
                session.context().name().c_str(), m, n, k, worst, tolerance);
    return worst > tolerance;
} catch (const std::exception &error) {
    std::fprintf(stderr, "gemm: %s\n", error.what());
    return 1;
}
