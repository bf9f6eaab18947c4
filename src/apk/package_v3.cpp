// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A package of version 3 lists all it holds in front, with a SHA-256 of each file; what reads
// packages wants a tar with a SHA-1 of each. So the file is read twice: once to hold each content
// against the list and to take its SHA-1, then as the tar that one of version 2 would hold.
#include "apk/package_v3.hpp"

#include "apk/adb_container.hpp"
#include "apk/adb_info.hpp"
#include "apk/adb_reader.hpp"
#include "apk/adb_signer.hpp"
#include "apk/data_rules.hpp"
#include "apk/data_visit.hpp"
#include "apk/file_source.hpp"
#include "apk/package_v3_tree.hpp"
#include "apk/script_names.hpp"
#include "archive/tar_writer.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarType;

/// What stands in front of the content may be this large, or what --max-package-control-bytes says
/// if that is more: it lists all files.
constexpr std::uint64_t largest_payload = std::uint64_t{64} << 20U;
constexpr std::uint64_t largest_signature = std::uint64_t{16} << 10U;
constexpr std::size_t most_signatures = 16;
/// Heads and padding of blocks beside what --max-package-data-bytes is about.
constexpr std::uint64_t room_for_blocks = std::uint64_t{256} << 20U;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

std::uint64_t payload_limit(const PackageLimits& limits) {
    return std::max(largest_payload, limits.control_bytes);
}

AdbReader::Value paths_of(const AdbReader& reader) {
    return reader.field(reader.root(), 2);
}

Error damaged() {
    return invalid("what the package says of itself is damaged");
}

/// The plain bytes, up to the first block with content.
class Content {
 public:
    static Result<std::unique_ptr<Content>> open(
        int fd, std::uint64_t file_size, const PackageLimits& limits
    ) {
        const std::uint64_t most = payload_limit(limits) + limits.data_bytes + room_for_blocks;
        QUERN_TRY(auto source, AdbSource::open(fd, file_size, most));
        std::unique_ptr<Content> content(new Content(std::move(source)));
        QUERN_CHECK(content->blocks_.read_schema(package_schema));
        QUERN_TRY(content->next_, content->blocks_.next());
        while (content->next_ && content->next_->type != AdbBlock::data) {
            QUERN_TRY(content->next_, content->blocks_.next());
        }
        return content;
    }

    /// Goes to the content of a file, which must be what comes next.
    Result<void> begin(const TreeEntry& file) {
        constexpr std::size_t number = 4;
        std::array<char, 2 * number> place{};
        std::size_t filled = 0;
        const bool fits = next_ && next_->size == place.size() + file.entry.size;
        while (fits && filled < place.size()) {
            QUERN_TRY(
                const std::size_t count, blocks_.read(std::span<char>(place).subspan(filled))
            );
            filled += count;
        }
        const std::string_view text(place.data(), place.size());
        if (!fits || number_of(text.substr(0, number)) != file.directory ||
            number_of(text.substr(number)) != file.file) {
            return invalid(fmt::format(
                "the content of '{}' does not stand where it should", printable(file.entry.path)
            ));
        }
        return {};
    }
    /// 0 at its end.
    Result<std::size_t> read(std::span<char> buffer) { return blocks_.read(buffer); }
    Result<void> end() {
        QUERN_TRY(next_, blocks_.next());
        return {};
    }
    bool is_at_end() const { return !next_; }

 private:
    explicit Content(std::unique_ptr<AdbSource> source)
        : source_(std::move(source)), blocks_(*source_) {}

    std::unique_ptr<AdbSource> source_;
    AdbBlocks blocks_;
    std::optional<AdbBlocks::Head> next_;
};

using Sha1 = std::array<std::uint8_t, 20>;

/// Holds all content against the list. Gives the SHA-1 of each file in order.
class Check {
 public:
    Check(const AdbReader& reader, Content& content) : reader_(reader), content_(content) {}

    Result<std::vector<Sha1>> run(const PackageLimits& limits) {
        TreeWalk walk(reader_, paths_of(reader_));
        std::uint64_t entries = 0;
        while (true) {
            QUERN_TRY(const std::optional<TreeEntry> found, walk.next());
            if (!found) {
                break;
            }
            if (++entries > limits.entries) {
                return Error(ErrorCode::limit, fmt::format("more than {} entries", limits.entries));
            }
            if (found->file != 0 && found->entry.type == TarType::file) {
                QUERN_CHECK(check(*found));
            }
        }
        if (reader_.is_damaged()) {
            return damaged();
        }
        if (!content_.is_at_end()) {
            return invalid("it has content that belongs to no file");
        }
        return std::move(sums_);
    }

