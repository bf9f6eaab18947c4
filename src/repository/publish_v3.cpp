// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/publish_v3.hpp"

#include "apk/adb_index.hpp"
#include "apk/package_v3_writer.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"
#include "repository/arch_directory.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

/// One call of `publish_v3` while it holds the lock.
class PublicationV3 {
 public:
    PublicationV3(
        const ArchDirectory& directory,
        std::span<const std::filesystem::path> packages,
        const apk::PackageWriterOptions& options
    )
        : directory_(directory), packages_(packages), options_(options) {}

    Result<std::vector<apk::WrittenPackage>> run() {
        if (const auto successor = directory_.make_successor()) {
            QUERN_CHECK(fill(*successor));
            QUERN_TRY(const bool is_exchanged, directory_.exchange(*successor));
            QUERN_CHECK(remove_tree(*successor));
            if (is_exchanged) {
                return std::move(written_);
            }
        }
        QUERN_CHECK(remove_tree(directory_.beside("next")));
        written_.clear();
        QUERN_CHECK(fill(directory_.path()));
        return std::move(written_);
    }

 private:
    Result<void> fill(const std::filesystem::path& place) {
        for (const std::filesystem::path& path : packages_) {
            QUERN_TRY(const apk::PackageFile package, apk::PackageFile::open(path));
            QUERN_TRY(apk::WrittenPackage written, apk::write_package_v3(package, place, options_));
            written_.push_back(std::move(written));
        }
        QUERN_TRY(const apk::Index index, read_all(place));
        const std::string spec = directory_.path().filename().string() + "/${name}-${version}.apk";
        QUERN_TRY(const std::string bytes, apk::write_adb_index(index, spec, options_.key));
        return write_file_atomically(place / "Packages.adb", bytes);
    }

    static Result<apk::Index> read_all(const std::filesystem::path& place) {
        apk::Index index;
        std::error_code code;
        for (std::filesystem::directory_iterator i(place, code), end; !code && i != end;
             i.increment(code)) {
            const std::string name = i->path().filename().string();
            if (i->path().extension() != ".apk" || name.starts_with('.')) {
                continue;
            }
            QUERN_TRY(const apk::PackageFile package, apk::PackageFile::open(i->path()));
            const apk::PackageHead& head = package.head();
            index.entries.push_back(apk::make_index_entry(head.info, head.checksum, head.file_size)
            );
        }
        if (code) {
            return Error::system(code.value(), fmt::format("listing {}", place.string()));
        }
        index.sort();
        return index;
    }

    const ArchDirectory& directory_;
    std::span<const std::filesystem::path> packages_;
    const apk::PackageWriterOptions& options_;
    std::vector<apk::WrittenPackage> written_;
};

}  // namespace

Result<std::vector<apk::WrittenPackage>> publish_v3(
    const std::filesystem::path& repository,
    std::string_view architecture,
    std::span<const std::filesystem::path> packages,
    const apk::PackageWriterOptions& options
) {
    const std::filesystem::path path = repository / "v3" / architecture;
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", path.string()));
    }
    QUERN_TRY(const ArchDirectory directory, ArchDirectory::lock(path));
    QUERN_TRY(auto written, PublicationV3(directory, packages, options).run());
    for (apk::WrittenPackage& package : written) {
        package.path = path / package.path.filename();
    }
    return written;
}

}  // namespace quern::repository
