// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"

#include "apk/adb_container.hpp"
#include "apk/adb_info.hpp"
#include "apk/adb_writer.hpp"
#include "quern/version.hpp"
#include "support/digest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace quern::apk {

namespace {

using Value = AdbWriter::Value;

constexpr std::string_view schema = "indx";

class IndexBuilder {
 public:
    Result<std::string> build(const Index& index, std::string_view pkgname_spec) {
        std::vector<const IndexEntry*> entries;
        for (const IndexEntry& entry : index.entries) {
            entries.push_back(&entry);
        }
        std::stable_sort(
            entries.begin(),
            entries.end(),
            [](const IndexEntry* a, const IndexEntry* b) {
                return a->name != b->name ? a->name < b->name
                                          : compare_versions(a->version, b->version) < 0;
            }
        );
        std::vector<Value> packages;
        for (const IndexEntry* entry : entries) {
            packages.push_back(package(*entry));
        }
        const Value root = writer_.object(
            {writer_.blob(index.description), writer_.array(packages), writer_.blob(pkgname_spec)}
        );
        if (!info_.problem().empty() || writer_.is_too_large()) {
            const std::string& problem = info_.problem();
            return Error(
                ErrorCode::invalid_data,
                "Packages.adb: " + (problem.empty() ? "more than the format holds" : problem)
            );
        }
        return writer_.finish(root);
    }

 private:
    Value package(const IndexEntry& entry) {
        // A package of version 3 has a SHA-256 where one of version 2 has a SHA-1.
        const bool is_v3 = entry.checksum.starts_with("Q2");
        const auto identity = Digest::from_base64(
            is_v3 ? DigestKind::sha256 : DigestKind::sha1,
            std::string_view(entry.checksum).substr(std::min<std::size_t>(2, entry.checksum.size()))
        );
        // An index of version 2 does not know what a package replaces.
        return info_.add(entry, {}, identity ? raw(*identity) : AdbWriter::null);
    }

    Value raw(const Digest& digest) {
        const auto bytes = digest.bytes();
        return writer_.blob({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }

    AdbWriter writer_;
    AdbInfo info_{writer_};
};

}  // namespace

Result<std::string> write_adb_index(
    const Index& index, std::string_view pkgname_spec, const Signer* key
) {
    QUERN_TRY(const std::string payload, IndexBuilder().build(index, pkgname_spec));
    archive::StringSink file;
    AdbSink sink(file, {});
    QUERN_CHECK(sink.write("ADB."));
    QUERN_CHECK(sink.write(schema));
    QUERN_CHECK(sink.write(adb_block(AdbBlock::payload, payload)));
    if (key != nullptr) {
        QUERN_TRY(const std::string signature, sign_adb(schema, payload, *key));
        QUERN_CHECK(sink.write(adb_block(AdbBlock::signature, signature)));
    }
    QUERN_CHECK(sink.finish());
    return file.take();
}

}  // namespace quern::apk
