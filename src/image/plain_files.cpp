// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/plain_files.hpp"

#include "archive/byte_stream.hpp"
#include "image/json_text.hpp"
#include "image/root_tree.hpp"
#include "support/digest.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>

namespace quern::image {
namespace {

DataEntry entry_of(const PlainFile& file, std::uint64_t size, Spool& spool) {
    DataEntry data;
    data.entry.path = without_root(file.path);
    data.entry.mode = file.mode;
    data.entry.uid = file.uid;
    data.entry.gid = file.gid;
    data.entry.size = size;
    data.offset = spool.reserve(size);
    return data;
}

Result<DataEntry> make_file(const PlainFile& file, const std::string& content, Spool& spool) {
    DataEntry data = entry_of(file, content.size(), spool);
    data.checksum = digest_of(DigestKind::sha1, content).hex();
    QUERN_CHECK(spool.write_at(data.offset, content));
    return data;
}

/// Takes as many bytes as the file had when it was opened.
Result<DataEntry> copy_file(const PlainFile& file, Spool& spool) {
    QUERN_TRY(const UniqueFd fd, open_source(file));
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("reading {}", printable(file.source)));
    }
    DataEntry data = entry_of(file, static_cast<std::uint64_t>(status.st_size), spool);
    archive::FdSource source(fd.get());
    Hasher hasher(DigestKind::sha1);
    std::string buffer(std::size_t{256} << 10U, '\0');
    std::uint64_t done = 0;
    for (;;) {
        QUERN_TRY(const std::size_t count, source.read(buffer));
        if (count == 0 || done + count > data.entry.size) {
            done += count;
            break;
        }
        const std::string_view bytes = std::string_view(buffer).substr(0, count);
        hasher.update(bytes);
        QUERN_CHECK(spool.write_at(data.offset + done, bytes));
        done += count;
    }
    if (done != data.entry.size) {
        return Error(
            ErrorCode::io, fmt::format("{} changed while it was read", printable(file.source))
        );
    }
    data.checksum = hasher.finish().hex();
    return data;
}

/// The directories above the files, each once, those above first.
std::vector<DataEntry> directories_of(const std::map<std::string, DataEntry>& files) {
    std::set<std::string> paths;
    for (const auto& [path, data] : files) {
        for (std::size_t at = path.find('/'); at != std::string::npos;
             at = path.find('/', at + 1)) {
            paths.insert(path.substr(0, at));
        }
    }
    std::vector<DataEntry> directories;
    for (const std::string& path : paths) {
        DataEntry data;
        data.entry.type = archive::TarType::directory;
        data.entry.path = path;
        data.entry.mode = 0755;
        directories.push_back(std::move(data));
    }
    return directories;
}

/// An SBOM of the form that packages bring. Source: SPDX 2.3.
std::string sbom_of(const apk::PackageInfo& info, const std::map<std::string, DataEntry>& files) {
    const std::string id = fmt::format("SPDXRef-Package-{}-{}", info.name, info.version);
    Json listed = Json::array();
    std::size_t number = 0;
    for (const auto& [path, data] : files) {
        listed.push_back(
            {{"SPDXID", fmt::format("SPDXRef-File-{}", ++number)},
             {"fileName", "/" + path},
             {"checksums",
              Json::array({{{"algorithm", "SHA1"}, {"checksumValue", data.checksum}}})}}
        );
    }
    return json_text(
               {
                   {"SPDXID", "SPDXRef-DOCUMENT"},
                   {"name", fmt::format("apk-{}-{}", info.name, info.version)},
                   {"spdxVersion", "SPDX-2.3"},
                   {"creationInfo",
                    {{"created", "1970-01-01T00:00:00Z"}, {"creators", {"Tool: quern"}}}},
                   {"dataLicense", "CC0-1.0"},
                   {"documentNamespace",
                    fmt::format("https://spdx.org/spdxdocs/quern/{}-{}", info.name, info.version)},
                   {"documentDescribes", {id}},
                   {"files", std::move(listed)},
                   {"packages",
                    Json::array(
                        {{{"SPDXID", id},
                          {"name", info.name},
                          {"versionInfo", info.version},
                          {"filesAnalyzed", false},
                          {"licenseConcluded", "NOASSERTION"},
                          {"licenseDeclared", "NOASSERTION"},
                          {"downloadLocation", "NOASSERTION"},
                          {"copyrightText", "NOASSERTION"},
                          {"supplier", "NOASSERTION"},
                          {"originator", "NOASSERTION"}}}
                    )},
                   {"relationships", Json::array()},
               },
               2
           ) +
           "\n";
}

/// A version that is one of apk's, and another one for other files. Source: apk-format 5.
std::string version_of(const std::map<std::string, DataEntry>& files) {
    Hasher hasher(DigestKind::sha256);
    for (const auto& [path, data] : files) {
        hasher.update(fmt::format(
            "{}:{}{:o} {} {} {}\n",
            path.size(),
            path,
            data.entry.mode,
            data.entry.uid,
            data.entry.gid,
            data.checksum
        ));
    }
    const std::string hex = hasher.finish().hex();
    std::uint64_t number = 0;
    for (const char digit : hex.substr(0, 12)) {
        number =
            number * 16 + static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return fmt::format("0.{}-r0", number);
}

}  // namespace

Result<UniqueFd> open_source(const PlainFile& file) {
    const bool is_here = file.directory.empty();
    QUERN_TRY(const FileTree tree, FileTree::open(is_here ? "." : file.directory));
    auto opened = tree.open_file(file.source);
    if (!opened) {
        return std::move(opened).error().context(
            fmt::format("the source of {}", printable(file.path))
        );
    }
    return opened;
}

Result<PackageData> package_of_files(
    const std::vector<PlainFile>& files, const std::string& architecture, Spool& spool
) {
    std::map<std::string, DataEntry> made;
    PackageData package;
    for (const PlainFile& file : files) {
        QUERN_TRY(
            DataEntry data,
            file.source.empty() ? make_file(file, file.content, spool) : copy_file(file, spool)
        );
        package.info.installed_size += data.entry.size;
        made[data.entry.path] = std::move(data);
    }
    package.keeps_owners = true;
    package.info.name = plain_files_name;
    package.info.version = version_of(made);
    package.info.architecture = architecture;
    package.info.origin = plain_files_name;
    package.info.description = "files that the image file names";
    package.info.licenses = {"NOASSERTION"};
    const std::string sbom_path =
        fmt::format("var/lib/db/sbom/{}-{}.spdx.json", package.info.name, package.info.version);
    const std::string sbom = sbom_of(package.info, made);
    PlainFile sbom_file;
    sbom_file.path = sbom_path;
    QUERN_TRY(made[sbom_path], make_file(sbom_file, sbom, spool));
    package.entries = directories_of(made);
    Hasher identity(DigestKind::sha1);
    for (auto& [path, data] : made) {
        identity.update(fmt::format("{} {}\n", path, data.checksum));
        package.entries.push_back(std::move(data));
    }
    package.checksum = "Q1" + identity.finish().base64();
    return package;
}

}  // namespace quern::image
