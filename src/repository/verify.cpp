// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/verify.hpp"

#include "apk/adb_index.hpp"
#include "apk/provenance_name.hpp"
#include "quern/package_file.hpp"
#include "quern/package_info.hpp"
#include "repository/closure.hpp"
#include "repository/file_conflicts.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

using Findings = std::vector<Finding>;

constexpr std::string_view index_name = "APKINDEX.tar.gz";
/// The index of a repository that holds packages of version 3. Beside the other it is a view of it.
constexpr std::string_view v3_index_name = "Packages.adb";

Result<std::vector<std::string>> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    std::error_code code;
    for (auto it = std::filesystem::directory_iterator(directory, code);
         !code && it != std::filesystem::directory_iterator();
         it.increment(code)) {
        names.push_back(it->path().filename().string());
    }
    if (code) {
        return Error::system(code.value(), fmt::format("listing {}", directory.string()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// Fields of an entry that do not say what the package says.
std::string differing_fields(const apk::IndexEntry& entry, const apk::IndexEntry& actual) {
    std::string fields;
    const auto expected_text = actual.to_string();
    const auto found_text = entry.to_string();
    const auto expected = split(expected_text, '\n');
    const auto found = split(found_text, '\n');
    for (const std::string_view line : expected) {
        if (std::find(found.begin(), found.end(), line) == found.end()) {
            fields += (fields.empty() ? "" : " ") + std::string(line.substr(0, 2));
        }
    }
    for (const std::string_view line : found) {
        const std::string letter(line.substr(0, 2));
        if (std::find(expected.begin(), expected.end(), line) == expected.end() &&
            fields.find(letter) == std::string::npos) {
            fields += (fields.empty() ? "" : " ") + letter;
        }
    }
    return fields;
}

/// What is known of one package of the index.
struct PackageState {
    Findings findings;
    PackageFiles files;
};

/// Everything between one entry and the files in its package.
PackageState check_package(
    const std::filesystem::path& directory,
    const apk::IndexEntry& entry,
    const VerifyOptions& options
) {
    PackageState state;
    const auto add = [&](const char* id, std::string what) {
        state.findings.push_back({id, entry.file_name(), std::move(what)});
    };
    const auto package =
        apk::PackageFile::open(directory / entry.file_name(), options.package_limits);
    if (!package) {
        const bool is_missing = package.error().code() == ErrorCode::not_found;
        add(is_missing ? "file-missing" : "package-damaged",
            is_missing ? "the index names it, but there is no such file" : told(package.error()));
        return state;
    }
    const apk::PackageHead& head = package->head();
    if (head.checksum != entry.checksum) {
        add("checksum-differs",
            fmt::format("the index says {}, the package is {}", entry.checksum, head.checksum));
    }
    const auto actual = apk::make_index_entry(head.info, entry.checksum, head.file_size);
    if (const std::string fields = differing_fields(entry, actual); !fields.empty()) {
        add("entry-differs", "the index says something else in " + fields);
    }
    if (options.keyring != nullptr) {
        if (const auto signer = package->verify_signature(*options.keyring); !signer) {
            add("package-signature", told(signer.error()));
        }
    }
    state.files.replaces = head.info.replaces;
    const auto read = package->read_data(
        [&state](const archive::TarEntry& file, archive::TarReader&) -> Result<void> {
            state.files.add(file);
            return {};
        }
    );
    if (!read) {
        add("data-damaged", told(read.error()));
    }
    return state;
}

void check_leftovers(
    const std::vector<std::string>& names, const apk::Index& index, Findings& findings
) {
    std::set<std::string> known{std::string(index_name), "index.html", std::string(v3_index_name)};
    for (const apk::IndexEntry& entry : index.entries) {
        known.insert(entry.file_name() + std::string(apk::provenance_suffix));
        if (!known.insert(entry.file_name()).second) {
            findings.push_back({"entry-twice", entry.file_name(), "the index has it twice"});
        }
    }
    for (const std::string& name : names) {
        if (!known.contains(name)) {
            findings.push_back(
                {"file-unlisted", printable(name), "no entry of the index names this file"}
            );
        }
    }
}

/// Its file name; empty if the directory has none.
std::string_view index_in(const std::filesystem::path& directory) {
    std::error_code code;
    for (const std::string_view name : {index_name, v3_index_name}) {
        if (std::filesystem::exists(directory / name, code)) {
            return name;
        }
    }
    return {};
}

/// The index, signed or not. `read` is called with a keyring and, if that fails, without.
template <typename Read>
std::optional<apk::Index> read_checked(
    std::string_view name, const Read& read, const apk::Keyring* keyring, Findings& findings
) {
    const auto add = [&](const char* id, const Error& error) {
        findings.push_back({id, std::string(name), told(error)});
    };
    auto file = read(keyring);
    if (!file && keyring != nullptr) {
        auto unsigned_file = read(nullptr);
        if (unsigned_file) {
            add("index-signature", file.error());
        }
        file = std::move(unsigned_file);
    }
    if (!file) {
        add("index-damaged", file.error());
        return std::nullopt;
    }
    return std::move(file->index);
}

std::optional<apk::Index> read_checked_v3_index(
    const std::filesystem::path& directory, const apk::Keyring* keyring, Findings& findings
) {
    const auto read = [&](const apk::Keyring* keys) {
        return apk::read_adb_index(directory / v3_index_name, keys);
    };
    return read_checked(v3_index_name, read, keyring, findings);
}

/// What clients of version 3 read beside an APKINDEX has to name the same packages.
void check_v3_view(
    const std::filesystem::path& directory,
    const apk::Index& index,
    const apk::Keyring* keyring,
    Findings& findings
) {
    std::error_code code;
    if (index_in(directory) != index_name ||
        !std::filesystem::exists(directory / v3_index_name, code)) {
        return;
    }
    const auto view = read_checked_v3_index(directory, keyring, findings);
    if (!view) {
        return;
    }
    const auto names_of = [](const apk::Index& list) {
        std::set<std::string> names;
        for (const apk::IndexEntry& entry : list.entries) {
            names.insert(fmt::format("{} ({})", entry.file_name(), entry.checksum));
        }
        return names;
    };
    const std::set<std::string> expected = names_of(index);
    const std::set<std::string> found = names_of(*view);
    std::vector<std::string> odd;
    std::set_symmetric_difference(
        expected.begin(), expected.end(), found.begin(), found.end(), std::back_inserter(odd)
    );
    if (!odd.empty()) {
        findings.push_back(
            {"index-differs",
             std::string(v3_index_name),
             fmt::format(
                 "it does not agree with {} about {}{} (`quern index --index-format v2,v3` writes "
                 "both)",
                 index_name,
                 printable(odd.front()),
                 odd.size() == 1 ? "" : fmt::format(" and {} more", odd.size() - 1)
             )}
        );
    }
}

/// Nothing if it is damaged, which is a finding then.
Result<std::optional<apk::Index>> read_checked_index(
    const std::filesystem::path& directory, const apk::Keyring* keyring, Findings& findings
) {
    const std::string_view name = index_in(directory);
    if (name == v3_index_name) {
        return read_checked_v3_index(directory, keyring, findings);
    }
    QUERN_TRY(const std::string bytes, read_file(directory / name));
    const auto read = [&](const apk::Keyring* keys) { return apk::read_index(bytes, keys); };
    return read_checked(name, read, keyring, findings);
}

/// Where the directory is called by an architecture. Clients do not install what is for another.
void check_architectures(
    std::string_view architecture, const apk::Index& index, Findings& findings
) {
    const auto& known = apk::known_architectures();
    if (std::find(known.begin(), known.end(), architecture) == known.end()) {
        return;
    }
    for (const apk::IndexEntry& entry : index.entries) {
        const bool is_for_all = entry.architecture.empty() || entry.architecture == "noarch" ||
                                entry.architecture == "all";
        if (!is_for_all && entry.architecture != architecture) {
            findings.push_back(
                {"wrong-architecture",
                 entry.file_name(),
                 fmt::format(
                     "it is for {}, which clients of {} do not install",
                     printable(entry.architecture),
                     architecture
                 )}
            );
        }
    }
}

/// What concerns packages together.
Result<void> check_together(
    const std::filesystem::path& directory,
    const RepositoryIndex& index,
    const std::vector<PackageFiles>& files,
    const VerifyOptions& options,
    Findings& findings
) {
    const auto append = [&findings](Findings more) {
        findings.insert(
            findings.end(),
            std::make_move_iterator(more.begin()),
            std::make_move_iterator(more.end())
        );
    };
    append(find_file_conflicts(directory, index, files, options.package_limits));
    if (options.is_closed) {
        std::vector<RepositoryIndex> all{index};
        if (options.beside) {
            QUERN_TRY(const auto beside, options.beside(index.architecture));
            all.insert(all.end(), beside.begin(), beside.end());
        }
        append(check_closure(all));
    }
    return {};
}

Result<Findings> verify_directory(
    const std::filesystem::path& directory, const VerifyOptions& options, ThreadPool& pool
) {
    Findings findings;
    RepositoryIndex index;
    index.location.base = directory.string();
    const auto whole = std::filesystem::absolute(directory).lexically_normal();
    index.architecture =
        (whole.has_filename() ? whole.filename() : whole.parent_path().filename()).string();
    QUERN_TRY(
        const std::optional<apk::Index> checked,
        read_checked_index(directory, options.keyring, findings)
    );
    if (!checked) {
        return findings;
    }
    QUERN_TRY(index.packages, apk::IndexTable::of(*checked));
    const auto& entries = checked->entries;
    std::vector<PackageFiles> files(entries.size());
    std::vector<Findings> found(entries.size());
    const auto check_one = [&](std::size_t i) -> Result<void> {
        PackageState state = check_package(directory, entries[i], options);
        if (options.package_limits.cancel != nullptr) {
            QUERN_CHECK(options.package_limits.cancel->check());  // what was cut off is no finding
        }
        found[i] = std::move(state.findings);
        files[i] = std::move(state.files);
        return {};
    };
    QUERN_CHECK(pool.for_each_index(entries.size(), check_one));
    for (const Findings& one : found) {
        findings.insert(findings.end(), one.begin(), one.end());
    }
    QUERN_TRY(const std::vector<std::string> names, names_in(directory));
    check_leftovers(names, *checked, findings);
    check_architectures(index.architecture, *checked, findings);
    check_v3_view(directory, *checked, options.keyring, findings);
    QUERN_CHECK(check_together(directory, index, files, options, findings));
    return findings;
}

}  // namespace

std::string told(const Error& error) {
    return error.help().empty() ? error.message()
                                : fmt::format("{} ({})", error.message(), error.help());
}

bool Finding::is_about_trust() const {
    static constexpr std::string_view others[] = {
        "file-missing",
        "unmet-dependency",
        "not-installable",
        "file-conflict",
        "wrong-architecture",
        "file-unlisted",
        "entry-twice"};
    return std::find(std::begin(others), std::end(others), id) == std::end(others);
}

Result<std::vector<Finding>> verify_repository(
    const std::filesystem::path& directory, const VerifyOptions& options, ThreadPool& pool
) {
    if (!index_in(directory).empty()) {
        return verify_directory(directory, options, pool);
    }
    QUERN_TRY(const std::vector<std::string> names, names_in(directory));
    Findings findings;
    bool has_index = false;
    for (const std::string& name : names) {
        if (index_in(directory / name).empty()) {
            continue;
        }
        has_index = true;
        QUERN_TRY(Findings found, verify_directory(directory / name, options, pool));
        for (Finding& finding : found) {
            finding.where = name + "/" + finding.where;
            findings.push_back(std::move(finding));
        }
    }
    if (!has_index) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format(
                       "{} holds no {} and no {}",
                       printable(directory.string()),
                       index_name,
                       v3_index_name
                   )
        )
            .help(
                "name a repository, or one of its directories for an architecture; `quern index` "
                "makes an index"
            );
    }
    return findings;
}

}  // namespace quern::repository
