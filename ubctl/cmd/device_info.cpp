// SPDX-License-Identifier: MIT
// ubctl device info

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "device/session.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

int info(const Globals &globals) {
    const ub::context context = open_context(globals.device);
    const ub::device_attr attr = context.query();
    Report report{"ub.device.info/1",
                  Layout::record,
                  {{"name", "name"},
                   {"eid", "EID"},
                   {"guid", "GUID"},
                   {"class_code", "class code", Show::address},
                   {"upi", "partition (UPI)"},
                   {"hw_version", "contract version"},
                   {"generation", "generation"},
                   {"engines", "engines"},
                   {"comp_vectors", "completion vectors"},
                   {"hbm_bytes", "device memory", Show::bytes},
                   {"max_msg_bytes", "largest message", Show::bytes},
                   {"max_inline_bytes", "largest inline", Show::bytes},
                   {"max_sge", "SGEs of a request"},
                   {"max_gemm_dim", "largest matrix side"},
                   {"max_ctx", "contexts"},
                   {"max_seg", "segments"},
                   {"max_jfs", "send queues"},
                   {"max_jfr", "receive queues"},
                   {"max_jfc", "completion queues"},
                   {"max_jfs_depth", "send depth"},
                   {"max_jfr_depth", "receive depth"},
                   {"max_jfc_depth", "completion depth"},
                   {"emulated", "emulated"}}};
    const std::string version =
        fmt::format("{}.{}", attr.hw_version >> 16, attr.hw_version & 0xffff);
    report.add({context.name(),
                ub::eid(attr.eid).str(),
                ub::guid_str(attr.guid),
                uint64_t{attr.class_code},
                uint64_t{attr.upi},
                version,
                uint64_t{attr.generation},
                uint64_t{attr.engines},
                uint64_t{attr.comp_vectors},
                attr.hbm_size,
                attr.max_msg,
                uint64_t{attr.max_inline},
                uint64_t{attr.max_sge},
                uint64_t{attr.max_gemm_dim},
                uint64_t{attr.max_ctx},
                uint64_t{attr.max_seg},
                uint64_t{attr.max_jfs},
                uint64_t{attr.max_jfr},
                uint64_t{attr.max_jfc},
                uint64_t{attr.max_jfs_depth},
                uint64_t{attr.max_jfr_depth},
                uint64_t{attr.max_jfc_depth},
                (attr.caps & UB_CAP_EMULATED) != 0});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_info(Parameters &parameters) {
    return with_id(parameters, info);
}

} // namespace ubctl
