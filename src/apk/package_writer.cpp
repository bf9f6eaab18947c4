// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/package_writer.hpp"

#include "apk/data_section.hpp"
#include "apk/script_names.hpp"
#include "apk/signature_section.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::apk {

namespace {

/// apk 3 silently runs no longer ones. Source: apk-format 1.3.
constexpr std::size_t longest_script = std::size_t{256} << 10U;

bool is_script(std::string_view name) {
    return std::find(script_names.begin(), script_names.end(), name) != script_names.end();
}

Result<void> check_control_file(const std::string& name, const std::string& content) {
    const bool is_control = name.size() > 1 && name.starts_with('.') &&
                            name.find('/') == std::string::npos && name != "..";
    if (!is_control || name == ".PKGINFO" || is_signature_name(name)) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("'{}' cannot be a file of the control section", printable(name))
        );
    }
    if (is_script(name) && content.size() > longest_script) {
        return Error(
            ErrorCode::limit,
            fmt::format("the script {} has more than 256 KiB: clients do not run it", name)
        );
    }
    return {};
}

archive::TarEntry control_entry(
    const std::string& name, std::size_t size, const PackageWriterOptions& options
) {
    archive::TarEntry entry;
    entry.path = name;
    entry.mode = is_script(name) ? 0755 : 0644;
    entry.user_name = "root";
    entry.group_name = "root";
    entry.size = size;
    entry.mtime = options.timestamp.seconds();
    return entry;
}

/// `.PKGINFO` stands first whatever the others are called: tools know the section by it.
Result<std::string> pack_control(
    const std::string& info,
    const std::map<std::string, std::string>& files,
    const PackageWriterOptions& options
) {
    archive::StringSink tar;
    archive::TarWriter writer(tar);
    QUERN_CHECK(writer.add(control_entry(".PKGINFO", info.size(), options), info));
    for (const auto& [name, content] : files) {
        QUERN_CHECK(writer.add(control_entry(name, content.size(), options), content));
    }
    QUERN_CHECK(writer.finish_without_end_blocks());
    return archive::gzip_compress(tar.text(), {.level = options.compression_level});
}

Result<std::string> sign_control(std::string_view control, const Signer& key, std::int64_t mtime) {
    SignedDigests digests;
    digests.update(control);
    QUERN_TRY(const Signature signature, key.sign(digests));
    return make_signature_section(signature, mtime);
}

/// The size that is written: a client takes a package of size 0 for a virtual one and neither
/// unpacks it nor runs its scripts.
std::uint64_t written_size(
    const SpooledData& data, const std::map<std::string, std::string>& control_files
) {
    const bool has_script =
        std::any_of(control_files.begin(), control_files.end(), [](const auto& file) {
            return is_script(file.first);
        });
    if (data.installed_size == 0 && (has_script || !data.is_empty)) {
        return 1;
    }
    return data.installed_size;
}

Result<void> check_control(
    PackageInfo info, const std::map<std::string, std::string>& control_files
) {
    info.data_hash.clear();
    QUERN_TRY([[maybe_unused]] const std::string checked, info.to_string());
    for (const auto& [name, content] : control_files) {
        QUERN_CHECK(check_control_file(name, content));
    }
    return {};
}

}  // namespace

Result<WrittenPackage> write_package(
    const std::filesystem::path& directory,
    PackageInfo info,
    const std::map<std::string, std::string>& control_files,
    const DataWriter& write_data,
    const PackageWriterOptions& options
) {
    // What is wrong with the names is known before the work of packing.
    QUERN_CHECK(check_control(info, control_files));
    QUERN_TRY(const SpooledData data, spool_data(directory, write_data, options));
    return write_package(directory, std::move(info), control_files, data, options);
}

Result<WrittenPackage> write_package(
    const std::filesystem::path& directory,
    PackageInfo info,
    const std::map<std::string, std::string>& control_files,
    const SpooledData& data,
    const PackageWriterOptions& options
) {
    QUERN_CHECK(check_control(info, control_files));
    info.installed_size = written_size(data, control_files);
    info.data_hash = data.data_hash;
    QUERN_TRY(const std::string info_text, info.to_string());
    PackageParts parts{.data_fd = data.fd.get(), .data_size = data.size};
    QUERN_TRY(parts.control, pack_control(info_text, control_files, options));
    if (options.key != nullptr) {
        QUERN_TRY(
            parts.signature, sign_control(parts.control, *options.key, options.timestamp.seconds())
        );
    }
    WrittenPackage written;
    written.path = directory / info.file_name();
    QUERN_CHECK(assemble_package(written.path, parts));
    written.checksum = "Q1" + digest_of(DigestKind::sha1, parts.control).base64();
    written.data_hash = data.data_hash;
    written.file_size = parts.signature.size() + parts.control.size() + data.size;
    QUERN_TRY(written.info, PackageInfo::parse(info_text));
    return written;
}

}  // namespace quern::apk
