// SPDX-License-Identifier: MIT
// The parts of the benchmark; each prints its figures.
#pragma once

#include <string>
#include <vector>

namespace bench {

// device.cpp: NOP by depth, WRITE by size and a product of matrices, by one door.
void nop_part(const std::string &device, const std::string &door);
void write_part(const std::string &device, const std::string &door);
void gemm_part(const std::string &device, const std::string &door);
// scale.cpp: cost by number of busy queues; page table memory by registered memory.
void queues_part(const std::string &device);
void tables_part(const std::string &device);
// registration.cpp: through the driver, and ibv_reg_mr on the first RDMA device.
void registration_part(const std::string &device);
void verbs_part();
// oneway.cpp: ping-pong between two threads by WRITE, pipe and eventfd.
void oneway_part(const std::string &device);
// limits.cpp: what bounds the device. where is "host" or "guest".
void store_part(const std::string &device);
void memcpy_part(const std::string &where);
void blas_part();
// uring.cpp: NOPs of io_uring, and NVMe commands by io_uring with as little around them.
void uring_nop_part();
void nvme_part(const std::string &node);
// sections.cpp: stretches of known length for a plugin that counts instructions.
void sections_part(const std::string &device, const std::string &nvme_node,
                   const std::vector<std::string> &doors);

} // namespace bench
