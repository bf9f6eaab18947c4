// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"

#include "apk/adb_container.hpp"
#include "apk/adb_info.hpp"
#include "apk/adb_reader.hpp"
#include "apk/adb_signer.hpp"
#include "apk/adb_writer.hpp"
#include "quern/version.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <tuple>
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

namespace {

constexpr std::uint64_t largest_signature = std::uint64_t{16} << 10U;
constexpr std::size_t most_signatures = 16;
/// Heads, padding and signatures beside the payload.
constexpr std::uint64_t room_for_blocks = std::uint64_t{1} << 20U;

AdbBounds bounds_of(const IndexLimits& limits) {
    return {limits.text_bytes, limits.text_bytes + room_for_blocks};
}

/// Reads what the payload lists, within the bounds on all of it.
class IndexPayload {
 public:
    IndexPayload(std::string_view payload, const IndexLimits& limits)
        : reader_(payload), limits_(limits) {}

    Result<void> read(AdbIndexFile& file) {
        const AdbReader::Value root = reader_.root();
        file.index.description = reader_.blob(reader_.field(root, 1));
        file.pkgname_spec = reader_.blob(reader_.field(root, 3));
        const AdbReader::Value list = reader_.field(root, 2);
        const std::size_t count = reader_.size(list);
        if (count > limits_.entries) {
            return Error(
                       ErrorCode::limit,
                       fmt::format("it names more than {} packages", limits_.entries)
            )
                .help("raise the limit with --max-index-entries");
        }
        for (std::size_t i = 0; i < count; ++i) {
            QUERN_TRY(IndexEntry entry, read_entry(reader_.item(list, i)));
            file.index.entries.push_back(std::move(entry));
        }
        if (reader_.is_damaged()) {
            return Error(ErrorCode::invalid_data, "what it lists is damaged");
        }
        return {};
    }

 private:
    Result<IndexEntry> read_entry(AdbReader::Value value) {
        auto text = adb_info_text(reader_, value, limits_.text_bytes - used_);
        if (!text) {
            return text.error().code() == ErrorCode::limit
                       ? std::move(text).error().help("raise the limit with --max-index-text-bytes")
                       : std::move(text).error();
        }
        used_ += text->size();
        QUERN_TRY(const PackageInfo info, PackageInfo::parse(*text));
        return make_index_entry(
            info,
            identity(reader_.blob(reader_.field(value, 3))),
            reader_.number(reader_.field(value, 13))
        );
    }

    /// Empty where it is none that is known: such a package cannot be told from another.
    static std::string identity(std::string_view bytes) {
        constexpr std::size_t sha1_size = 20;
        constexpr std::size_t sha256_size = 32;
        const std::span<const std::uint8_t> raw(
            reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()
        );
        if (bytes.size() == sha1_size) {
            return "Q1" + to_base64(raw);
        }
        return bytes.size() == sha256_size ? "Q2" + to_base64(raw) : std::string();
    }

    AdbReader reader_;
    const IndexLimits& limits_;
    std::uint64_t used_ = 0;
};

/// The payload, and signatures that nobody has looked at.
struct SignedPayload {
    std::string payload;
    std::vector<std::string> signatures;
};

Result<SignedPayload> read_blocks(int fd, const IndexLimits& limits) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        const int error = errno;
        return Error::system(error, "looking at the index");
    }
    if (!S_ISREG(status.st_mode)) {
        return Error(ErrorCode::invalid_data, "not a regular file");
    }
    const AdbBounds bounds = bounds_of(limits);
    QUERN_TRY(
        const auto source,
        AdbSource::open(fd, static_cast<std::uint64_t>(status.st_size), bounds.all_bytes)
    );
    AdbBlocks blocks(*source);
    QUERN_CHECK(blocks.read_schema(schema));
    SignedPayload read;
    QUERN_TRY(std::ignore, blocks.next());
    QUERN_TRY(read.payload, blocks.read_all(bounds.payload_bytes));
    while (true) {
        QUERN_TRY(const auto head, blocks.next());
        if (!head) {
            return read;
        }
        if (head->type != AdbBlock::signature) {
            return Error(ErrorCode::invalid_data, "it holds content of files, as no index does");
        }
        if (read.signatures.size() == most_signatures) {
            return Error(ErrorCode::limit, fmt::format("more than {} signatures", most_signatures));
        }
        QUERN_TRY(std::string signature, blocks.read_all(largest_signature));
        read.signatures.push_back(std::move(signature));
    }
}

Result<UniqueFd> open_index(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int error = errno;
        return Error::system(error, fmt::format("opening {}", printable(path.string())));
    }
    return fd;
}

Result<AdbIndexFile> read_open_index(int fd, const Keyring* keyring, const IndexLimits& limits) {
    QUERN_TRY(const SignedPayload read, read_blocks(fd, limits));
    AdbIndexFile file;
    for (const std::string& signature : read.signatures) {
        file.key_ids.push_back(adb_key_id(signature));
    }
    if (keyring != nullptr) {
        QUERN_TRY(file.verified_by, verify_adb(schema, read.payload, read.signatures, *keyring));
    }
    QUERN_CHECK(IndexPayload(read.payload, limits).read(file));
    return file;
}

}  // namespace

Result<AdbIndexFile> read_adb_index(
    const std::filesystem::path& path, const Keyring* keyring, const IndexLimits& limits
) {
    QUERN_TRY(const UniqueFd fd, open_index(path));
    return read_open_index(fd.get(), keyring, limits);
}

Result<void> sign_adb_index(const std::filesystem::path& path, const Signer& key) {
    QUERN_TRY(const UniqueFd fd, open_index(path));
    QUERN_TRY(std::ignore, read_open_index(fd.get(), nullptr, {}));
    return sign_adb_file(path, fd.get(), schema, bounds_of({}), key);
}

}  // namespace quern::apk
