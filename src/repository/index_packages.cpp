// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"
#include "quern/package_file.hpp"
#include "quern/package_info.hpp"
#include "quern/version.hpp"
#include "repository/arch_directory.hpp"
#include "repository/file_guard.hpp"
#include "repository/page.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace quern::repository {

namespace {

/// Files as they are, of directories the packages in them by name.
Result<std::vector<std::filesystem::path>> expand(std::span<const std::filesystem::path> places) {
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& place : places) {
        std::error_code code;
        if (!std::filesystem::is_directory(place, code)) {
            files.push_back(place);
            continue;
        }
        std::vector<std::filesystem::path> found;
        for (std::filesystem::directory_iterator i(place, code), end; !code && i != end;
             i.increment(code)) {
            if (i->path().extension() == ".apk" &&
                !i->path().filename().string().starts_with('.')) {
                found.push_back(i->path());
            }
        }
        if (code) {
            return Error::system(code.value(), fmt::format("listing {}", place.string()));
        }
        std::sort(found.begin(), found.end());
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

/// One call of `index_packages`.
class Indexing {
 public:
    Indexing(const std::filesystem::path& output, const IndexPackagesOptions& options)
        : output_(output), options_(options) {}

    Result<IndexPackagesReport> run(
        std::span<const std::filesystem::path> places, ThreadPool& pool
    ) {
        QUERN_TRY(const std::vector<std::filesystem::path> packages, expand(places));
        lock_output();
        guard_ = FileGuard::read(guard_path());
        QUERN_TRY(apk::Index source, read_source());
        QUERN_TRY(std::vector<apk::IndexEntry> entries, read_entries(source, packages, pool));
        if (options_.merge) {
            index_ = std::move(source);
        }
        index_.merge(wanted(packages, std::move(entries)));
        QUERN_CHECK(remove_named());
        keep_newest();
        QUERN_CHECK(write());
        return std::move(report_);
    }

 private:
    std::filesystem::path directory() const {
        const std::filesystem::path parent = output_.parent_path();
        return parent.empty() ? std::filesystem::path(".") : parent;
    }

    std::string directory_name() const {
        std::error_code code;
        return std::filesystem::absolute(directory(), code).lexically_normal().filename().string();
    }

    /// Keeps publishers out while an index that they write to is changed. Nothing where no lock can
    /// be made: a directory that only we know.
    void lock_output() {
        auto lock = ArchDirectory::lock(directory());
        if (lock) {
            lock_.emplace(std::move(*lock));
        }
    }

    /// Beside any other folder is no place for files of ours.
    bool is_in_repository() const {
        const auto& known = apk::known_architectures();
        return lock_ && std::find(known.begin(), known.end(), directory_name()) != known.end();
    }
    std::filesystem::path guard_path() const {
        return is_in_repository() ? lock_->beside("files") : std::filesystem::path();
    }

    Result<void> replace(const std::string& name, std::string_view bytes) const {
        return is_in_repository() ? lock_->replace(name, bytes)
                                  : write_file_atomically(directory() / name, bytes);
    }

    Result<apk::Index> read_source() const {
        const std::filesystem::path& path = options_.merge ? options_.source : output_;
        auto bytes = read_file(path, options_.index_limits.file_bytes);
        if (!bytes) {
            return bytes.error().code() == ErrorCode::not_found ? Result<apk::Index>(apk::Index())
                                                                : std::move(bytes).error();
        }
        auto file = read_own_index(*bytes, options_.key, options_.index_limits);
        if (file) {
            return std::move(file->index);
        }
        // What is replaced as a whole only saves work.
        return options_.merge
                   ? std::move(file).error().context(fmt::format("reading {}", path.string()))
                   : Result<apk::Index>(apk::Index());
    }

    Result<std::vector<apk::IndexEntry>> read_entries(
        const apk::Index& source, std::span<const std::filesystem::path> packages, ThreadPool& pool
    ) {
        std::unordered_map<std::string, const apk::IndexEntry*> known;
        for (const apk::IndexEntry& entry : source.entries) {
            known.emplace(entry.checksum, &entry);
        }
        std::vector<apk::IndexEntry> entries(packages.size());
        std::vector<std::size_t> unknown;
        for (std::size_t i = 0; i < packages.size(); ++i) {
            const auto checksum = options_.verify ? std::nullopt : guard_.checksum_of(packages[i]);
            const auto found = checksum ? known.find(*checksum) : known.end();
            if (found != known.end()) {
                entries[i] = *found->second;
            } else {
                unknown.push_back(i);
            }
        }
        const auto read_one = [&](std::size_t i) -> Result<void> {
            const std::filesystem::path& path = packages[unknown[i]];
            QUERN_TRY(
                const apk::PackageFile package,
                apk::PackageFile::open(path, options_.package_limits)
            );
            const apk::PackageHead& head = package.head();
            entries[unknown[i]] = apk::make_index_entry(head.info, head.checksum, head.file_size);
            return {};
        };
        QUERN_CHECK(pool.for_each_index(unknown.size(), read_one));
        report_.read = unknown.size();
        for (const std::size_t i : unknown) {
            guard_.note(packages[i], entries[i].checksum);
        }
        return entries;
    }

    std::vector<apk::IndexEntry> wanted(
        std::span<const std::filesystem::path> packages, std::vector<apk::IndexEntry> entries
    ) {
        std::vector<apk::IndexEntry> list;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (options_.architecture.empty() || entries[i].architecture == options_.architecture) {
                list.push_back(std::move(entries[i]));
            } else {
                report_.warnings.push_back(fmt::format(
                    "{} is for {}: skipped",
                    printable(packages[i].string()),
                    entries[i].architecture
                ));
            }
        }
        return list;
    }

    template <typename Predicate>
    std::size_t drop(const Predicate& is_dropped) {
        return std::erase_if(index_.entries, [&](const apk::IndexEntry& entry) {
            if (is_dropped(entry)) {
                report_.dropped.push_back(entry.file_name());
                return true;
            }
            return false;
        });
    }

    Result<void> remove_named() {
        for (const std::string& wanted : options_.removed) {
            const std::string name = wanted.substr(0, wanted.find('='));
            const std::string version =
                name.size() < wanted.size() ? wanted.substr(name.size() + 1) : std::string();
            const std::size_t count = drop([&](const apk::IndexEntry& entry) {
                return entry.name == name && (version.empty() || entry.version == version);
            });
            if (count == 0) {
                return Error(
                    ErrorCode::not_found,
                    fmt::format("the index has no {} to remove", printable(wanted))
                );
            }
        }
        return {};
    }

    void keep_newest() {
        if (options_.keep_versions == 0) {
            return;
        }
        std::map<std::string, std::vector<std::string>> versions;
        for (const apk::IndexEntry& entry : index_.entries) {
            versions[entry.name].push_back(entry.version);
        }
        std::set<std::pair<std::string, std::string>> superseded;
        for (auto& [name, list] : versions) {
            std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
                return apk::compare_versions(a, b) > 0;
            });
            for (std::size_t i = options_.keep_versions; i < list.size(); ++i) {
                superseded.emplace(name, list[i]);
            }
        }
        drop([&](const apk::IndexEntry& entry) {
            return superseded.contains({entry.name, entry.version});
        });
    }

    Result<void> write() const {
        QUERN_TRY(const std::string bytes, apk::write_index(index_, options_.key));
        QUERN_CHECK(replace(output_.filename().string(), bytes));
        if (options_.writes_v3) {
            const std::string spec =
                directory_name() +
                "/${name}-${version}.apk";  // packages for all machines lie there too
            QUERN_TRY(const std::string adb, apk::write_adb_index(index_, spec, options_.key));
            QUERN_CHECK(replace("Packages.adb", adb));
        }
        if (!options_.repository_url.empty()) {
            const PageOptions page = {
                .repository_url = options_.repository_url,
                .architecture = directory_name(),
                .key_name = options_.key == nullptr ? "" : options_.key->public_key_name(),
            };
            QUERN_CHECK(replace("index.html", make_page(index_, page)));
        }
        if (!guard_path().empty()) {
            std::ignore = guard_.write(guard_path());  // then all is read again next time
        }
        return options_.delete_files ? delete_dropped() : Result<void>();
    }

    /// Behind the index: no visible entry names them any more.
    Result<void> delete_dropped() const {
        for (const std::string& name : report_.dropped) {
            std::error_code code;
            std::filesystem::remove(directory() / name, code);
            if (code) {
                return Error::system(code.value(), fmt::format("removing {}", name));
            }
        }
        return {};
    }

    const std::filesystem::path& output_;
    const IndexPackagesOptions& options_;
    std::optional<ArchDirectory> lock_;
    FileGuard guard_;
    apk::Index index_;
    IndexPackagesReport report_;
};

}  // namespace

Result<IndexPackagesReport> index_packages(
    const std::filesystem::path& output,
    std::span<const std::filesystem::path> packages,
    const IndexPackagesOptions& options,
    ThreadPool& pool
) {
    return Indexing(output, options).run(packages, pool);
}

}  // namespace quern::repository
