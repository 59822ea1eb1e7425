// SPDX-License-Identifier: MIT
/**
 * @file
 * Programs of the device for <ub/ub.hpp>, which includes this file.
 */
#ifndef UB_UB_PROGRAM_HPP
#define UB_UB_PROGRAM_HPP

#include <ub/ub_context.hpp>
#include <ub/ub_request.hpp>

namespace ub {

/// What a program needs beside its instructions.
struct program_needs {
    uint32_t tiles = UB_VISA_MAX_TILES;
    uint64_t fuel = UB_VISA_MAX_FUEL;
};

/// A program that the device has taken.
class program : public detail::owner<ub_program, ub_delete_program> {
public:
    program(context &ctx, const ub_program_cfg &cfg)
        : owner(detail::check(ub_create_program(ctx.get(), &cfg), "program")) {}
    /// Of the instructions alone.
    program(context &ctx, std::span<const std::byte> insns, program_needs needs = {})
        : program(ctx, ub_program_cfg{insns.data(), static_cast<uint32_t>(insns.size()),
                                      needs.tiles, needs.fuel}) {}
    /// The section ub/NAME of an object for BPF; without a name the only one.
    static program from_object(context &ctx, std::span<const std::byte> object,
                               const char *name = nullptr, program_needs needs = {}) {
        ub_program_cfg cfg{nullptr, 0, needs.tiles, needs.fuel};
        detail::check(ub_find_program(object.data(), object.size(), name, &cfg), "object");
        return {ctx, cfg};
    }

    uint32_t id() const noexcept { return get()->id; }
};

/// Blocks of a launch.
struct grid {
    uint32_t x = 1, y = 1, z = 1;
};

/// Run the program's blocks; local is the argument block, then the table of segments.
inline request launch(const program &what, const grid &blocks, const sge_list &local) noexcept {
    request r(UB_OP_LAUNCH, local);
    r.raw().launch.program = what.id();
    r.raw().launch.grid[0] = blocks.x;
    r.raw().launch.grid[1] = blocks.y;
    r.raw().launch.grid[2] = blocks.z;
    return r;
}

} // namespace ub

#endif
