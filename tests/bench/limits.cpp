// SPDX-License-Identifier: MIT
// What bounds the device: a trapped store, memcpy, BLAS.

#include <cblas.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "bench.hpp"
#include "parts.hpp"
#include "rig.hpp"

extern "C" void openblas_set_num_threads(int threads);

namespace bench {

void memcpy_part(const std::string &what) {
    for (const size_t size : sizes) {
        const size_t times = std::max<size_t>(1, 16 * mib / size);
        std::vector<char> from(size, 1), to(size);
        const double rate = median_rate(size > mib ? 21 : 51, [&] {
            for (size_t i = 0; i < times; ++i) {
                std::memcpy(to.data(), from.data(), size);
                asm volatile("" : : "r"(to.data()) : "memory");
            }
        });
        report({"memcpy_" + what, "", "", 0, size}, "bandwidth",
               rate * static_cast<double>(times * size), "B/s");
    }
}

// Stores to the first four bytes of the direct WQE area: they reach the device, which keeps them
// and does nothing, as it waits for the last bytes.
void store_part(const std::string &device) {
    const Queues q(device);
    constexpr unsigned stores = 1024, rounds = 201;
    auto *area = reinterpret_cast<volatile uint32_t *>(reinterpret_cast<char *>(q.jfs->db) -
                                                       UB_DB_JFS + UB_DB_DIRECT_WQE);
    const uint64_t before = device_counter(device, "db_traps");
    const double rate = median_rate(rounds, [area] {
        for (unsigned i = 0; i < stores; ++i)
            ub_mmio_write32(area, 0);
    });
    const uint64_t trapped = device_counter(device, "db_traps") - before;
    if (trapped != uint64_t{stores} * rounds)
        throw std::runtime_error("the bare stores did not trap one by one");
    report({"trapped_store"}, "iops", stores * rate, "1/s");
}

// In huge pages where the host has them, as QEMU's memory is.
void blas_part() {
    constexpr int n = gemm_dim;
    float *matrix[3];
    for (float *&m : matrix) {
        m = static_cast<float *>(ub_alloc_buf(gemm_dim * gemm_dim * sizeof(float)));
        if (!m)
            throw std::bad_alloc();
        std::fill_n(m, gemm_dim * gemm_dim, 0.5f);
    }
    openblas_set_num_threads(1);
    const double rate = median_rate(21, [&] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, matrix[0], n,
                    matrix[1], n, 0.0f, matrix[2], n);
    });
    report({"gemm_1024_host"}, "iops", rate, "1/s");
    for (float *m : matrix)
        ub_free_buf(m, gemm_dim * gemm_dim * sizeof(float));
}

} // namespace bench
