// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/compare.hpp"

#include "archive/tar_reader.hpp"
#include "package/content_diff.hpp"
#include "package/inspect.hpp"
#include "package/path.hpp"
#include "package/text_diff.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::string_view document_directory = "var/lib/db/sbom";
constexpr std::size_t shown_digits = 12;
constexpr std::string_view checksum_record = "APK-TOOLS.checksum.SHA1";

void add_change(
    std::vector<Change>& changes, std::string subject, std::string before, std::string after
) {
    if (before != after) {
        changes.push_back({std::move(subject), std::move(before), std::move(after)});
    }
}

/// Calls `take` with each key of either map and both values, empty where there is none.
template <typename Take>
void for_each_pair(
    const std::map<std::string, std::string>& before,
    const std::map<std::string, std::string>& after,
    const Take& take
) {
    std::set<std::string> keys;
    for (const auto& [key, value] : before) {
        keys.insert(key);
    }
    for (const auto& [key, value] : after) {
        keys.insert(key);
    }
    const auto value_in = [](const std::map<std::string, std::string>& map,
                             const std::string& key) {
        const auto found = map.find(key);
        return found == map.end() ? std::string() : found->second;
    };
    for (const std::string& key : keys) {
        take(key, value_in(before, key), value_in(after, key));
    }
}

std::map<std::string, std::string> fields_of(const apk::PackageInfo& info) {
    return {
        {"name", info.name},
        {"version", info.version},
        {"architecture", info.architecture},
        {"origin", info.origin},
        {"description", info.description},
        {"url", info.url},
        {"commit", info.commit},
        {"maintainer", info.maintainer},
        {"license", join(info.licenses, ", ")},
        {"triggers", join(info.triggers, " ")},
        {"installed size", human_size(info.installed_size)},
        {"provider priority",
         info.provider_priority ? std::to_string(*info.provider_priority) : ""},
        {"replaces priority",
         info.replaces_priority ? std::to_string(*info.replaces_priority) : ""},
    };
}

void compare_relations(
    const char* kind,
    const std::vector<std::string>& before,
    const std::vector<std::string>& after,
    Comparison& comparison
) {
    const std::set<std::string> old_names(before.begin(), before.end());
    const std::set<std::string> new_names(after.begin(), after.end());
    for (const std::string& name : old_names) {
        if (new_names.count(name) == 0) {
            comparison.relations.push_back({kind, name, {}});
        }
    }
    for (const std::string& name : new_names) {
        if (old_names.count(name) == 0) {
            comparison.relations.push_back({kind, {}, name});
        }
    }
}

std::string type_name(TarType type) {
    switch (type) {
        case TarType::file:
            return "file";
        case TarType::hard_link:
            return "hard link";
        case TarType::symlink:
            return "link";
        case TarType::character_device:
            return "character device";
        case TarType::block_device:
            return "block device";
        case TarType::directory:
            return "directory";
        case TarType::fifo:
            return "FIFO";
    }
    return "";
}

std::string describe(const TarEntry& entry, const std::string& checksum) {
    std::string text =
        fmt::format("{} {:04o} {}:{}", type_name(entry.type), entry.mode, entry.uid, entry.gid);
    if (entry.type == TarType::file) {
        text += fmt::format(" {} bytes sha1 {}", entry.size, checksum.substr(0, shown_digits));
    } else if (!entry.link_target.empty()) {
        text += " -> " + entry.link_target;
    }
    for (const auto& [name, value] : entry.records) {
        constexpr std::string_view prefix = "SCHILY.xattr.";
        if (name.starts_with(prefix)) {
            text += fmt::format(
                " {} sha1 {}",
                name.substr(prefix.size()),
                digest_of(DigestKind::sha1, value).hex().substr(0, shown_digits)
            );
        }
    }
    return text;
}

// The document's name holds the version; it is compared by what stands before.
std::map<std::string, std::string> files_of(const Subject& subject) {
    std::map<std::string, std::string> files;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const TarEntry& entry = subject.entries()[i];
        if (parent_path(entry.path) != document_directory) {
            files[entry.path] = describe(entry, subject.checksum(i));
        }
    }
    return files;
}

