// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/apk/test_packages.hpp"

#include "archive/byte_stream.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>

namespace quern::test {

namespace {

archive::TarEntry entry(archive::TarType type, std::string path, std::uint32_t mode) {
    archive::TarEntry made;
    made.type = type;
    made.path = std::move(path);
    made.mode = mode;
    return made;
}

void add_checksum(archive::TarEntry& entry, std::string_view bytes) {
    entry.records.emplace_back("APK-TOOLS.checksum.SHA1", digest_of(DigestKind::sha1, bytes).hex());
}

}  // namespace

TarPart directory(std::string path) {
    return {entry(archive::TarType::directory, std::move(path), 0755), ""};
}

TarPart plain(std::string path, std::string content) {
    TarPart part{entry(archive::TarType::file, std::move(path), 0644), std::move(content)};
    part.first.size = part.second.size();
    return part;
}

TarPart file(std::string path, std::string content) {
    TarPart part = plain(std::move(path), std::move(content));
    add_checksum(part.first, part.second);
    return part;
}

TarPart soft_link(std::string path, std::string target) {
    TarPart part{entry(archive::TarType::symlink, std::move(path), 0777), ""};
    add_checksum(part.first, target);
    part.first.link_target = std::move(target);
    return part;
}

TarPart hard_link(std::string path, std::string target) {
    TarPart part{entry(archive::TarType::hard_link, std::move(path), 0644), ""};
    part.first.link_target = std::move(target);
    return part;
}

std::string tar_of(const std::vector<TarPart>& parts, bool end_blocks) {
    archive::StringSink sink;
    archive::TarWriter writer(sink);
    for (const auto& [each, content] : parts) {
        REQUIRE(writer.add(each, content));
    }
    REQUIRE((end_blocks ? writer.finish_with_end_blocks() : writer.finish_without_end_blocks()));
    return sink.take();
}

std::string member_of(const std::vector<TarPart>& parts, bool end_blocks) {
    auto bytes = archive::gzip_compress(tar_of(parts, end_blocks));
    REQUIRE(bytes);
    return *bytes;
}

RawPackage::RawPackage()
    : data_parts{directory("usr"), file("usr/a", "hello\n"), soft_link("usr/b", "a"), hard_link("usr/c", "usr/a")},
      info("pkgname = demo\npkgver = 1-r0\narch = x86_64\nsize = 7\n") {}

std::string RawPackage::data_hash() const {
    return digest_of(DigestKind::sha256, data).hex();
}

std::string RawPackage::bytes() {
    if (data.empty()) {
        data = member_of(data_parts, true);
    }
    if (control.empty()) {
        control = member_of({plain(".PKGINFO", info + "datahash = " + data_hash() + "\n")}, false);
    }
    return signature + control + data + behind;
}

Result<apk::PackageFile> open_bytes(std::string_view bytes, const apk::PackageLimits& limits) {
    const int fd = ::memfd_create("package", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(write_all(fd, bytes));
    return apk::PackageFile::open_fd(fd, limits);
}

Result<void> verify_bytes(std::string_view bytes, const apk::PackageLimits& limits) {
    QUERN_TRY(const apk::PackageFile package, open_bytes(bytes, limits));
    return package.verify_data();
}

}  // namespace quern::test
