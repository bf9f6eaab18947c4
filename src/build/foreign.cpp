// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/foreign.hpp"

#include "quern/package_info.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace quern::build {
namespace {

// apk's names and those of qemu's emulators. Source: Debian qemu-user-static, /usr/lib/binfmt.d.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> emulators = {{
    {"aarch64", "aarch64"},
    {"armhf", "arm"},
    {"armv7", "arm"},
    {"loongarch64", "loongarch64"},
    {"ppc64le", "ppc64le"},
    {"riscv64", "riscv64"},
    {"s390x", "s390x"},
    {"x86", "i386"},
    {"x86_64", "x86_64"},
}};

bool is_native(std::string_view architecture, std::string_view host) {
    return architecture == host || (architecture == "x86" && host == "x86_64") ||
           architecture == "noarch";
}

std::string_view emulator_of(std::string_view architecture) {
    for (const auto& [name, emulator] : emulators) {
        if (name == architecture) {
            return emulator;
        }
    }
    return architecture;
}

}  // namespace

std::optional<Error> cannot_run(
    const std::string& architecture, const std::filesystem::path& handlers
) {
    if (is_native(architecture, apk::host_architecture())) {
        return std::nullopt;
    }
    constexpr std::uint64_t limit = 4096;
    const auto handler =
        read_file(handlers / fmt::format("qemu-{}", emulator_of(architecture)), limit);
    if (handler && handler->starts_with("enabled")) {
        // Without F the kernel looks for the emulator in the guest, where it is not.
        const std::size_t flags = handler->find("flags:");
        const std::size_t end = handler->find('\n', flags);
        if (flags != std::string::npos &&
            handler->substr(flags, end - flags).find('F', 6) != std::string::npos) {
            return std::nullopt;
        }
    }
    return Error(
               ErrorCode::unsupported,
               fmt::format(
                   "this machine runs no programs of {}: it has no emulator for them that works in "
                   "guests",
                   printable(architecture)
               )
    )
        .help("run 'sudo apt-get install qemu-user-static binfmt-support'");
}

}  // namespace quern::build
