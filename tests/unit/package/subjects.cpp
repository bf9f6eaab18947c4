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

// The file is one loaded segment: header, program headers, dynamic section, names, section headers.
// NOLINTNEXTLINE(readability-function-size): the parts of one file, in their order
std::string make_elf(const MadeElf& made) {
    std::string names(1, '\0');
    const auto add_name = [&](const std::string& name) {
        const std::size_t at = names.size();
        names += name + '\0';
        return at;
    };
    std::vector<std::pair<std::uint64_t, std::uint64_t>> dynamic;
    if (!made.soname.empty()) {
        dynamic.emplace_back(14, add_name(made.soname));
    }
    for (const std::string& library : made.needed) {
        dynamic.emplace_back(1, add_name(library));
    }
    if (!made.search_path.empty()) {
        dynamic.emplace_back(29, add_name(made.search_path));
    }
    const std::size_t interpreter_at = add_name(made.interpreter);
    std::vector<std::size_t> section_names = {0};
    for (const std::string& section : made.sections) {
        section_names.push_back(add_name(section));
    }
    constexpr std::uint64_t header_size = 64;
    constexpr std::uint64_t program_headers = 4;
    const std::uint64_t dynamic_at = header_size + program_headers * 56;
    const std::uint64_t names_at = dynamic_at + (dynamic.size() + 3) * 16;
    const std::uint64_t sections_at = names_at + names.size();
    const std::uint64_t file_size = sections_at + section_names.size() * 64;
    dynamic.insert(dynamic.end(), {{5, names_at}, {10, names.size()}, {0, 0}});

    std::string bytes =
        "\x7f"
        "ELF\2\1\1";
    bytes.resize(16, '\0');
    append(bytes, made.type, 2);
    append(bytes, made.machine, 2);
    append(bytes, 1, 4);
    append(bytes, 0, 8);
    append(bytes, header_size, 8);
    append(bytes, made.sections.empty() ? 0 : sections_at, 8);
    append(bytes, 0, 4);
    append(bytes, header_size, 2);
    append(bytes, 56, 2);
    append(bytes, program_headers, 2);
    append(bytes, 64, 2);
    append(bytes, section_names.size(), 2);
    append(bytes, 0, 2);
    const auto add_segment = [&](std::uint64_t type, std::uint64_t offset, std::uint64_t size) {
        append(bytes, type, 4);
        append(bytes, 4, 4);
        for (const std::uint64_t value : {offset, offset, offset, size, size, std::uint64_t{1}}) {
            append(bytes, value, 8);
        }
    };
    add_segment(1, 0, file_size);
    add_segment(2, dynamic_at, dynamic.size() * 16);
    add_segment(
        made.interpreter.empty() ? 0 : 3, names_at + interpreter_at, made.interpreter.size() + 1
    );
    add_segment(made.has_relro ? 0x6474e552 : 0, 0, 0);
    for (const auto& [tag, value] : dynamic) {
        append(bytes, tag, 8);
        append(bytes, value, 8);
    }
    bytes += names;
    for (std::size_t i = 0; i < section_names.size(); ++i) {
        append(bytes, section_names[i], 4);
        bytes.append(4 + 8 + 8, '\0');
        append(bytes, i == 0 ? names_at : 0, 8);  // section 0 stands for the table of names
        append(bytes, i == 0 ? names.size() : 0, 8);
        bytes.append(64 - 40, '\0');
    }
    return bytes;
}

}  // namespace quern::package
