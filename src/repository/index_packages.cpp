// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"
#include "apk/provenance_name.hpp"
#include "quern/package_file.hpp"
#include "quern/package_info.hpp"
#include "repository/arch_directory.hpp"
#include "repository/file_guard.hpp"
#include "repository/page.hpp"
#include "repository/prune.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace quern::repository {

namespace {

/// Files as they are, of directories the packages in them by name.
Result<std::vector<std::filesystem::path>> expand(
    std::span<const std::filesystem::path> places, std::vector<std::string>& warnings
) {
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
        if (found.empty()) {
            warnings.push_back(fmt::format(
                "there are no packages in {}: a repository has them in a folder for each "
                "architecture",
                printable(place.string())
            ));
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
        QUERN_TRY(
            const std::vector<std::filesystem::path> packages, expand(places, report_.warnings)
        );
        lock_output();
        guard_ = FileGuard::read(guard_path());
        QUERN_TRY(index_, read_source());
        QUERN_TRY(auto records, read_records(packages, pool));
        records = wanted(packages, std::move(records));
        if (options_.merge) {
            index_.merge(std::move(records));
        } else {
            index_.replace_all(std::move(records));
        }
        QUERN_CHECK(remove_named());
        QUERN_CHECK(keep_newest());
        QUERN_CHECK(write(pool));
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

    /// Whether the index is that of apk 3 alone, which names packages of both versions.
    bool is_v3() const { return output_.extension() == ".adb"; }

    Result<apk::IndexDraft> read_source() const {
        const std::filesystem::path& path = options_.merge ? options_.source : output_;
        if (path.extension() == ".adb") {
            return read_v3_source(path);
        }
        auto bytes = read_file(path, options_.index_limits.file_bytes);
        if (!bytes) {
            return bytes.error().code() == ErrorCode::not_found
                       ? Result<apk::IndexDraft>(apk::IndexDraft())
                       : std::move(bytes).error();
        }
        auto index = read_own_index(std::move(*bytes), options_.key, options_.index_limits);
        if (index) {
            return index;
        }
        // What is replaced as a whole only saves work.
        return options_.merge
                   ? std::move(index).error().context(fmt::format("reading {}", path.string()))
                   : Result<apk::IndexDraft>(apk::IndexDraft());
    }

    Result<apk::IndexDraft> read_v3_source(const std::filesystem::path& path) const {
        auto file = read_own_v3_index(path, options_.key, options_.index_limits);
        if (file) {
            return apk::IndexDraft(file->index);
        }
        // What is replaced as a whole only saves work.
        return !options_.merge || file.error().code() == ErrorCode::not_found
                   ? Result<apk::IndexDraft>(apk::IndexDraft())
                   : std::move(file).error().context(fmt::format("reading {}", path.string()));
    }

    /// Of packages that are as they were the record that the source has; nothing for the others.
    std::vector<const apk::IndexRecord*> known_records(
        std::span<const std::filesystem::path> packages
    ) const {
        std::vector<std::optional<std::string>> checksums(packages.size());
        for (std::size_t i = 0; i < packages.size() && !options_.verify && !guard_.is_empty();
             ++i) {
            checksums[i] = guard_.checksum_of(packages[i]);
        }
        std::vector<const apk::IndexRecord*> known(packages.size());
        if (std::none_of(checksums.begin(), checksums.end(), [](const auto& checksum) {
                return checksum.has_value();
            })) {
            return known;
        }
        std::unordered_map<std::string_view, const apk::IndexRecord*> by_checksum;
        for (const apk::IndexRecord& record : index_.records()) {
            by_checksum.emplace(record.checksum, &record);
        }
        for (std::size_t i = 0; i < packages.size(); ++i) {
            const auto found = checksums[i] ? by_checksum.find(*checksums[i]) : by_checksum.end();
            known[i] = found == by_checksum.end() ? nullptr : found->second;
        }
        return known;
    }

    /// One for each package.
    Result<std::vector<apk::IndexRecord>> read_records(
        std::span<const std::filesystem::path> packages, ThreadPool& pool
    ) {
        const std::vector<const apk::IndexRecord*> known = known_records(packages);
        std::vector<apk::IndexRecord> records(packages.size());
        std::vector<std::size_t> unknown;
        for (std::size_t i = 0; i < packages.size(); ++i) {
            if (known[i] != nullptr) {
                records[i] = *known[i];
            } else {
                unknown.push_back(i);
            }
        }
        std::vector<apk::IndexEntry> entries(unknown.size());
        QUERN_CHECK(pool.for_each_index(unknown.size(), [&](std::size_t i) -> Result<void> {
            QUERN_TRY(entries[i], read_entry(packages[unknown[i]]));
            return {};
        }));
        report_.read = unknown.size();
        const std::vector<apk::IndexRecord> printed = index_.print(entries);
        for (std::size_t i = 0; i < unknown.size(); ++i) {
            guard_.note(packages[unknown[i]], entries[i].checksum);
            records[unknown[i]] = printed[i];
        }
        return records;
    }

    Result<apk::IndexEntry> read_entry(const std::filesystem::path& path) const {
        QUERN_TRY(
            const apk::PackageFile package, apk::PackageFile::open(path, options_.package_limits)
        );
        if (options_.verify) {
            QUERN_CHECK(package.verify_data());
        }
        const apk::PackageHead& head = package.head();
        if (head.control_bytes.empty() && !is_v3()) {
            return Error(
                       ErrorCode::unsupported,
                       fmt::format(
                           "{} is a package of version 3, which an APKINDEX cannot name",
                           printable(path.string())
                       )
            )
                .help("write the index that apk 3 reads: quern index -o Packages.adb PACKAGE...");
        }
        return apk::make_index_entry(head.info, head.checksum, head.file_size);
    }

    std::vector<apk::IndexRecord> wanted(
        std::span<const std::filesystem::path> packages, std::vector<apk::IndexRecord> records
    ) {
        if (options_.architecture.empty()) {
            return records;
        }
        std::vector<apk::IndexRecord> list;
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (records[i].architecture == options_.architecture) {
                list.push_back(records[i]);
            } else {
                report_.warnings.push_back(fmt::format(
                    "{} is for {}: skipped",
                    printable(packages[i].string()),
                    records[i].architecture
                ));
            }
        }
        return list;
    }

    std::size_t drop(const std::function<bool(const apk::IndexRecord&)>& is_dropped) {
        const std::size_t before = report_.dropped.size();
        index_.erase_if([&](const apk::IndexRecord& record) {
            if (is_dropped(record)) {
                report_.dropped.push_back(record.file_name());
                return true;
            }
            return false;
        });
        return report_.dropped.size() - before;
    }

    Result<void> remove_named() {
        for (const std::string& wanted : options_.removed) {
            const std::string name = wanted.substr(0, wanted.find('='));
            const std::string version =
                name.size() < wanted.size() ? wanted.substr(name.size() + 1) : std::string();
            const std::size_t count = drop([&](const apk::IndexRecord& record) {
                return record.name == name && (version.empty() || record.version == version);
            });
            if (count == 0) {
                return Error(
                           ErrorCode::not_found,
                           fmt::format("the index has no {} to remove", printable(wanted))
                )
                    .help("`quern show INDEX` lists what it has");
            }
        }
        return {};
    }

    Result<void> keep_newest() {
        if (options_.keep_versions == 0) {
            return {};
        }
        QUERN_TRY(const apk::Index index, index_.to_index(options_.index_limits));
        QUERN_TRY(const Pruning pruning, prune(index, options_.keep_versions));
        drop([&](const apk::IndexRecord& record) {
            return pruning.dropped.contains(record.file_name());
        });
        report_.warnings.insert(
            report_.warnings.end(), pruning.spared.begin(), pruning.spared.end()
        );
        return {};
    }

    Result<void> write(ThreadPool& pool) const {
        if (!is_v3()) {
            QUERN_TRY(const std::string bytes, index_.write(options_.key, &pool));
            QUERN_CHECK(replace(output_.filename().string(), bytes));
        }
        QUERN_CHECK(write_views());
        if (!guard_path().empty()) {
            std::ignore = guard_.write(guard_path());  // then all is read again next time
        }
        return options_.delete_files ? delete_dropped() : Result<void>();
    }

    /// The same index in other forms.
    Result<void> write_views() const {
        if (!is_v3() && !options_.writes_v3 && options_.repository_url.empty()) {
            return {};
        }
        QUERN_TRY(apk::Index index, index_.to_index(options_.index_limits));
        for (std::size_t i = 0; i < index.entries.size(); ++i) {
            // The text of an APKINDEX has no word for that of version 3.
            index.entries[i].checksum = index_.records()[i].checksum;
        }
        if (is_v3() || options_.writes_v3) {
            const std::string spec =
                directory_name() +
                "/${name}-${version}.apk";  // packages for all machines lie there too
            QUERN_TRY(const std::string adb, apk::write_adb_index(index, spec, options_.key));
            QUERN_CHECK(replace(is_v3() ? output_.filename().string() : "Packages.adb", adb));
        }
        if (options_.repository_url.empty()) {
            return {};
        }
        const PageOptions page = {
            .repository_url = options_.repository_url,
            .architecture = directory_name(),
            .key_name = options_.key == nullptr ? "" : options_.key->public_key_name(),
        };
        return replace("index.html", make_page(index, page));
    }

    /// Behind the index: no visible entry names them any more.
    Result<void> delete_dropped() const {
        for (const std::string& name : report_.dropped) {
            std::error_code code;
            std::filesystem::remove(directory() / name, code);
            if (!code) {
                const std::string provenance = name + std::string(apk::provenance_suffix);
                std::filesystem::remove(directory() / provenance, code);
            }
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
    apk::IndexDraft index_;
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
