// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Each format is read by what is enough to name its parts; every number from the file is checked
// against its size where bytes are taken.

#include "package/content_parts.hpp"

#include "archive/byte_stream.hpp"
#include "archive/gzip_reader.hpp"
#include "archive/tar_reader.hpp"
#include "package/elf.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <utility>

namespace quern::package {
namespace {

constexpr std::size_t most_parts = 100'000;
constexpr std::uint64_t most_inflated = std::uint64_t{32} << 20U;

using Parts = std::optional<std::vector<Part>>;
using Storage = std::deque<std::string>;

/// Little-endian number at `offset`; 0 outside.
std::uint64_t number(std::string_view bytes, std::size_t offset, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) {
        const unsigned byte =
            offset + i < bytes.size() ? static_cast<unsigned char>(bytes[offset + i]) : 0U;
        value = value << 8U | byte;
    }
    return value;
}

std::string_view piece(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
    return offset < bytes.size() ? bytes.substr(offset, size) : std::string_view();
}

/// A second part of one name gets its number.
void make_names_unique(std::vector<Part>& parts) {
    std::map<std::string, int> seen;
    for (Part& part : parts) {
        if (const int count = ++seen[part.name]; count > 1) {
            part.name += fmt::format(" (number {})", count);
        }
    }
}

Parts elf_parts(std::string_view file) {
    const std::vector<ElfSection> sections = elf_sections(file);
    if (sections.empty()) {
        return std::nullopt;
    }
    constexpr std::size_t header = 64;
    std::vector<Part> parts = {{"ELF header", {}, file.substr(0, header)}};
    for (const ElfSection& section : sections) {
        const std::string name = section.name.empty() ? "section without a name" : section.name;
        parts.push_back({name, {}, piece(file, section.offset, section.size)});
    }
    return parts;
}

/// A field of an ar header without the spaces behind it.
std::string ar_field(std::string_view header, std::size_t offset, std::size_t size) {
    return std::string(trim(header.substr(offset, size)));
}

/// Names over 15 bytes stand in a member "//", and "/OFFSET" points there. Source: ar(5), the
/// System V and GNU variant.
std::string ar_name(std::string field, std::string_view long_names) {
    if (field.size() > 1 && field[0] == '/') {
        if (const auto offset = parse_unsigned(std::string_view(field).substr(1))) {
            const std::string_view rest = piece(long_names, *offset, long_names.size());
            return std::string(rest.substr(0, rest.find_first_of("/\n")));
        }
    }
    if (field.size() > 1 && field.back() == '/' && field != "//") {
        field.pop_back();
    }
    return field;
}

Parts ar_parts(std::string_view file) {
    constexpr std::size_t magic = 8;
    constexpr std::size_t header_size = 60;
    std::vector<Part> parts;
    std::string_view long_names;
    std::size_t at = magic;
    while (at + header_size <= file.size() && parts.size() < most_parts) {
        const std::string_view header = file.substr(at, header_size);
        const auto size = parse_unsigned(ar_field(header, 48, 10));
        if (!header.ends_with("`\n") || !size || *size > file.size() - at - header_size) {
            return std::nullopt;
        }
        const std::string_view bytes = file.substr(at + header_size, *size);
        const std::string name = ar_field(header, 0, 16);
        if (name == "//") {
            long_names = bytes;
        }
        parts.push_back(
            {ar_name(name, long_names),
             fmt::format(
                 "time {}, owner {}:{}, mode {}",
                 ar_field(header, 16, 12),
                 ar_field(header, 28, 6),
                 ar_field(header, 34, 6),
                 ar_field(header, 40, 8)
             ),
             bytes}
        );
        at += header_size + *size + *size % 2;
    }
    return parts;
}

Parts tar_parts(std::string_view file, Storage& storage) {
    archive::StringSource source(file);
    archive::TarReader reader(source, {.entries = most_parts, .total_bytes = most_inflated});
    std::vector<Part> parts;
    while (true) {
        auto entry = reader.next();
        if (!entry) {
            return std::nullopt;
        }
        if (!*entry) {
            return parts;
        }
        auto bytes = reader.read_all(most_inflated);
        if (!bytes) {
            return std::nullopt;
        }
        const archive::TarEntry& found = **entry;
        parts.push_back(
            {found.path,
             fmt::format(
                 "time {}, owner {}:{} {}:{}, mode {:04o}, link '{}'",
                 found.mtime,
                 found.uid,
                 found.gid,
                 found.user_name,
                 found.group_name,
                 found.mode,
                 found.link_target
             ),
             storage.emplace_back(std::move(*bytes))}
        );
    }
}

Parts gzip_parts(std::string_view file, Storage& storage) {
    auto inflated = archive::gzip_decompress(file, most_inflated);
    if (!inflated) {
        return std::nullopt;
    }
    // Source: RFC 1952, 2.3: flags, time, extra flags, system.
    constexpr std::size_t header_size = 10;
    std::vector<Part> parts = {
        {"gzip header",
         fmt::format(
             "time {}, flags {}, level {}, system {}",
             number(file, 4, 4),
             number(file, 3, 1),
             number(file, 8, 1),
             number(file, 9, 1)
         ),
         {}},
        {"content", {}, storage.emplace_back(std::move(*inflated))},
    };
    if ((number(file, 3, 1) & 8U) != 0) {
        const std::string_view rest = piece(file, header_size, 256);
        parts.front().about += fmt::format(", name '{}'", rest.substr(0, rest.find('\0')));
    }
    return parts;
}

/// Where the central directory begins. Source: APPNOTE.TXT 4.3.16; the comment behind it has at
/// most 65,535 bytes.
std::optional<std::size_t> zip_directory(std::string_view file) {
    constexpr std::size_t record_size = 22;
    constexpr std::size_t longest = record_size + 65'535;
    const std::size_t skipped = file.size() > longest ? file.size() - longest : 0;
    const std::size_t at = file.substr(skipped).rfind(std::string_view("PK\5\6", 4));
    if (at == std::string_view::npos || skipped + at + record_size > file.size()) {
        return std::nullopt;
    }
    return number(file, skipped + at + 16, 4);
}

/// The content of a member that is not compressed. Source: APPNOTE.TXT 4.3.7.
std::string_view stored_bytes(std::string_view file, std::uint64_t local, std::uint64_t size) {
    constexpr std::size_t header_size = 30;
    if (piece(file, local, 4) != std::string_view("PK\3\4", 4)) {
        return {};
    }
    const std::uint64_t names = number(file, local + 26, 2) + number(file, local + 28, 2);
    return piece(file, local + header_size + names, size);
}

// Source: APPNOTE.TXT 4.3.12.
Parts zip_parts(std::string_view file) {
    constexpr std::size_t header_size = 46;
    const auto begin = zip_directory(file);
    if (!begin) {
        return std::nullopt;
    }
    std::vector<Part> parts;
    std::size_t at = *begin;
    while (piece(file, at, 4) == std::string_view("PK\1\2", 4) && parts.size() < most_parts) {
        const std::uint64_t method = number(file, at + 10, 2);
        const std::uint64_t name_size = number(file, at + 28, 2);
        const std::uint64_t size = number(file, at + 24, 4);
        Part part;
        part.name = std::string(piece(file, at + header_size, name_size));
        part.about = fmt::format(
            "time {:04x}-{:04x}, mode {:o}, method {}",
            number(file, at + 14, 2),
            number(file, at + 12, 2),
            number(file, at + 38, 4) >> 16U,
            method
        );
        if (method == 0) {
            part.bytes = stored_bytes(file, number(file, at + 42, 4), size);
        } else {
            part.about += fmt::format(
                ", {} bytes, checksum {:08x}, {} compressed",
                size,
                number(file, at + 16, 4),
                number(file, at + 20, 4)
            );
        }
        parts.push_back(std::move(part));
        at += header_size + name_size + number(file, at + 30, 2) + number(file, at + 32, 2);
    }
    return parts;
}

Parts read_parts(std::string_view file, Storage& storage) {
    constexpr std::size_t tar_magic = 257;
    if (file.starts_with("\x7f"
                         "ELF")) {
        return elf_parts(file);
    }
    if (file.starts_with("!<arch>\n")) {
        return ar_parts(file);
    }
    if (file.starts_with("\x1f\x8b")) {
        return gzip_parts(file, storage);
    }
    if (file.starts_with("PK")) {
        return zip_parts(file);
    }
    if (piece(file, tar_magic, 5) == "ustar") {
        return tar_parts(file, storage);
    }
    return std::nullopt;
}

}  // namespace

Parts parts_of(std::string_view file, Storage& storage) {
    Parts parts = read_parts(file, storage);
    if (parts) {
        make_names_unique(*parts);
    }
    return parts;
}

}  // namespace quern::package
