// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/scan/scan.hpp"

#include "package/scan/scanner.hpp"
#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace quern::package {
namespace {

constexpr std::array<Scanner, 9> table = {{
    {"shared-objects", "libraries that ELF files are and need", scan_shared_objects},
    {"commands", "programs that anyone may run", scan_commands},
    {"documentation", "viewers of manual pages", scan_documentation},
    {"pkg-config", "modules that .pc files are and need", scan_pkg_config},
    {"perl", "directories of Perl modules", scan_perl},
    {"python", "directories of Python modules", scan_python},
    {"ruby", "directories of Ruby gems", scan_ruby},
    {"interpreters", "first lines of scripts", scan_interpreters},
    {"kernel", "kernels and their modules", scan_kernel},
}};

std::vector<std::string> library_directories(std::span<const Subject> recipe) {
    std::vector<std::string> directories = {"lib", "usr/lib", "lib64", "usr/lib64"};
    for (const Subject& subject : recipe) {
        for (std::size_t i = 0; i < subject.entries().size(); ++i) {
            if (const FileFacts* facts = subject.facts(i)) {
                directories.insert(
                    directories.end(),
                    facts->library_directories.begin(),
                    facts->library_directories.end()
                );
            }
        }
    }
    return directories;
}

std::string_view name_part(std::string_view text) {
    return text.substr(0, text.find_first_of("=<>~"));
}

// Names come from files and may hold anything, also what reads as an operator and a version. A
// library, a command or a module is needed by its bare name; what is provided ends in one version.
bool is_readable(Relation relation, const std::string& text) {
    if (apk::is_dependency_name(text)) {
        return true;
    }
    const auto relation_read = apk::Dependency::parse(text);
    const bool is_bare_kind = text.find(':') != std::string::npos && relation == Relation::depends;
    return relation_read && !is_bare_kind && apk::is_valid_version(relation_read->version);
}

// What a package carries for itself it does not need from others. Source: recipe-and-build 7.2.
void drop_vendored(ScanResult& result) {
    std::set<std::string_view> names;
    for (const Generated& generated : result.relations) {
        if (generated.relation == Relation::vendored) {
            names.insert(name_part(generated.text));
        }
    }
    std::set<std::string> cancelled;
    for (const Generated& generated : result.relations) {
        if (generated.relation == Relation::depends &&
            names.count(name_part(generated.text)) != 0) {
            cancelled.insert(generated.text);
        }
    }
    std::erase_if(result.relations, [&](const Generated& generated) {
        return generated.relation == Relation::depends && cancelled.count(generated.text) != 0;
    });
}

// Source: recipe-and-build 8.0.
void drop_unwanted(ScanResult& result, const recipe::PackageOptions& options) {
    std::erase_if(result.relations, [&](const Generated& generated) {
        const bool is_command =
            generated.relation != Relation::vendored && generated.text.starts_with("cmd:");
        return (options.no_commands && is_command) ||
               (options.no_depends && generated.relation == Relation::depends) ||
               (options.no_provides && generated.relation == Relation::provides);
    });
}

}  // namespace

std::span<const Scanner> scanners() {
    return table;
}

bool ScanContext::is_library_directory(std::string_view directory) const {
    return std::find(library_directories.begin(), library_directories.end(), directory) !=
           library_directories.end();
}

void ScanSink::add(Relation relation, const std::string& text, std::string_view file) {
    constexpr std::size_t longest_relation = 256;  // Source: apk-format 1.3
    if (!is_readable(relation, text) || text.size() > longest_relation) {
        warn(file, fmt::format("'{}' is no name that a package can have or need", printable(text)));
        return;
    }
    Generated& generated = found_[{relation, text}];
    if (generated.file_count == 0) {
        generated.relation = relation;
        generated.text = text;
        generated.scanner = scanner_;
    }
    const bool is_known = !generated.files.empty() && generated.files.back() == file;
    generated.file_count += is_known ? 0 : 1;
    if (!is_known && generated.files.size() < Generated::most_files) {
        generated.files.emplace_back(file);
    }
}

void ScanSink::depends(const std::string& text, std::string_view file) {
    add(Relation::depends, text, file);
}

void ScanSink::provides(const std::string& text, std::string_view file) {
    add(Relation::provides, text, file);
}

void ScanSink::provides(const std::string& name, std::string_view version, std::string_view file) {
    add(Relation::provides, fmt::format("{}={}", name, version), file);
}

void ScanSink::vendored(const std::string& name, std::string_view version, std::string_view file) {
    add(Relation::vendored, fmt::format("{}={}", name, version), file);
}

void ScanSink::warn(std::string_view file, std::string_view text) {
    constexpr std::size_t most_warnings = 100;
    if (warnings_.size() < most_warnings) {
        warnings_.push_back(fmt::format("{}: {}", printable(file), text));
    }
}

ScanResult ScanSink::finish() {
    ScanResult result;
    for (auto& [key, generated] : found_) {
        result.relations.push_back(std::move(generated));
    }
    result.warnings = std::move(warnings_);
    return result;
}

std::vector<std::string> ScanResult::texts(Relation relation) const {
    std::vector<std::string> texts;
    for (const Generated& generated : relations) {
        if (generated.relation == relation) {
            texts.push_back(generated.text);
        }
    }
    return texts;
}

const Generated* ScanResult::find(Relation relation, std::string_view text) const {
    const auto found =
        std::find_if(relations.begin(), relations.end(), [&](const Generated& generated) {
            return generated.relation == relation && generated.text == text;
        });
    return found == relations.end() ? nullptr : &*found;
}

ScanResult scan(std::span<const Subject> recipe, std::size_t index, const ScanOptions& options) {
    const ScanContext context = {recipe[index], recipe, library_directories(recipe), options};
    ScanSink sink;
    for (const Scanner& scanner : scanners()) {
        sink.set_scanner(scanner.name);
        scanner.run(context, sink);
    }
    ScanResult result = sink.finish();
    drop_vendored(result);
    drop_unwanted(result, options.options);
    return result;
}

}  // namespace quern::package
