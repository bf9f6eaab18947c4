// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "subjects.hpp"

#include "package/content.hpp"
#include "package/inspect.hpp"
#include "package/path.hpp"
#include "support/digest.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <utility>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

void append(std::string& bytes, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        bytes += static_cast<char>(value >> (8 * i) & 0xffU);
    }
}

void add_parents(std::string_view path, std::map<std::string, TarEntry>& entries) {
    const std::string parent(parent_path(path));
    if (!parent.empty()) {
        entries[parent].type = TarType::directory;
        entries[parent].mode = 0755;
        add_parents(parent, entries);
    }
}

TarEntry entry_of(const MadeFile& file) {
    TarEntry entry;
    entry.mode = file.mode;
    if (!file.target.empty()) {
        entry.type = TarType::symlink;
        entry.link_target = file.target;
    } else if (file.path.ends_with('/')) {
        entry.type = TarType::directory;
    } else {
        entry.size = file.content.size();
    }
    return entry;
}

}  // namespace

Subject make_subject(const std::string& name, const std::vector<MadeFile>& files) {
    std::map<std::string, TarEntry> entries;
    std::map<std::string, std::string> contents;
    for (const MadeFile& file : files) {
        const std::string path =
            file.path.ends_with('/') ? file.path.substr(0, file.path.size() - 1) : file.path;
        add_parents(path, entries);
        entries[path] = entry_of(file);
        contents[path] = file.content;
    }
    Tree tree;
    for (auto& [path, entry] : entries) {
        entry.path = path;
        tree.entries.push_back(entry);
    }
    Subject subject(name, std::move(tree));
    Inspector inspector;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const TarEntry& entry = subject.entries()[i];
        if (entry.type == TarType::file) {
            Content content(contents[entry.path]);
            auto facts = inspector.look(entry.path, content);
            REQUIRE(facts);
            subject.set_facts(i, std::move(*facts));
            subject.set_checksum(i, digest_of(DigestKind::sha1, contents[entry.path]).hex());
        }
    }
    return subject;
}

namespace {

constexpr std::uint64_t header_size = 64;
constexpr std::uint64_t program_header_size = 56;
constexpr std::uint64_t section_header_size = 64;
constexpr std::uint64_t dynamic_entry_size = 16;
constexpr std::uint64_t program_headers = 4;

/// The parts of a file that are known before it is laid out.
struct ElfParts {
    std::string names = std::string(1, '\0');
    std::vector<std::pair<std::uint64_t, std::uint64_t>> dynamic;
    std::size_t interpreter = 0;  ///< in names
    std::vector<std::size_t> section_names = {0};

    std::size_t add_name(const std::string& name) {
        const std::size_t at = names.size();
        names += name + '\0';
        return at;
    }
    std::uint64_t dynamic_at() const { return header_size + program_headers * program_header_size; }
    std::uint64_t names_at() const {
        return dynamic_at() + (dynamic.size() + 3) * dynamic_entry_size;
    }
    std::uint64_t sections_at() const { return names_at() + names.size(); }
    std::uint64_t size() const {
        return sections_at() + section_names.size() * section_header_size;
    }
};

ElfParts parts_of(const MadeElf& made) {
    ElfParts parts;
    if (!made.soname.empty()) {
        parts.dynamic.emplace_back(14, parts.add_name(made.soname));
    }
    for (const std::string& library : made.needed) {
        parts.dynamic.emplace_back(1, parts.add_name(library));
    }
    if (!made.search_path.empty()) {
        parts.dynamic.emplace_back(29, parts.add_name(made.search_path));
    }
    parts.interpreter = parts.add_name(made.interpreter);
    for (const std::string& section : made.sections) {
        parts.section_names.push_back(parts.add_name(section));
    }
    return parts;
}

std::string elf_header(const MadeElf& made, const ElfParts& parts) {
    std::string bytes =
        "\x7f"
        "ELF\2\1\1";
    bytes.resize(16, '\0');
    append(bytes, made.type, 2);
    append(bytes, made.machine, 2);
    append(bytes, 1, 4);
    append(bytes, 0, 8);
    append(bytes, header_size, 8);
    append(bytes, made.sections.empty() ? 0 : parts.sections_at(), 8);
    append(bytes, 0, 4);
    append(bytes, header_size, 2);
    append(bytes, program_header_size, 2);
    append(bytes, program_headers, 2);
    append(bytes, section_header_size, 2);
    append(bytes, parts.section_names.size(), 2);
    append(bytes, 0, 2);
    return bytes;
}

void append_segment(
    std::string& bytes, std::uint64_t type, std::uint64_t offset, std::uint64_t size
) {
    append(bytes, type, 4);
    append(bytes, 4, 4);
    for (const std::uint64_t value : {offset, offset, offset, size, size, std::uint64_t{1}}) {
        append(bytes, value, 8);
    }
}

}  // namespace

// The file is one loaded segment: header, program headers, dynamic section, names, section headers.
std::string make_elf(const MadeElf& made) {
    const ElfParts parts = parts_of(made);
    std::string bytes = elf_header(made, parts);
    append_segment(bytes, 1, 0, parts.size());
    append_segment(bytes, 2, parts.dynamic_at(), (parts.dynamic.size() + 3) * dynamic_entry_size);
    append_segment(
        bytes,
        made.interpreter.empty() ? 0 : 3,
        parts.names_at() + parts.interpreter,
        made.interpreter.size() + 1
    );
    append_segment(bytes, made.has_relro ? 0x6474e552 : 0, 0, 0);
    auto dynamic = parts.dynamic;
    dynamic.emplace_back(5, parts.names_at());
    dynamic.emplace_back(10, parts.names.size());
    dynamic.emplace_back(0, 0);
    for (const auto& [tag, value] : dynamic) {
        append(bytes, tag, 8);
        append(bytes, value, 8);
    }
    bytes += parts.names;
    for (std::size_t i = 0; i < parts.section_names.size(); ++i) {
        append(bytes, parts.section_names[i], 4);
        bytes.append(20, '\0');
        append(bytes, i == 0 ? parts.names_at() : 0, 8);  // section 0 stands for the names
        append(bytes, i == 0 ? parts.names.size() : 0, 8);
        bytes.append(section_header_size - 40, '\0');
    }
    return bytes;
}

}  // namespace quern::package
