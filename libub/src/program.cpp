// SPDX-License-Identifier: MIT
// Programs: found in objects, verified, given to the device.
#include "internal.hpp"

#include "visa/visa.h"

#include <cstring>
#include <elf.h>
#include <string_view>
#include <vector>

#ifndef EM_BPF
#define EM_BPF 247
#endif

using namespace ub_impl;

namespace {

// An object whose sections lie within it.
class Object {
public:
    Object(const void *bytes, size_t size) : bytes_(static_cast<const char *>(bytes)), size_(size) {
        if (size < sizeof header_)
            return;
        std::memcpy(&header_, bytes, sizeof header_);
        valid_ = !std::memcmp(header_.e_ident, ELFMAG, SELFMAG) &&
                 header_.e_ident[EI_CLASS] == ELFCLASS64 &&
                 header_.e_ident[EI_DATA] == ELFDATA2LSB && header_.e_machine == EM_BPF &&
                 header_.e_shentsize == sizeof(Elf64_Shdr) && header_.e_shnum &&
                 header_.e_shstrndx < header_.e_shnum &&
                 holds(header_.e_shoff, uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr)) &&
                 sections_are_held();
    }

    bool valid() const noexcept { return valid_; }
    unsigned sections() const noexcept { return header_.e_shnum; }
    Elf64_Shdr section(unsigned n) const noexcept {
        Elf64_Shdr section;
        std::memcpy(&section, bytes_ + header_.e_shoff + n * sizeof section, sizeof section);
        return section;
    }
    std::string_view name(const Elf64_Shdr &section) const noexcept {
        const Elf64_Shdr names = this->section(header_.e_shstrndx);
        if (section.sh_name >= names.sh_size)
            return {};
        const char *at = bytes_ + names.sh_offset + section.sh_name;
        return {at, strnlen(at, names.sh_size - section.sh_name)};
    }
    const char *content(const Elf64_Shdr &section) const noexcept {
        return bytes_ + section.sh_offset;
    }
    bool has_relocations(unsigned n) const noexcept {
        for (unsigned i = 0; i < sections(); ++i) {
            const Elf64_Shdr s = section(i);
            if ((s.sh_type == SHT_REL || s.sh_type == SHT_RELA) && s.sh_info == n && s.sh_size)
                return true;
        }
        return false;
    }

private:
    bool holds(uint64_t offset, uint64_t length) const noexcept {
        return offset <= size_ && length <= size_ - offset;
    }
    bool sections_are_held() const noexcept {
        for (unsigned i = 0; i < sections(); ++i)
            if (const Elf64_Shdr s = section(i);
                s.sh_type != SHT_NOBITS && !holds(s.sh_offset, s.sh_size))
                return false;
        return section(header_.e_shstrndx).sh_type == SHT_STRTAB;
    }

    const char *bytes_;
    size_t size_;
    Elf64_Ehdr header_{};
    bool valid_ = false;
};

constexpr std::string_view prefix = "ub/";

bool is_program(const Object &object, const Elf64_Shdr &section, const char *name) {
    const std::string_view is = object.name(section);
    return section.sh_type == SHT_PROGBITS && section.sh_size && is.starts_with(prefix) &&
           (!name || is.substr(prefix.size()) == name);
}

int find(const Object &object, const char *name, ub_program_cfg *cfg) {
    unsigned found = 0, at = 0;
    if (!object.valid())
        return fail({ENOEXEC, CAUSE_NO_OBJECT});
    for (unsigned i = 0; i < object.sections(); ++i)
        if (is_program(object, object.section(i), name)) {
            found++;
            at = i;
        }
    if (found != 1)
        return fail({ENOENT, CAUSE_NO_PROGRAM, 0, 0, found});
    if (object.has_relocations(at))
        return fail({ELIBSCN, CAUSE_RELOCATIONS});
    const Elf64_Shdr section = object.section(at);
    cfg->insns = object.content(section);
    cfg->len = section.sh_size > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(section.sh_size);
    return 0;
}