std::set<std::string> sonames_of(const apk::PackageInfo& info) {
    std::set<std::string> names;
    for (const std::string& provided : info.provides) {
        if (provided.starts_with("so:")) {
            names.insert(provided.substr(0, provided.find('=')));
        }
    }
    return names;
}

std::string to_line(const Change& change) {
    if (change.before.empty()) {
        return fmt::format("  + {}: {}\n", printable(change.subject), printable(change.after));
    }
    if (change.after.empty()) {
        return fmt::format("  - {}: {}\n", printable(change.subject), printable(change.before));
    }
    return fmt::format(
        "  ~ {}: {} => {}\n",
        printable(change.subject),
        printable(change.before),
        printable(change.after)
    );
}

std::string section(const char* title, const std::vector<Change>& changes) {
    std::string text;
    for (const Change& change : changes) {
        text += to_line(change);
        for (const std::string& reason : change.reasons) {
            text += fmt::format("      {}\n", reason);
        }
    }
    return text.empty() ? text : fmt::format("{}\n{}", title, text);
}

std::string text_section(const char* title, const std::vector<Change>& changes) {
    std::string text;
    for (const Change& change : changes) {
        text += printable(
            unified_diff(change.before, change.after, change.subject, change.subject), true
        );
    }
    return text.empty() ? text : fmt::format("{}\n{}", title, text);
}

/// Contents of the files at `paths`, as far as there is room.
Result<std::map<std::string, std::string>> read_files(
    const apk::PackageFile& package, const std::set<std::string>& paths
) {
    constexpr std::uint64_t largest = std::uint64_t{32} << 20U;
    std::uint64_t room = std::uint64_t{256} << 20U;
    std::map<std::string, std::string> files;
    const auto visit = [&](const TarEntry& entry, archive::TarReader& content) -> Result<void> {
        const bool fits = entry.size <= largest && entry.size <= room;
        if (entry.type == TarType::file && fits && paths.count(entry.path) != 0) {
            QUERN_TRY(files[entry.path], content.read_all(largest));
            room -= entry.size;
        }
        return {};
    };
    QUERN_CHECK(package.read_data(visit));
    return files;
}

/// Reads documents by names without the version, as far as there is room. Each of them counts: what
/// cannot be compared by lines stands there as what it is.
class DocumentReader {
 public:
    explicit DocumentReader(const std::string& version)
        : suffix_(fmt::format("-{}.spdx.json", version)) {}

    Result<void> take(
        const TarEntry& entry,
        archive::TarReader& content,
        std::map<std::string, std::string>& texts
    ) {
        constexpr std::uint64_t largest = std::uint64_t{16} << 20U;
        std::string name(file_name(entry.path));
        if (name.ends_with(suffix_)) {
            name.resize(name.size() - suffix_.size());
        }
        if (texts.count(name) != 0) {
            name = file_name(entry.path);
        }
        if (entry.type == TarType::file && entry.size <= std::min(largest, room_)) {
            room_ -= entry.size;
            QUERN_TRY(texts[name], content.read_all(largest));
            return {};
        }
        std::string checksum;
        for (const auto& [key, value] : entry.records) {
            checksum = key == checksum_record ? value : checksum;
        }
        texts[name] = "not compared by lines: " + describe(entry, checksum) + "\n";
        return {};
    }

 private:
    std::string suffix_;
    std::uint64_t room_ = std::uint64_t{32} << 20U;
};

nlohmann::ordered_json list_of(const std::vector<Change>& changes) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Change& change : changes) {
        list.push_back(
            {{"subject", change.subject}, {"before", change.before}, {"after", change.after}}
        );
        if (!change.reasons.empty()) {
            list.back()["reasons"] = change.reasons;
        }
    }
    return list;
}

}  // namespace

