// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The container: a magic and the name of the schema, then blocks padded to eight bytes: the
// payload, and a signature over its SHA-512. All behind the magic is one deflate stream.
#include "apk/adb_index.hpp"

#include "apk/adb_writer.hpp"
#include "archive/gzip_writer.hpp"
#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace quern::apk {

namespace {

using Value = AdbWriter::Value;

constexpr std::string_view schema = "indx";

enum Block : std::uint32_t { payload_block = 0, signature_block = 1 };

constexpr unsigned conflict_bit = 16;  ///< of `match`, beside those of Dependency

/// Collects what is wrong, so that building an object is a list of fields.
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
        if (!problem_.empty() || writer_.is_too_large()) {
            return Error(
                ErrorCode::invalid_data,
                problem_.empty() ? "Packages.adb: more than the format holds" : problem_
            );
        }
        return writer_.finish(root);
    }

 private:
    /// Fields by their number. Source: apk-format 7 (pkginfo).
    Value package(const IndexEntry& entry) {
        const auto identity = Digest::from_base64(
            DigestKind::sha1,
            std::string_view(entry.checksum).substr(std::min<std::size_t>(2, entry.checksum.size()))
        );
        const auto commit = Digest::from_hex(DigestKind::sha1, entry.commit);
        const bool has_date = entry.build_date && *entry.build_date > 0;
        return writer_.object({
            writer_.blob(entry.name),
            writer_.blob(entry.version),
            identity ? raw(*identity) : AdbWriter::null,
            writer_.blob(entry.description),
            writer_.blob(entry.architecture),
            writer_.blob(entry.license),
            writer_.blob(entry.origin),
            writer_.blob(entry.maintainer),
            writer_.blob(entry.url),
            commit ? raw(*commit) : AdbWriter::null,
            has_date ? writer_.number(static_cast<std::uint64_t>(*entry.build_date))
                     : AdbWriter::null,
            writer_.number(entry.installed_size),
            writer_.number(entry.file_size),
            entry.provider_priority != 0 ? writer_.number(entry.provider_priority)
                                         : AdbWriter::null,
            relations(entry, entry.depends),
            relations(entry, entry.provides),
            AdbWriter::null,  // replaces: an index of version 2 does not know them
            relations(entry, entry.install_if),
        });
    }

    Value raw(const Digest& digest) {
        const auto bytes = digest.bytes();
        return writer_.blob({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }

    Value relations(const IndexEntry& entry, const std::vector<std::string>& texts) {
        std::vector<Dependency> list;
        for (const std::string& text : texts) {
            auto relation = Dependency::parse(text);
            if (relation && !relation->is_identity) {
                list.push_back(std::move(*relation));
            } else if (problem_.empty()) {
                problem_ = fmt::format(
                    "Packages.adb: '{}' of {} cannot be written", printable(text), entry.name
                );
            }
        }
        std::stable_sort(list.begin(), list.end(), [](const Dependency& a, const Dependency& b) {
            return a.name < b.name;
        });
        std::vector<Value> values;
        for (const Dependency& relation : list) {
            const unsigned match = relation.match | (relation.is_conflict ? conflict_bit : 0U);
            // Absent means equal with a version, and any without.
            const unsigned usual = relation.has_version() ? Dependency::equal : Dependency::any;
            values.push_back(writer_.object({
                writer_.blob(relation.name),
                writer_.blob(relation.version),
                match == usual ? AdbWriter::null : writer_.number(match),
            }));
        }
        return writer_.array(values);
    }

    AdbWriter writer_;
    std::string problem_;
};

std::string block_of(Block type, std::string_view content) {
    constexpr std::size_t word = 4;
    constexpr std::size_t alignment = 8;
    std::string block =
        little_endian(static_cast<std::uint32_t>(type) << 30U | (content.size() + word), word);
    block += content;
    block.resize((block.size() + alignment - 1) / alignment * alignment, '\0');
    return block;
}

/// The RSAPublicKey inside a SubjectPublicKeyInfo: what follows the header of its bit string.
Result<std::string> rsa_public_key(const PublicKey& key) {
    std::string base64;
    const std::string pem = key.to_pem();
    for (const std::string_view line : split(pem, '\n')) {
        base64 += line.starts_with("-----") ? std::string_view() : line;
    }
    // Behind the algorithm: tag 3, a length of one to three bytes, no unused bits, a sequence.
    const auto bytes = from_base64(base64);
    constexpr std::string_view algorithm("\x01\x01\x01\x05\x00\x03", 6);
    const std::size_t at = bytes ? bytes->find(algorithm) : std::string::npos;
    const std::size_t begin =
        at == std::string::npos ? at : bytes->find(std::string_view("\0\x30", 2), at + 6);
    if (begin == std::string::npos) {
        return Error(ErrorCode::invalid_data, "the public key has an unknown form");
    }
    return bytes->substr(begin + 1);
}

/// Version 0, digest 4 (SHA-512), the key's id. Source: apk-format 7 (signature).
Result<std::string> sign(std::string_view payload, const Signer& key) {
    constexpr std::size_t id_size = 16;
    const auto raw = [](const Digest& digest) {
        return std::string(
            reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()
        );
    };
    QUERN_TRY(const PublicKey public_key, key.public_key());
    QUERN_TRY(const std::string rsa, rsa_public_key(public_key));
    std::string head("\x00\x04", 2);
    head += raw(digest_of(DigestKind::sha512, rsa)).substr(0, id_size);
    SignedDigests digests;
    digests.update(schema);
    digests.update(head);
    digests.update(raw(digest_of(DigestKind::sha512, payload)));
    QUERN_TRY(const Signature signature, key.sign(digests, SignatureKind::rsa512));
    return head + signature.bytes;
}

}  // namespace

Result<std::string> write_adb_index(
    const Index& index, std::string_view pkgname_spec, const Signer* key
) {
    QUERN_TRY(const std::string payload, IndexBuilder().build(index, pkgname_spec));
    std::string plain("ADB.");
    plain += schema;
    plain += block_of(payload_block, payload);
    if (key != nullptr) {
        QUERN_TRY(const std::string signature, sign(payload, *key));
        plain += block_of(signature_block, signature);
    }
    // A gzip member is ten bytes, the deflate stream, and eight bytes of checks.
    constexpr std::size_t head = 10;
    constexpr std::size_t tail = 8;
    QUERN_TRY(const std::string member, archive::gzip_compress(plain));
    return "ADBd" + member.substr(head, member.size() - head - tail);
}

}  // namespace quern::apk
