// SPDX-License-Identifier: MIT
// The parts of the benchmark; each prints its figures.
#pragma once

#include <string>
#include <vector>

namespace bench {

// device.cpp: NOP by depth, WRITE by size, GEMM.
void device_part(const std::string &device, const std::string &door);
// scale.cpp: by number of busy queues, registration by pages, page table memory.
void scale_part(const std::string &device);
// registration.cpp: through the driver, and ibv_reg_mr on the first RDMA device.
void registration_part(const std::string &device);
void verbs_part();
// oneway.cpp: ping-pong between two threads by WRITE, pipe and eventfd.
void oneway_part(const std::string &device);
// limits.cpp: what bounds the device, in the VM and on the host.
void guest_limits(const std::string &device);
void host_limits();
// uring.cpp: NOPs of io_uring, and NVMe commands by io_uring with as little around them.
void uring_nop_part();
void nvme_part(const std::string &node);
// sections.cpp: stretches of known length for a plugin that counts instructions.
void sections_part(const std::string &device, const std::string &nvme_node,
                   const std::vector<std::string> &doors);

} // namespace bench
