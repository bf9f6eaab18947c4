// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "archive/tar_entry.hpp"
#include "archive/tar_reader.hpp"
#include "quern/error.hpp"
#include "seed/content_spool.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace quern::seed {

/// `path` on a system whose bin, sbin and lib directories are links into usr: "lib/x" is
/// "usr/lib/x".
std::string merged_path(std::string_view path);

/// The content of a package while it is put together. Paths are merged as above; whatever the order
/// of the calls, it is written in byte order of the paths, every directory before its content and
/// every hard link behind the file that it links to.
class PackageTree {
 public:
    explicit PackageTree(std::filesystem::path spool_directory)
        : spool_(std::move(spool_directory)) {}

    /// Takes an entry as a foreign archive has it. Devices and FIFOs are passed over, and a link
    /// that merging made point at itself. Errors: invalid_data (a path that leaves the package, a
    /// name twice).
    Result<void> add(archive::TarEntry entry, archive::TarReader& content);
    Result<void> add_directory(const std::string& path, std::uint32_t mode);
    Result<void> add_link(const std::string& path, const std::string& target);
    Result<void> add_file(const std::string& path, std::string_view content, std::uint32_t mode);
    /// Makes missing directories, settles hard links, and drops those that link to nothing. To be
    /// called once, before what is below.
    Result<void> finish();

    using Visitor =
        std::function<Result<void>(const archive::TarEntry& entry, std::string_view content)>;
    /// Calls `visit` for each entry in order; content is that of regular files.
    Result<void> for_each(const Visitor& visit);
    Result<void> write(apk::DataSink& sink);

 private:
    struct Item {
        archive::TarEntry entry;
        ContentSpool::Place content;
    };
    Result<void> put(archive::TarEntry entry, const ContentSpool::Place& content);
    Result<void> settle_hard_links();
    std::string first_name(const std::string& path) const;

    ContentSpool spool_;
    std::map<std::string, Item, std::less<>> items_;
};

}  // namespace quern::seed