int verify(const ub_context *ctx, const ub_program_cfg *cfg) {
    const ub_visa_needs needs = {cfg->tiles, cfg->fuel};
    ub_visa_refusal why{};
    std::vector<ub_visa_insn> insns;
    // What is too long is refused without being looked at.
    if (cfg->len <= UB_VISA_MAX_INSNS * sizeof(ub_visa_insn)) {
        insns.resize((cfg->len + sizeof(ub_visa_insn) - 1) / sizeof(ub_visa_insn));
        if (cfg->len)
            std::memcpy(insns.data(), cfg->insns, cfg->len);
    }
    if (!ub_visa_verify(insns.data(), cfg->len, &needs, &why))
        return 0;
    return fail({EINVAL, UB_EXT_BAD_PROGRAM, 0, why.rule, why.insn, ctx ? ctx->name.c_str() : ""});
}

// The instructions in a segment, while the device copies them.
class Image {
public:
    Image(ub_context *ctx, const ub_program_cfg *cfg)
        : len_(cfg->len), memory_(ub_alloc_buf(len_)) {
        if (!memory_)
            return;
        std::memcpy(memory_, cfg->insns, len_);
        ub_seg_cfg seg{};
        seg.va = memory_;
        seg.len = len_;
        seg.flags = UB_SEG_F_READ_ONLY;
        segment_ = ub_register_seg(ctx, &seg);
    }
    ~Image() {
        if (segment_)
            ub_unregister_seg(segment_);
        ub_free_buf(memory_, len_);
    }
    Image(const Image &) = delete;
    Image &operator=(const Image &) = delete;
    const ub_seg *segment() const noexcept { return segment_; }

private:
    size_t len_;
    void *memory_;
    ub_seg *segment_ = nullptr;
};

ub_program *make(ub_context *ctx, const ub_program_cfg *cfg) {
    if (verify(ctx, cfg))
        return nullptr;
    auto program = std::make_unique<ub_program>();
    ub_ioc_create_program arg{};
    {
        const Image image(ctx, cfg);
        if (!image.segment())
            return nullptr;
        arg.addr = image.segment()->va;
        arg.token_id = image.segment()->token_id;
        arg.len = cfg->len;
        arg.tiles = cfg->tiles;
        arg.fuel = cfg->fuel;
        if (control(ctx, UB_IOC_CREATE_PROGRAM, &arg.hdr))
            return nullptr;
    }
    *program = {ctx, arg.id, cfg->tiles, cfg->fuel};
    ctx->objects++;
    return program.release();
}

} // namespace

extern "C" {

int ub_find_program(const void *object, size_t size, const char *name, ub_program_cfg *cfg) {
    if (!object || !cfg)
        return fail({EINVAL, CAUSE_NULL});
    return find(Object(object, size), name, cfg);
}

int ub_verify_program(const ub_program_cfg *cfg) {
    if (!cfg || (!cfg->insns && cfg->len))
        return fail({EINVAL, CAUSE_NULL});
    return guarded([&] { return verify(nullptr, cfg); });
}

struct ub_program *ub_create_program(struct ub_context *ctx, const struct ub_program_cfg *cfg) {
    return guarded([&]() -> ub_program * {
        if (!ctx || !cfg || (!cfg->insns && cfg->len)) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return make(ctx, cfg);
    });
}

int ub_delete_program(struct ub_program *program) {
    if (!program)
        return fail({EINVAL, CAUSE_NULL});
    ub_context *ctx = program->ctx;
    ub_ioc_destroy_program arg{};
    arg.id = program->id;
    int result = 0;
    if (!ctx->foreign())
        result = control(ctx, UB_IOC_DESTROY_PROGRAM, &arg.hdr, UB_OBJ_PROGRAM, program->id);
    if (result && result != -ENODEV)
        return result;
    ctx->objects--;
    delete program;
    return 0;
}

const char *ub_program_fault_str(uint64_t record) {
    return ub_visa_fault_str(UB_VISA_RECORD_FAULT(record));
}

} // extern "C"