 private:
    Result<void> check(const TreeEntry& file) {
        if (file.has_content()) {
            QUERN_CHECK(content_.begin(file));
            while (true) {
                QUERN_TRY(const std::size_t count, content_.read(buffer_));
                if (count == 0) {
                    break;
                }
                sha1_.update(std::string_view(buffer_.data(), count));
                sha256_.update(std::string_view(buffer_.data(), count));
            }
            QUERN_CHECK(content_.end());
        }
        const Digest sha256 = sha256_.finish();
        const Digest sha1 = sha1_.finish();
        const std::string_view bytes(
            reinterpret_cast<const char*>(sha256.bytes().data()), sha256.bytes().size()
        );
        // An empty file needs none.
        if (file.hash != bytes && (file.has_content() || !file.hash.empty())) {
            return Error(
                ErrorCode::digest_mismatch,
                fmt::format("'{}' is not what its SHA-256 says", printable(file.entry.path))
            );
        }
        sums_.emplace_back();
        std::copy(sha1.bytes().begin(), sha1.bytes().end(), sums_.back().begin());
        return {};
    }

    const AdbReader& reader_;
    Content& content_;
    Hasher sha1_{DigestKind::sha1};
    Hasher sha256_{DigestKind::sha256};
    std::vector<char> buffer_ = std::vector<char>(std::size_t{128} << 10U);
    std::vector<Sha1> sums_;
};

/// The tar that a package of version 2 would hold.
class TarSource final : public archive::ByteSource {
 public:
    TarSource(const AdbReader& reader, Content& content, const std::vector<Sha1>& sums)
        : walk_(reader, paths_of(reader)), content_(content), sums_(sums), writer_(sink_) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        while (ready_.size() == given_) {
            if (is_at_end_) {
                return std::size_t{0};
            }
            QUERN_CHECK(in_content_ ? make_content() : make_header());
            ready_ = sink_.take();
            given_ = 0;
        }
        const std::size_t count =
            std::string_view(ready_).substr(given_).copy(buffer.data(), buffer.size());
        given_ += count;
        return count;
    }

 private:
    Result<void> make_header() {
        QUERN_TRY(std::optional<TreeEntry> found, walk_.next());
        if (!found) {
            is_at_end_ = true;
            return writer_.finish_with_end_blocks();
        }
        archive::TarEntry& entry = found->entry;
        std::string sum;
        if (entry.type == TarType::file) {
            QUERN_ASSERT(file_ < sums_.size());
            sum = to_hex(sums_[file_++]);
        } else if (entry.type == TarType::symlink) {
            sum = digest_of(DigestKind::sha1, entry.link_target).hex();
        }
        if (!sum.empty()) {
            entry.records.emplace(entry.records.begin(), checksum_record, std::move(sum));
        }
        QUERN_CHECK(writer_.add(entry));
        in_content_ = found->has_content();
        return in_content_ ? content_.begin(*found) : Result<void>();
    }

    Result<void> make_content() {
        QUERN_TRY(const std::size_t count, content_.read(buffer_));
        if (count != 0) {
            return writer_.write_content({buffer_.data(), count});
        }
        in_content_ = false;
        return content_.end();
    }

    TreeWalk walk_;
    Content& content_;
    const std::vector<Sha1>& sums_;
    std::size_t file_ = 0;
    archive::StringSink sink_;
    archive::TarWriter writer_;
    std::string ready_;
    std::size_t given_ = 0;
    bool in_content_ = false;
    bool is_at_end_ = false;
    std::vector<char> buffer_ = std::vector<char>(std::size_t{128} << 10U);
};

Error too_much(std::uint64_t most_bytes) {
    return Error(
               ErrorCode::limit,
               fmt::format("package: it says more than {} bytes of itself", most_bytes)
    )
        .help("raise the limit with --max-package-control-bytes");
}

/// All of a list that .PKGINFO has in one line, up to the first word behind `most_bytes`.
std::string words_of(const AdbReader& reader, AdbReader::Value list, std::uint64_t most_bytes) {
    std::string line;
    for (std::size_t i = 0; i < reader.size(list) && line.size() <= most_bytes; ++i) {
        line += (line.empty() ? "" : " ") + std::string(reader.blob(reader.item(list, i)));
    }
    return line;
}

}  // namespace

