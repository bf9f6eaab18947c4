// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/elf.hpp"

#include "package/content.hpp"
#include "package/go_build_info.hpp"
#include "quern/version.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

// Names come from what the loader reads: the program headers, and through them the dynamic section.
// Section headers may be stripped or lie; they only tell what was left in. Every offset comes from
// the file and is checked against its size at the single place where bytes are taken.

namespace quern::package {

namespace {

constexpr std::uint64_t max_program_headers = 512;
constexpr std::uint64_t max_dynamic_entries = 16'384;
constexpr std::uint64_t max_sections = 65'535;
constexpr std::size_t max_needed = 1'024;
constexpr std::size_t max_name_bytes = 1'024;

constexpr std::uint64_t pt_load = 1;
constexpr std::uint64_t pt_dynamic = 2;
constexpr std::uint64_t pt_interp = 3;
constexpr std::uint64_t pt_gnu_stack = 0x6474e551;
constexpr std::uint64_t pt_gnu_relro = 0x6474e552;
constexpr std::uint64_t segment_is_executable = 1;
constexpr std::uint64_t segment_is_writable = 2;
constexpr std::uint64_t dt_null = 0;
constexpr std::uint64_t dt_needed = 1;
constexpr std::uint64_t dt_strtab = 5;
constexpr std::uint64_t dt_strsz = 10;
constexpr std::uint64_t dt_soname = 14;
constexpr std::uint64_t dt_rpath = 15;
constexpr std::uint64_t dt_runpath = 29;

struct Segment {
    std::uint64_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t file_size = 0;
    std::uint64_t flags = 0;
};

struct Section {
    std::uint64_t name = 0;  ///< offset in the table of section names
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t type = 0;
};

class ElfView {
 public:
    ElfView(Content& file, bool is_64_bit, bool is_big_endian)
        : file_(file), is_64_bit_(is_64_bit), is_big_endian_(is_big_endian) {}

    std::size_t word_size() const { return is_64_bit_ ? 8 : 4; }

    /// `width` bytes at `offset` as a number; 0 outside the file.
    std::uint64_t number(std::uint64_t offset, std::size_t width) const {
        const std::string_view bytes = file_.read(offset, width);
        if (bytes.size() < width) {
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t at = is_big_endian_ ? i : width - 1 - i;
            value = (value << 8U) | static_cast<unsigned char>(bytes[at]);
        }
        return value;
    }
    std::uint64_t word(std::uint64_t offset) const { return number(offset, word_size()); }

    /// The bytes up to the next NUL, if there is one within `limit` bytes and the name is not over
    /// long.
    std::string name_at(std::uint64_t offset, std::uint64_t limit) const {
        const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(limit, max_name_bytes));
        const std::string_view text = file_.read(offset, room);
        const std::size_t end = text.find('\0');
        return end == std::string_view::npos ? std::string() : std::string(text.substr(0, end));
    }

    bool contains(std::string_view text, std::uint64_t offset, std::uint64_t length) const {
        return file_.contains(text, offset, length);
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
            result.push_back(segment_at(start + i * entry_size));
        }
        return result;
    }

    /// All section headers; the one that holds the names is at `names`.
    std::vector<Section> sections(std::uint64_t& names) const {
        const std::uint64_t start = is_64_bit_ ? word(40) : word(32);
        const std::uint64_t entry_size = number(is_64_bit_ ? 58 : 46, 2);
        std::vector<Section> result;
        if (start == 0 || entry_size < (is_64_bit_ ? 64U : 40U) || start >= file_.size()) {
            return result;
        }
        // Numbers that do not fit in the header stand in section 0. Source: elf(5), e_shnum.
        constexpr std::uint64_t escaped_index = 0xffff;
        std::uint64_t count = number(is_64_bit_ ? 60 : 48, 2);
        count = count == 0 ? word(start + (is_64_bit_ ? 32 : 20)) : count;
        names = number(is_64_bit_ ? 62 : 50, 2);
        names = names == escaped_index ? number(start + (is_64_bit_ ? 40 : 24), 4) : names;
        count = std::min({count, max_sections, (file_.size() - start) / entry_size});
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t at = start + i * entry_size;
            const std::uint64_t offset = at + (is_64_bit_ ? 24 : 16);
            result.push_back(
                {number(at, 4), word(offset), word(offset + word_size()), number(at + 4, 4)}
            );
        }
        return result;
    }

 private:
    Segment segment_at(std::uint64_t at) const {
        if (is_64_bit_) {
            return {number(at, 4), word(at + 8), word(at + 16), word(at + 32), number(at + 4, 4)};
        }
        return {number(at, 4), word(at + 4), word(at + 8), word(at + 16), number(at + 24, 4)};
    }

    Content& file_;
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

void take_name(std::uint64_t tag, std::string name, ElfFile& elf) {
    if (tag == dt_soname) {
        elf.soname = std::move(name);
    } else if (tag == dt_needed) {
        const bool is_known =
            std::find(elf.needed.begin(), elf.needed.end(), name) != elf.needed.end();
        if (!is_known && elf.needed.size() < max_needed) {
            elf.needed.push_back(std::move(name));
        }
    } else if (elf.search_paths.size() < max_needed) {
        for (const std::string_view path : split(name, ':')) {
            elf.search_paths.emplace_back(path);
        }
    }
}

