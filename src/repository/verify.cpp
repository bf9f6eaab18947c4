// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/package_file.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

using Problems = std::vector<RepositoryProblem>;

constexpr std::string_view index_name = "APKINDEX.tar.gz";

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

/// Everything between one entry and the files in its package.
Problems check_package(
    const std::filesystem::path& directory,
    const apk::IndexEntry& entry,
    const apk::Keyring& keyring,
    bool ignore_signatures
) {
    Problems problems;
    const auto add = [&](std::string what) {
        problems.push_back({entry.file_name(), std::move(what)});
    };
    const auto package = apk::PackageFile::open(directory / entry.file_name());
    if (!package) {
        add(package.error().code() == ErrorCode::not_found
                ? "the index names it, but there is no such file"
                : package.error().message());
        return problems;
    }
    const apk::PackageHead& head = package->head();
    if (head.checksum != entry.checksum) {
        add(fmt::format(
            "the index says {}, the control section is {}", entry.checksum, head.checksum
        ));
    }
    const auto actual = apk::make_index_entry(head.info, entry.checksum, head.file_size);
    if (const std::string fields = differing_fields(entry, actual); !fields.empty()) {
        add("the index says something else in " + fields);
    }
    if (!ignore_signatures) {
        if (const auto signer = package->verify_signature(keyring); !signer) {
            add(signer.error().message());
        }
    }
    if (const auto checked = package->verify_data(); !checked) {
        add(checked.error().message());
    }
    return problems;
}

void check_leftovers(
    const std::vector<std::string>& names, const apk::Index& index, Problems& problems
) {
    std::set<std::string> known{std::string(index_name), "index.html", "Packages.adb"};
    for (const apk::IndexEntry& entry : index.entries) {
        if (!known.insert(entry.file_name()).second) {
            problems.push_back({entry.file_name(), "the index has it twice"});
        }
    }
    for (const std::string& name : names) {
        if (!known.contains(name)) {
            problems.push_back({printable(name), "no entry of the index names this file"});
        }
    }
}

Result<Problems> verify_directory(
    const std::filesystem::path& directory,
    const apk::Keyring& keyring,
    bool ignore_signatures,
    ThreadPool& pool
) {
    QUERN_TRY(const std::string bytes, read_file(directory / index_name));
    Problems problems;
    auto file = apk::read_index(bytes, ignore_signatures ? nullptr : &keyring);
    if (!file) {
        problems.push_back({std::string(index_name), file.error().message()});
        file = apk::read_index(bytes, nullptr);
        if (!file) {
            return problems;
        }
    }
    const apk::Index& index = file->index;
    std::vector<Problems> found(index.entries.size());
    const auto check_one = [&](std::size_t i) -> Result<void> {
        found[i] = check_package(directory, index.entries[i], keyring, ignore_signatures);
        return {};
    };
    QUERN_CHECK(pool.for_each_index(index.entries.size(), check_one));
    for (Problems& one : found) {
        problems.insert(problems.end(), one.begin(), one.end());
    }
    QUERN_TRY(const std::vector<std::string> names, names_in(directory));
    check_leftovers(names, index, problems);
    return problems;
}

}  // namespace

Result<std::vector<RepositoryProblem>> verify_repository(
    const std::filesystem::path& directory,
    const apk::Keyring& keyring,
    bool ignore_signatures,
    ThreadPool& pool
) {
    std::error_code code;
    if (std::filesystem::exists(directory / index_name, code)) {
        return verify_directory(directory, keyring, ignore_signatures, pool);
    }
    QUERN_TRY(const std::vector<std::string> names, names_in(directory));
    Problems problems;
    bool has_index = false;
    for (const std::string& name : names) {
        if (!std::filesystem::exists(directory / name / index_name, code)) {
            continue;
        }
        has_index = true;
        QUERN_TRY(
            const Problems found,
            verify_directory(directory / name, keyring, ignore_signatures, pool)
        );
        for (const RepositoryProblem& problem : found) {
            problems.push_back({name + "/" + problem.where, problem.what});
        }
    }
    if (!has_index) {
        return Error(
            ErrorCode::not_found, fmt::format("{} holds no {}", directory.string(), index_name)
        );
    }
    return problems;
}

}  // namespace quern::repository
