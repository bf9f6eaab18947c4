// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/package_data.hpp"

#include "archive/byte_stream.hpp"
#include "archive/gzip_reader.hpp"
#include "archive/tar_reader.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::image {
namespace {

constexpr std::string_view checksum_record = "APK-TOOLS.checksum.SHA1";

/// The digest in a record: hex, or "Q1" and base64. Source: image-and-resolver 4.2.
std::string normal_checksum(std::string_view record) {
    if (record.starts_with("Q1")) {
        const auto digest = Digest::from_base64(DigestKind::sha1, record.substr(2));
        return digest ? digest->hex() : std::string();
    }
    return to_lower(record);
}

Result<void> spool_content(DataEntry& data, archive::TarReader& content, Spool& spool) {
    data.offset = spool.reserve(data.entry.size);
    constexpr std::uint64_t piece = std::uint64_t{256} << 10U;
    std::string buffer(std::clamp<std::uint64_t>(data.entry.size, 1, piece), '\0');
    std::uint64_t at = data.offset;
    for (;;) {
        QUERN_TRY(const std::size_t count, content.read(buffer));
        if (count == 0) {
            return {};
        }
        QUERN_CHECK(spool.write_at(at, std::string_view(buffer).substr(0, count)));
        at += count;
    }
}

/// Everything of the control section that may be run. The head has these files too, but neither
/// their order nor their modes.
Result<std::vector<Script>> read_scripts(const apk::PackageHead& head) {
    // Whoever opened the package unpacked this within PackageLimits.
    constexpr std::uint64_t control_limit = std::uint64_t{1} << 40U;
    constexpr std::uint32_t executable = 0555;
    QUERN_TRY(const std::string tar, archive::gzip_decompress(head.control_bytes, control_limit));
    archive::StringSource source(tar);
    archive::TarReader reader(source);
    std::vector<Script> scripts;
    for (;;) {
        QUERN_TRY(auto entry, reader.next());
        if (!entry) {
            return scripts;
        }
        if (entry->type == archive::TarType::file && entry->path != ".PKGINFO" &&
            (entry->mode & executable) == executable) {
            QUERN_TRY(std::string content, reader.read_all(control_limit));
            scripts.push_back({std::move(*entry), std::move(content)});
        }
    }
}

Result<void> read_entries(const apk::PackageFile& package, Spool& spool, PackageData& data) {
    bool is_metadata = true;  // entries in front whose names begin with a dot are not installed
    return package.read_data(
        [&](const archive::TarEntry& entry, archive::TarReader& content) -> Result<void> {
            is_metadata = is_metadata && entry.path.starts_with('.') &&
                          entry.path.find('/') == std::string::npos;
            if (is_metadata || entry.path.empty() || entry.path == ".") {
                return {};
            }
            DataEntry& added = data.entries.emplace_back(DataEntry{entry, {}, 0});
            if (const std::string* checksum = entry.record(std::string(checksum_record))) {
                added.checksum = normal_checksum(*checksum);
            }
            return entry.type == archive::TarType::file ? spool_content(added, content, spool)
                                                        : Result<void>();
        }
    );
}

}  // namespace

Result<PackageData> read_package(const apk::PackageFile& package, Spool& spool) {
    const apk::PackageHead& head = package.head();
    PackageData data;
    data.info = head.info;
    data.checksum = head.checksum;
    data.file_size = head.file_size;
    QUERN_TRY(data.scripts, read_scripts(head));
    if (auto read = read_entries(package, spool, data); !read) {
        return std::move(read).error().context(
            fmt::format("reading {}-{}", head.info.name, head.info.version)
        );
    }
    return data;
}

}  // namespace quern::image
