// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/elf.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

// Only what the loader reads is looked at: the program headers, and through them the dynamic
// section. Section headers may be stripped or lie. Every offset comes from the file and is checked
// against its size at the single place where bytes are taken.

namespace quern::package {

namespace {

constexpr std::uint64_t max_program_headers = 512;
constexpr std::uint64_t max_dynamic_entries = 16'384;
constexpr std::size_t max_needed = 4'096;
constexpr std::size_t max_name_bytes = 4'096;

constexpr std::uint64_t pt_load = 1;
constexpr std::uint64_t pt_dynamic = 2;
constexpr std::uint64_t pt_interp = 3;
constexpr std::uint64_t dt_null = 0;
constexpr std::uint64_t dt_needed = 1;
constexpr std::uint64_t dt_strtab = 5;
constexpr std::uint64_t dt_strsz = 10;
constexpr std::uint64_t dt_soname = 14;

struct Segment {
    std::uint64_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t file_size = 0;
};

class ElfView {
 public:
    ElfView(std::string_view file, bool is_64_bit, bool is_big_endian)
        : file_(file), is_64_bit_(is_64_bit), is_big_endian_(is_big_endian) {}

    std::size_t word_size() const { return is_64_bit_ ? 8 : 4; }

    /// `width` bytes at `offset` as a number; 0 outside the file.
    std::uint64_t number(std::uint64_t offset, std::size_t width) const {
        if (offset > file_.size() || file_.size() - offset < width) {
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t at = is_big_endian_ ? i : width - 1 - i;
            value = (value << 8U) |
                    static_cast<unsigned char>(file_[static_cast<std::size_t>(offset) + at]);
        }
        return value;
    }
    std::uint64_t word(std::uint64_t offset) const { return number(offset, word_size()); }

    /// The bytes up to the next NUL, if there is one within `limit` bytes and the name is not over
    /// long.
    std::string name_at(std::uint64_t offset, std::uint64_t limit) const {
        if (offset >= file_.size()) {
            return {};
        }
        const std::uint64_t room =
            std::min<std::uint64_t>({limit, file_.size() - offset, max_name_bytes});
        const std::string_view text =
            file_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(room));
        const std::size_t end = text.find('\0');
        return end == std::string_view::npos ? std::string() : std::string(text.substr(0, end));
    }

    std::vector<Segment> segments() const {
        const std::uint64_t start = is_64_bit_ ? word(32) : word(28);
        const std::uint64_t entry_size = number(is_64_bit_ ? 54 : 42, 2);
        const std::uint64_t count = std::min(number(is_64_bit_ ? 56 : 44, 2), max_program_headers);
        std::vector<Segment> result;
        if (entry_size < (is_64_bit_ ? 56U : 32U) || start >= file_.size()) {
            return result;
        }
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t at = start + i * entry_size;
            if (is_64_bit_) {
                result.push_back({number(at, 4), word(at + 8), word(at + 16), word(at + 32)});
            } else {
                result.push_back({number(at, 4), word(at + 4), word(at + 8), word(at + 16)});
            }
        }
        return result;
    }

 private:
    std::string_view file_;
    bool is_64_bit_;
    bool is_big_endian_;
};

/// Where `address` lies in the file, by the segments that are loaded.
std::optional<std::uint64_t> file_offset(
    const std::vector<Segment>& segments, std::uint64_t address
) {
    for (const Segment& segment : segments) {
        if (segment.type == pt_load && address >= segment.address &&
            address - segment.address < segment.file_size) {
            return segment.offset + (address - segment.address);
        }
    }
    return std::nullopt;
}

struct DynamicEntry {
    std::uint64_t tag = 0;
    std::uint64_t value = 0;
};

std::vector<DynamicEntry> read_dynamic(const ElfView& view, const Segment& segment) {
    std::vector<DynamicEntry> entries;
    const std::uint64_t entry_size = 2 * view.word_size();
    const std::uint64_t count = std::min(segment.file_size / entry_size, max_dynamic_entries);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t at = segment.offset + i * entry_size;
        const DynamicEntry entry{view.word(at), view.word(at + view.word_size())};
        if (entry.tag == dt_null) {
            break;
        }
        entries.push_back(entry);
    }
    return entries;
}

void read_dynamic_names(
    const ElfView& view,
    const std::vector<Segment>& segments,
    const Segment& dynamic,
    ElfNames& names
) {
    const std::vector<DynamicEntry> entries = read_dynamic(view, dynamic);
    const auto value_of = [&](std::uint64_t tag) -> std::uint64_t {
        const auto found =
            std::find_if(entries.begin(), entries.end(), [&](const DynamicEntry& entry) {
                return entry.tag == tag;
            });
        return found == entries.end() ? 0 : found->value;
    };
    const std::optional<std::uint64_t> table = file_offset(segments, value_of(dt_strtab));
    const std::uint64_t table_size = value_of(dt_strsz);
    if (!table) {
        return;
    }
    for (const DynamicEntry& entry : entries) {
        if ((entry.tag != dt_needed && entry.tag != dt_soname) || entry.value >= table_size) {
            continue;
        }
        std::string name = view.name_at(*table + entry.value, table_size - entry.value);
        if (name.empty()) {
            continue;
        }
        if (entry.tag == dt_soname) {
            names.soname = std::move(name);
        } else if (names.needed.size() < max_needed) {
            names.needed.push_back(std::move(name));
        }
    }
}

}  // namespace

std::optional<ElfNames> read_elf_names(std::string_view file) {
    constexpr std::size_t smallest_header = 52;
    if (file.size() < smallest_header || file.substr(0, 4) !=
                                             "\x7f"
                                             "ELF") {
        return std::nullopt;
    }
    const char word_class = file[4];
    const char byte_order = file[5];
    if ((word_class != 1 && word_class != 2) || (byte_order != 1 && byte_order != 2)) {
        return std::nullopt;
    }
    const ElfView view(file, word_class == 2, byte_order == 2);
    ElfNames names;
    names.is_64_bit = word_class == 2;
    names.os_abi = static_cast<std::uint8_t>(file[7]);
    names.type = static_cast<std::uint16_t>(view.number(16, 2));
    names.machine = static_cast<std::uint16_t>(view.number(18, 2));
    const std::vector<Segment> segments = view.segments();
    for (const Segment& segment : segments) {
        if (segment.type == pt_interp && names.interpreter.empty()) {
            names.interpreter = view.name_at(segment.offset, segment.file_size);
        } else if (segment.type == pt_dynamic && !names.has_dynamic) {
            names.has_dynamic = true;
            read_dynamic_names(view, segments, segment, names);
        }
    }
    return names;
}

}  // namespace quern::package
