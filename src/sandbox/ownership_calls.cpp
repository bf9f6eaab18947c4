// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/ownership_calls.hpp"

#include "sandbox/filter_program.hpp"

#include <fcntl.h>
#include <linux/audit.h>

#include <cstddef>

namespace quern::sandbox {

namespace {

enum class Form { path, link, descriptor, relative };

struct Call {
    std::uint32_t number = 0;
    Form form = Form::path;
    bool has_short_ids = false;  ///< of 16 bits
};

struct Architecture {
    std::uint32_t name = 0;
    std::vector<Call> calls;
};

/// x86 and ARM number these alike, but for the newest.
std::vector<Call> calls_of_32_bits(std::uint32_t fchownat) {
    return {
        {182, Form::path, true},
        {16, Form::link, true},
        {95, Form::descriptor, true},
        {212, Form::path},
        {198, Form::link},
        {207, Form::descriptor},
        {fchownat, Form::relative}};
}

/// Source: linux arch/x86/entry/syscalls/syscall_{64,32}.tbl, arch/arm/tools/syscall.tbl,
/// include/uapi/asm-generic/unistd.h.
const std::vector<Architecture>& architectures() {
    static const std::vector<Architecture> known = {
#if defined(__x86_64__)
        {AUDIT_ARCH_X86_64,
         {{92, Form::path}, {94, Form::link}, {93, Form::descriptor}, {260, Form::relative}}},
        {AUDIT_ARCH_I386, calls_of_32_bits(298)},
#elif defined(__aarch64__)
        {AUDIT_ARCH_AARCH64, {{55, Form::descriptor}, {54, Form::relative}}},
        {AUDIT_ARCH_ARM, calls_of_32_bits(325)},
#endif
    };
    return known;
}

const Call* find_call(const seccomp_data& data) {
    for (const Architecture& architecture : architectures()) {
        for (const Call& call : architecture.calls) {
            if (architecture.name == data.arch &&
                call.number == static_cast<std::uint32_t>(data.nr)) {
                return &call;
            }
        }
    }
    return nullptr;
}

std::optional<std::uint32_t> id_of(std::uint64_t argument, bool is_short) {
    const auto id = is_short ? std::uint32_t{static_cast<std::uint16_t>(argument)}
                             : static_cast<std::uint32_t>(argument);
    const std::uint32_t unchanged = is_short ? 0xFFFFU : 0xFFFF'FFFFU;
    return id == unchanged ? std::nullopt : std::optional(id);
}

}  // namespace

std::vector<sock_filter> ownership_filter() {
    FilterProgram program;
    for (const Architecture& architecture : architectures()) {
        program.load(offsetof(seccomp_data, arch));
        const std::size_t here = program.begin_if_equal(architecture.name);
        program.load(offsetof(seccomp_data, nr));
        for (const Call& call : architecture.calls) {
            const std::size_t found = program.begin_if_equal(call.number);
            program.notify();
            program.end(found);
        }
        program.allow();
        program.end(here);
    }
    program.allow();
    return program.take();
}

std::optional<OwnershipCall> decode_ownership_call(const seccomp_data& data) {
    const Call* const call = find_call(data);
    if (call == nullptr) {
        return std::nullopt;
    }
    OwnershipCall decoded;
    const bool is_relative = call->form == Form::relative;
    const std::size_t ids = is_relative ? 2 : 1;
    decoded.uid = id_of(data.args[ids], call->has_short_ids);
    decoded.gid = id_of(data.args[ids + 1], call->has_short_ids);
    if (call->form == Form::descriptor) {
        decoded.descriptor = static_cast<int>(data.args[0]);
        return decoded;
    }
    decoded.path = data.args[is_relative ? 1 : 0];
    decoded.descriptor = is_relative ? static_cast<int>(data.args[0]) : AT_FDCWD;
    decoded.follows = call->form == Form::path;
    if (is_relative) {
        const auto flags = static_cast<unsigned>(data.args[4]);
        if ((flags & ~unsigned{AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH}) != 0) {
            return std::nullopt;
        }
        decoded.follows = (flags & AT_SYMLINK_NOFOLLOW) == 0;
        decoded.may_be_empty = (flags & AT_EMPTY_PATH) != 0;
    }
    return decoded;
}

}  // namespace quern::sandbox
