// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/package_info.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

namespace quern::apk {

namespace {

struct ArchitectureName {
    std::string_view apk;
    std::string_view oci;
};

/// Source: image-and-resolver 2, "Arch names".
constexpr std::array<ArchitectureName, 9> names = {{
    {"x86_64", "amd64"},
    {"aarch64", "arm64"},
    {"x86", "386"},
    {"armhf", "arm/v6"},
    {"armv7", "arm/v7"},
    {"ppc64le", "ppc64le"},
    {"s390x", "s390x"},
    {"riscv64", "riscv64"},
    {"loongarch64", "loong64"},
}};

/// Names by which kernels (uname) and distributions call the same machines.
constexpr std::array<ArchitectureName, 10> other_names = {{
    {"x86", "i386"},
    {"x86", "i486"},
    {"x86", "i586"},
    {"x86", "i686"},
    {"armhf", "armv6l"},
    {"armhf", "armv6"},
    {"armv7", "armv7l"},
    {"armv7", "arm"},
    {"aarch64", "armv8l"},
    {"ppc64le", "ppc64el"},
}};

template <std::size_t Count>
const ArchitectureName* find(
    const std::array<ArchitectureName, Count>& table, std::string_view name
) {
    const auto* found = std::find_if(table.begin(), table.end(), [&](const ArchitectureName& each) {
        return each.oci == name;
    });
    return found == table.end() ? nullptr : found;
}

}  // namespace

std::string to_apk_architecture(std::string_view name) {
    const ArchitectureName* found = find(names, name);
    if (found == nullptr) {
        found = find(other_names, name);
    }
    return std::string(found == nullptr ? name : found->apk);
}

std::string to_oci_architecture(std::string_view apk_name) {
    const auto* found = std::find_if(names.begin(), names.end(), [&](const ArchitectureName& each) {
        return each.apk == apk_name;
    });
    return std::string(found == names.end() ? apk_name : found->oci);
}

std::string host_architecture() {
    utsname machine{};
    if (uname(&machine) != 0) {
        return {};
    }
    return to_apk_architecture(static_cast<const char*>(machine.machine));
}

const std::vector<std::string>& known_architectures() {
    static const std::vector<std::string> known = [] {
        std::vector<std::string> list;
        for (const ArchitectureName& each : names) {
            list.emplace_back(each.apk);
        }
        return list;
    }();
    return known;
}

}  // namespace quern::apk
