// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Only what is needed is read of the file: the header, the program headers, the dynamic section and
// one name. Offsets are those of the program headers, for stripped sections may be missing.
#include "image/elf_soname.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace quern::image {
namespace {

constexpr std::uint64_t most_headers = 1'000;
constexpr std::uint64_t most_dynamic_bytes = std::uint64_t{1} << 20U;
constexpr std::uint64_t most_name_bytes = 4096;

/// Bytes [offset, offset + size) of a file; fewer at its end. Errors: io.
Result<std::string> read_part(
    const Spool& spool, const FileContent& content, std::uint64_t offset, std::uint64_t size
) {
    const std::uint64_t whole = content.size_bytes();
    if (offset >= whole) {
        return std::string();
    }
    size = std::min(size, whole - offset);
    if (!content.is_spooled) {
        return content.text.substr(offset, size);
    }
    return read_content(
        spool, {.text = {}, .is_spooled = true, .offset = content.offset + offset, .size = size}
    );
}

template <typename T>
std::vector<T> records_of(std::string_view bytes) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<T> records(bytes.size() / sizeof(T));
    if (!records.empty()) {
        std::memcpy(records.data(), bytes.data(), records.size() * sizeof(T));
    }
    return records;
}

bool is_shared_library(const Elf64_Ehdr& header) {
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
           header.e_type == ET_DYN && header.e_phentsize == sizeof(Elf64_Phdr);
}

/// Where in the file the byte at a virtual address lies.
std::optional<std::uint64_t> offset_of(
    const std::vector<Elf64_Phdr>& headers, std::uint64_t address
) {
    for (const Elf64_Phdr& header : headers) {
        if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
            address - header.p_vaddr < header.p_filesz) {
            return header.p_offset + (address - header.p_vaddr);
        }
    }
    return std::nullopt;
}

struct NamePlace {
    std::optional<std::uint64_t> table;  ///< address of the strings
    std::optional<std::uint64_t> offset;
};

NamePlace find_name(const std::vector<Elf64_Dyn>& dynamic) {
    NamePlace place;
    for (const Elf64_Dyn& entry : dynamic) {
        if (entry.d_tag == DT_NULL) {
            break;
        }
        if (entry.d_tag == DT_STRTAB) {
            place.table = entry.d_un.d_ptr;
        } else if (entry.d_tag == DT_SONAME) {
            place.offset = entry.d_un.d_val;
        }
    }
    return place;
}

}  // namespace

Result<std::optional<std::string>> read_soname(const Spool& spool, const FileContent& content) {
    const std::optional<std::string> none;
    QUERN_TRY(const std::string head, read_part(spool, content, 0, sizeof(Elf64_Ehdr)));
    const auto header = records_of<Elf64_Ehdr>(head);
    if (header.empty() || !is_shared_library(header.front())) {
        return none;
    }
    const std::uint64_t count = std::min<std::uint64_t>(header.front().e_phnum, most_headers);
    QUERN_TRY(
        const std::string table,
        read_part(spool, content, header.front().e_phoff, count * sizeof(Elf64_Phdr))
    );
    const auto headers = records_of<Elf64_Phdr>(table);
    const auto dynamic = std::find_if(headers.begin(), headers.end(), [](const Elf64_Phdr& each) {
        return each.p_type == PT_DYNAMIC;
    });
    if (dynamic == headers.end()) {
        return std::optional(std::string());
    }
    QUERN_TRY(
        const std::string entries,
        read_part(
            spool, content, dynamic->p_offset, std::min(dynamic->p_filesz, most_dynamic_bytes)
        )
    );
    const NamePlace place = find_name(records_of<Elf64_Dyn>(entries));
    const auto strings = place.table ? offset_of(headers, *place.table) : std::nullopt;
    if (!place.offset || !strings || *place.offset > content.size_bytes()) {
        return std::optional(std::string());
    }
    QUERN_TRY(
        const std::string name, read_part(spool, content, *strings + *place.offset, most_name_bytes)
    );
    return std::optional(name.substr(0, name.find('\0')));
}

}  // namespace quern::image
