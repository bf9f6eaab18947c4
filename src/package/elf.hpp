// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// Names that an ELF file gives and wants.
struct ElfNames {
    std::uint16_t type = 0;     ///< e_type: 1 relocatable, 2 executable, 3 shared object (and
                                ///< position-independent executable)
    std::uint16_t machine = 0;  ///< e_machine: 62 x86-64, 183 AArch64
    std::uint8_t os_abi = 0;    ///< EI_OSABI
    bool is_64_bit = false;
    bool has_dynamic = false;  ///< has a dynamic section; without one the names below are empty
    std::string soname;        ///< DT_SONAME
    std::vector<std::string> needed;  ///< DT_NEEDED in the order of the file
    std::string interpreter;          ///< PT_INTERP: "/lib64/ld-linux-x86-64.so.2"
};

/// Reads headers and the dynamic section of a file that is at hand. Nothing if it is no ELF file;
/// what is damaged is left out: a number that points outside the file gives no name. Reads both
/// word sizes and byte orders. Source: System V ABI, chapters 4 and 5; elf(5).
std::optional<ElfNames> read_elf_names(std::string_view file);

}  // namespace quern::package