Result<bool> is_package_v3(int fd) {
    std::array<char, 4> head{};
    FileSource source(fd, 0);
    QUERN_TRY(const std::size_t count, source.read(head));
    return is_adb({head.data(), count});
}

Result<PackageV3> PackageV3::read(int fd, std::uint64_t file_size, const PackageLimits& limits) {
    const std::uint64_t most = payload_limit(limits);
    QUERN_TRY(
        const auto source,
        AdbSource::open(fd, file_size, most + limits.data_bytes + room_for_blocks)
    );
    AdbBlocks blocks(*source);
    QUERN_CHECK(blocks.read_schema(package_schema));
    PackageV3 package;
    package.file_size_ = file_size;
    package.control_bytes_ = limits.control_bytes;
    QUERN_TRY(auto head, blocks.next());
    QUERN_TRY(package.payload_, blocks.read_all(most));
    while (true) {
        QUERN_TRY(head, blocks.next());
        if (!head || head->type != AdbBlock::signature) {
            return package;
        }
        if (package.signatures_.size() == most_signatures) {
            return Error(ErrorCode::limit, fmt::format("more than {} signatures", most_signatures));
        }
        QUERN_TRY(std::string signature, blocks.read_all(largest_signature));
        package.signatures_.push_back(std::move(signature));
    }
}

Result<PackageHead> PackageV3::head(std::uint64_t file_size) const {
    const AdbReader reader(payload_);
    const AdbReader::Value root = reader.root();
    PackageHead head;
    head.file_size = file_size;
    head.checksum = "Q2" + digest_of(DigestKind::sha256, payload_).base64();
    for (const std::string& signature : signatures_) {
        head.signatures.push_back({SignatureKind::rsa512, adb_key_id(signature), signature});
    }
    QUERN_TRY(std::string text, adb_info_text(reader, reader.field(root, 1), control_bytes_));
    const std::string triggers = words_of(reader, reader.field(root, 4), control_bytes_);
    if (triggers.find('\n') != std::string::npos) {
        return invalid("package: triggers hold a line break");
    }
    text += triggers.empty() ? "" : fmt::format("triggers = {}\n", triggers);
    if (const auto priority = reader.field(root, 5); priority != AdbReader::null) {
        text += fmt::format("replaces_priority = {}\n", reader.number(priority));
    }
    const AdbReader::Value scripts = reader.field(root, 3);
    std::uint64_t size = text.size();
    for (std::size_t i = 0; i < script_names.size(); ++i) {
        const auto number = static_cast<std::uint32_t>(i + 1);
        const auto script = reader.blob(reader.field(scripts, number));
        size += script.size();
        if (!script.empty() && size <= control_bytes_) {
            head.control_files.emplace(script_names.at(i), script);
        }
    }
    if (reader.is_damaged()) {
        return damaged();
    }
    if (size > control_bytes_) {
        return too_much(control_bytes_);
    }
    QUERN_TRY(head.info, PackageInfo::parse(text));
    head.control_mtime = head.info.build_date.value_or(0);
    head.control_files.emplace(".PKGINFO", std::move(text));
    return head;
}

Result<std::string> PackageV3::verify_signature(const Keyring& keyring) const {
    return verify_adb(package_schema, payload_, signatures_, keyring);
}

Result<void> PackageV3::read_data(
    int fd, const PackageLimits& limits, const PackageFile::Visitor& visit
) const {
    const AdbReader reader(payload_);
    QUERN_TRY(const auto first, Content::open(fd, file_size_, limits));
    QUERN_TRY(const std::vector<Sha1> sums, Check(reader, *first).run(limits));
    QUERN_TRY(const auto second, Content::open(fd, file_size_, limits));
    TarSource tar(reader, *second, sums);
    return visit_data(tar, limits, visit);
}

Result<void> sign_package_v3(const std::filesystem::path& path, int fd, const Signer& key) {
    const PackageLimits limits;
    const std::uint64_t most = payload_limit(limits);
    const AdbBounds bounds = {most, most + limits.data_bytes + room_for_blocks};
    return sign_adb_file(path, fd, package_schema, bounds, key);
}

}  // namespace quern::apk