void read_dynamic_names(
    const ElfView& view, const std::vector<Segment>& segments, const Segment& dynamic, ElfFile& elf
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
    constexpr std::uint64_t searched = std::uint64_t{4} << 20U;
    elf.has_stack_protector = view.contains("__stack_chk_", *table, std::min(table_size, searched));
    for (const DynamicEntry& entry : entries) {
        const bool is_name = entry.tag == dt_needed || entry.tag == dt_soname ||
                             entry.tag == dt_rpath || entry.tag == dt_runpath;
        if (!is_name || entry.value >= table_size) {
            continue;
        }
        std::string name = view.name_at(*table + entry.value, table_size - entry.value);
        if (!name.empty()) {
            take_name(entry.tag, std::move(name), elf);
        }
    }
}

void read_segment(
    const ElfView& view, const std::vector<Segment>& segments, const Segment& segment, ElfFile& elf
) {
    switch (segment.type) {
        case pt_interp:
            if (elf.interpreter.empty()) {
                elf.interpreter = view.name_at(segment.offset, segment.file_size);
            }
            return;
        case pt_dynamic:
            if (!elf.has_dynamic) {
                elf.has_dynamic = true;
                read_dynamic_names(view, segments, segment, elf);
            }
            return;
        case pt_gnu_relro:
            elf.has_relro = true;
            return;
        case pt_gnu_stack:
            elf.has_executable_stack = (segment.flags & segment_is_executable) != 0;
            return;
        default:
            return;
    }
}

// Debug sections are ".debug_*" now; ".debug" alone and ".zdebug_*" are older forms.
bool is_debug_section(std::string_view name) {
    return name.starts_with(".debug") || name.starts_with(".zdebug");
}

void read_sections(const ElfView& view, Content& file, ElfFile& elf) {
    std::uint64_t names_index = 0;
    const std::vector<Section> sections = view.sections(names_index);
    if (names_index >= sections.size()) {
        return;
    }
    const Section& names = sections[names_index];
    for (const Section& section : sections) {
        if (section.name >= names.size) {
            continue;
        }
        const std::string name =
            view.name_at(names.offset + section.name, names.size - section.name);
        elf.has_debug_sections = elf.has_debug_sections || is_debug_section(name);
        if (name == ".go.buildinfo") {
            elf.go_build_info = read_go_build_info(file, section.offset);
        }
    }
}

// A stripped Go program still has its build information at the start of the first segment that can
// be written. Source: the Go package debug/buildinfo.
void find_go_build_info(const std::vector<Segment>& segments, Content& file, ElfFile& elf) {
    for (const Segment& segment : segments) {
        if (segment.type == pt_load && (segment.flags & segment_is_writable) != 0) {
            elf.go_build_info = find_go_build_info(file, segment.offset);
            return;
        }
    }
}

std::optional<ElfView> open_view(Content& file) {
    constexpr std::size_t smallest_header = 52;
    const std::string_view header = file.read(0, smallest_header);
    if (header.size() < smallest_header || !header.starts_with("\x7f"
                                                               "ELF")) {
        return std::nullopt;
    }
    const char word_class = header[4];
    const char byte_order = header[5];
    if ((word_class != 1 && word_class != 2) || (byte_order != 1 && byte_order != 2)) {
        return std::nullopt;
    }
    return ElfView(file, word_class == 2, byte_order == 2);
}

}  // namespace

std::optional<ElfFile> read_elf(Content& file) {
    const auto opened = open_view(file);
    if (!opened) {
        return std::nullopt;
    }
    const ElfView& view = *opened;
    constexpr std::size_t eight_bytes = 8;
    ElfFile elf;
    elf.is_64_bit = view.word_size() == eight_bytes;
    elf.os_abi = static_cast<std::uint8_t>(view.number(7, 1));
    elf.type = static_cast<std::uint16_t>(view.number(16, 2));
    elf.machine = static_cast<std::uint16_t>(view.number(18, 2));
    const std::vector<Segment> segments = view.segments();
    for (const Segment& segment : segments) {
        read_segment(view, segments, segment, elf);
    }
    read_sections(view, file, elf);
    if (!elf.go_build_info) {
        find_go_build_info(segments, file, elf);
    }
    return elf;
}

std::optional<ElfFile> read_elf(std::string_view file) {
    Content content(file);
    return read_elf(content);
}

std::vector<ElfSection> elf_sections(std::string_view file) {
    constexpr std::uint64_t no_content = 8;  // SHT_NOBITS
    Content content(file);
    const auto view = open_view(content);
    std::vector<ElfSection> result;
    if (!view) {
        return result;
    }
    std::uint64_t names_index = 0;
    const std::vector<Section> sections = view->sections(names_index);
    for (std::size_t i = 1; i < sections.size(); ++i) {
        const Section& section = sections[i];
        std::string name;
        if (names_index < sections.size() && section.name < sections[names_index].size) {
            const Section& names = sections[names_index];
            name = view->name_at(names.offset + section.name, names.size - section.name);
        }
        const std::uint64_t size = section.type == no_content ? 0 : section.size;
        result.push_back({std::move(name), section.offset, size});
    }
    return result;
}

std::string soname_version(std::string_view soname) {
    constexpr std::string_view mark = ".so.";
    const std::size_t start = soname.find(mark);
    if (start == std::string_view::npos) {
        return "0";
    }
    std::string_view version = soname.substr(start + mark.size());
    version = version.substr(0, version.find(mark));
    const bool is_plain = version.find_first_not_of("0123456789.") == std::string_view::npos;
    return is_plain && apk::is_valid_version(version) ? std::string(version) : "0";
}

}  // namespace quern::package
