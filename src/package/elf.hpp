// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

class Content;

/// What an ELF file says about itself to the loader, and what was left in it.
struct ElfFile {
    std::uint16_t type = 0;     ///< e_type: 1 relocatable, 2 executable, 3 shared object (and
                                ///< position-independent executable)
    std::uint16_t machine = 0;  ///< e_machine: 62 x86-64, 183 AArch64
    std::uint8_t os_abi = 0;    ///< EI_OSABI
    bool is_64_bit = false;
    bool has_dynamic = false;  ///< has a dynamic section; without one the names below are empty
    std::string soname;        ///< DT_SONAME
    std::vector<std::string> needed;        ///< DT_NEEDED in the order of the file, each once
    std::vector<std::string> search_paths;  ///< DT_RPATH and DT_RUNPATH, split at ':'
    std::string interpreter;                ///< PT_INTERP: "/lib64/ld-linux-x86-64.so.2"
    bool has_relro = false;                 ///< PT_GNU_RELRO
    bool has_executable_stack = false;      ///< PT_GNU_STACK with the executable flag
    bool has_stack_protector = false;       ///< calls __stack_chk_fail or reads __stack_chk_guard
    bool has_debug_sections = false;  ///< ".debug", ".debug_info", ".zdebug_line" and the like
    std::optional<std::string> go_build_info;  ///< lines of a Go program's build settings
};

/// Reads headers, the dynamic section and names of sections. Nothing if it is no ELF file; what is
/// damaged is left out: a number that points outside the file gives no name. Reads both word sizes
/// and byte orders. Time and memory are bounded whatever the file says: 512 segments, 65,535
/// sections, 1,024 libraries, names of 1,024 bytes. Source: System V ABI, chapters 4 and 5; elf(5).
std::optional<ElfFile> read_elf(Content& file);
std::optional<ElfFile> read_elf(std::string_view file);

/// A named part of an ELF file; without content (.bss) its size is 0.
struct ElfSection {
    std::string name;
    std::uint64_t offset = 0;  ///< both are what the file says: they may point outside
    std::uint64_t size = 0;
};
/// Sections in the order of their headers, without the first, which is none. Empty if it is no ELF
/// file or stripped of them. Bounded as above.
std::vector<ElfSection> elf_sections(std::string_view file);

/// The version in a soname: "libfoo.so.1.2" gives "1.2", all else "0".
/// Source: recipe-and-build 8.2.
std::string soname_version(std::string_view soname);

}  // namespace quern::package
