// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/package_file.hpp"
#include "repository/arch_directory.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace quern::repository {

namespace {

/// Puts entries in an index as Index::merge does, but finds the old one by a table: 3,000 into
/// 3,000 is 9,000,000 comparisons otherwise.
void merge_all(apk::Index& index, std::vector<apk::IndexEntry> entries) {
    std::unordered_map<std::string, std::size_t> places;
    places.reserve(index.entries.size() + entries.size());
    for (std::size_t i = 0; i < index.entries.size(); ++i) {
        places.emplace(index.entries[i].file_name(), i);
    }
    for (apk::IndexEntry& entry : entries) {
        const auto [place, is_new] = places.emplace(entry.file_name(), index.entries.size());
        if (is_new) {
            index.entries.push_back(std::move(entry));
        } else {
            index.entries[place->second] = std::move(entry);
        }
    }
}

Result<apk::Index> read_source(const std::filesystem::path& path) {
    auto bytes = read_file(path);
    if (!bytes) {
        if (bytes.error().code() == ErrorCode::not_found) {
            return apk::Index();
        }
        return std::move(bytes).error();
    }
    auto file = apk::read_index(*bytes, nullptr);
    if (!file) {
        return std::move(file).error().context(fmt::format("reading {}", path.string()));
    }
    return std::move(file->index);
}

/// Keeps publishers out while an index that they write to is changed. Nothing where no lock can be
/// made: a directory that only we know.
std::optional<ArchDirectory> lock_directory_of(const std::filesystem::path& output) {
    const std::filesystem::path parent = output.parent_path();
    auto lock = ArchDirectory::lock(parent.empty() ? std::filesystem::path(".") : parent);
    return lock ? std::optional(std::move(*lock)) : std::nullopt;
}

bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code code;
    return a.lexically_normal() == b.lexically_normal() || std::filesystem::equivalent(a, b, code);
}

}  // namespace

Result<std::vector<apk::IndexEntry>> read_entries(
    std::span<const std::filesystem::path> packages, ThreadPool& pool
) {
    std::vector<apk::IndexEntry> entries(packages.size());
    const auto read_one = [&](std::size_t i) -> Result<void> {
        auto package = apk::PackageFile::open(packages[i]);
        if (!package) {
            return std::move(package).error().context(packages[i].string());
        }
        const apk::PackageHead& head = package->head();
        entries[i] = apk::make_index_entry(head.info, head.checksum, head.file_size);
        return {};
    };
    QUERN_CHECK(pool.for_each_index(packages.size(), read_one));
    return entries;
}

Result<std::vector<std::string>> index_packages(
    const std::filesystem::path& output,
    std::span<const std::filesystem::path> packages,
    const IndexPackagesOptions& options,
    ThreadPool& pool
) {
    QUERN_TRY(std::vector<apk::IndexEntry> entries, read_entries(packages, pool));
    std::vector<std::string> warnings;
    std::vector<apk::IndexEntry> wanted;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!options.architecture.empty() && entries[i].architecture != options.architecture) {
            const std::string place = printable(packages[i].string());
            warnings.push_back(fmt::format("{} is for {}: skipped", place, entries[i].architecture)
            );
        } else {
            wanted.push_back(std::move(entries[i]));
        }
    }
    std::optional<ArchDirectory> lock;
    apk::Index index;
    if (options.merge) {
        if (is_same_file(options.source, output)) {
            lock = lock_directory_of(output);
        }
        QUERN_TRY(index, read_source(options.source));
    }
    merge_all(index, std::move(wanted));
    QUERN_TRY(const std::string bytes, apk::write_index(index, options.key));
    QUERN_CHECK(write_file_atomically(output, bytes));
    return warnings;
}

}  // namespace quern::repository