Result<ComparedPackage> read_compared(const apk::PackageFile& package) {
    QUERN_TRY(Subject subject, inspect_package(package));
    ComparedPackage compared{package.head(), std::move(subject), {}};
    DocumentReader documents(package.info().version);
    QUERN_CHECK(package.read_data([&](const TarEntry& entry, archive::TarReader& content) {
        return parent_path(entry.path) == document_directory
                   ? documents.take(entry, content, compared.texts)
                   : Result<void>();
    }));
    return compared;
}

bool Comparison::is_empty() const {
    return fields.empty() && relations.empty() && files.empty() && scripts.empty() &&
           documents.empty();
}

Comparison compare(const ComparedPackage& before, const ComparedPackage& after) {
    Comparison comparison;
    const auto adds_to = [](std::vector<Change>& changes) {
        return [&changes](const std::string& key, std::string old_value, std::string new_value) {
            add_change(changes, key, std::move(old_value), std::move(new_value));
        };
    };
    const apk::PackageInfo& old_info = before.head.info;
    const apk::PackageInfo& new_info = after.head.info;
    for_each_pair(fields_of(old_info), fields_of(new_info), adds_to(comparison.fields));
    compare_relations("depends", old_info.depends, new_info.depends, comparison);
    compare_relations("provides", old_info.provides, new_info.provides, comparison);
    compare_relations("replaces", old_info.replaces, new_info.replaces, comparison);
    compare_relations("install_if", old_info.install_if, new_info.install_if, comparison);
    for_each_pair(files_of(before.subject), files_of(after.subject), adds_to(comparison.files));
    for_each_pair(
        before.head.control_files,
        after.head.control_files,
        [&](const std::string& key, std::string old_value, std::string new_value) {
            if (key != ".PKGINFO") {
                add_change(comparison.scripts, key, std::move(old_value), std::move(new_value));
            }
        }
    );
    for_each_pair(before.texts, after.texts, adds_to(comparison.documents));
    const std::set<std::string> still = sonames_of(new_info);
    for (const std::string& soname : sonames_of(old_info)) {
        if (still.count(soname) == 0) {
            comparison.broken_sonames.push_back(soname);
        }
    }
    return comparison;
}

Result<void> explain_files(
    Comparison& comparison, const apk::PackageFile& before, const apk::PackageFile& after
) {
    std::set<std::string> paths;
    for (const Change& change : comparison.files) {
        if (change.before.starts_with("file ") && change.after.starts_with("file ")) {
            paths.insert(change.subject);
        }
    }
    if (paths.empty()) {
        return {};
    }
    DifferenceExplainer explainer;
    QUERN_TRY(const auto old_files, read_files(before, paths));
    QUERN_TRY(const auto new_files, read_files(after, paths));
    for (Change& change : comparison.files) {
        const auto old_file = old_files.find(change.subject);
        const auto new_file = new_files.find(change.subject);
        if (old_file != old_files.end() && new_file != new_files.end()) {
            change.reasons = explainer.explain(old_file->second, new_file->second);
        } else if (paths.count(change.subject) != 0) {
            change.reasons = {"not looked into: it is too large, or there is enough of others"};
        }
    }
    return {};
}

std::string to_text(const Comparison& comparison) {
    std::string text =
        section("fields", comparison.fields) + section("relations", comparison.relations) +
        section("files", comparison.files) + text_section("control section", comparison.scripts) +
        text_section("SPDX document", comparison.documents);
    for (const std::string& soname : comparison.broken_sonames) {
        text += fmt::format(
            "BROKEN {}: packages that need it can no longer be installed with this one\n",
            printable(soname)
        );
    }
    return text;
}

std::string to_json(const Comparison& comparison) {
    const nlohmann::ordered_json json = {
        {"fields", list_of(comparison.fields)},
        {"relations", list_of(comparison.relations)},
        {"files", list_of(comparison.files)},
        {"scripts", list_of(comparison.scripts)},
        {"documents", list_of(comparison.documents)},
        {"broken_sonames", comparison.broken_sonames},
    };
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace quern::package
