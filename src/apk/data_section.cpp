// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The control section names the hash of the data section and stands in front of it, so the data are
// packed first, into a temporary file: entries -> SHA-1 record -> tar -> gzip -> SHA-256 -> file.
// The checksum record of a file stands before its content: files up to 1 MiB are read once and kept
// for that moment, larger ones twice.
#include "apk/data_section.hpp"

#include "apk/data_rules.hpp"
#include "apk/spool.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <span>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarEntry;
using archive::TarType;

/// Files up to this size are read once. Also the size of the one buffer for content.
constexpr std::size_t piece_size = std::size_t{1} << 20U;

/// Writes to the spool and hashes on the way.
class SpoolSink final : public archive::ByteSink {
 public:
    explicit SpoolSink(int fd) : fd_(fd) {}

    Result<void> write(std::string_view bytes) override {
        hasher_.update(bytes);
        size_ += bytes.size();
        return write_all(fd_, bytes);
    }
    std::uint64_t size() const { return size_; }
    std::string finish() { return hasher_.finish().hex(); }

 private:
    int fd_;
    Hasher hasher_{DigestKind::sha256};
    std::uint64_t size_ = 0;
};

/// As much of `buffer` as the file has at `offset`.
Result<std::size_t> read_at(int fd, std::span<char> buffer, std::uint64_t offset) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const ssize_t count = ::pread(
            fd, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(offset + filled)
        );
        if (count < 0) {
            const int error = errno;
            if (error == EINTR) {
                continue;
            }
            return Error::system(error, "reading a file to pack");
        }
        if (count == 0) {
            break;
        }
        filled += static_cast<std::size_t>(count);
    }
    return filled;
}

class DataSection final : public DataSink {
 public:
    explicit DataSection(archive::ByteSink& sink) : tar_(sink) {}

    Result<void> add(const TarEntry& entry) override;
    Result<void> add_file(const TarEntry& entry, std::string_view content) override;
    Result<void> add_file(const TarEntry& entry, int fd) override;
    const std::string& last_checksum() const override { return last_checksum_; }

    Result<void> finish() { return tar_.finish_with_end_blocks(); }
    const DataRules& rules() const { return rules_; }

 private:
    Result<void> add_header(const TarEntry& entry, const std::string& checksum);
    Result<void> add_small(const TarEntry& entry, int fd);
    Result<void> add_large(const TarEntry& entry, int fd);
    /// Reads the file in pieces; it must have exactly `entry.size` bytes.
    Result<Digest> for_each_piece(
        const TarEntry& entry, int fd, const std::function<Result<void>(std::string_view)>& take
    );

    archive::TarWriter tar_;
    DataRules rules_;
    Hasher hasher_{DigestKind::sha1};
    std::string buffer_;
    std::string last_checksum_;
};

Error changed(const TarEntry& entry) {
    return {
        ErrorCode::invalid_data,
        fmt::format("'{}' changed while it was packed", printable(entry.path))};
}

Result<void> DataSection::add(const TarEntry& entry) {
    if (entry.type == TarType::file) {
        return add_file(entry, std::string_view());
    }
    QUERN_CHECK(rules_.check(entry));
    if (entry.type != TarType::symlink) {
        return tar_.add(entry);
    }
    return add_header(entry, digest_of(DigestKind::sha1, entry.link_target).hex());
}

Result<void> DataSection::add_header(const TarEntry& entry, const std::string& checksum) {
    last_checksum_ = checksum;
    TarEntry complete = entry;
    complete.records.clear();
    complete.records.emplace_back(checksum_record, checksum);
    std::copy_if(
        entry.records.begin(),
        entry.records.end(),
        std::back_inserter(complete.records),
        [](const auto& record) { return record.first != checksum_record; }
    );
    return tar_.add(complete);
}

Result<void> DataSection::add_file(const TarEntry& entry, std::string_view content) {
    if (entry.type != TarType::file || content.size() != entry.size) {
        return changed(entry);
    }
    QUERN_CHECK(rules_.check(entry));
    hasher_.update(content);
    QUERN_CHECK(add_header(entry, hasher_.finish().hex()));
    return tar_.write_content(content);
}

Result<void> DataSection::add_file(const TarEntry& entry, int fd) {
    if (buffer_.empty()) {
        buffer_.resize(piece_size + 1);  // one more: a file that grew is noticed in the same read
    }
    return entry.size <= piece_size ? add_small(entry, fd) : add_large(entry, fd);
}

Result<void> DataSection::add_small(const TarEntry& entry, int fd) {
    auto count = read_at(fd, std::span(buffer_).first(entry.size + 1), 0);
    if (!count) {
        return std::move(count).error().context(printable(entry.path));
    }
    return add_file(entry, std::string_view(buffer_).substr(0, *count));
}

Result<void> DataSection::add_large(const TarEntry& entry, int fd) {
    if (entry.type != TarType::file) {
        return changed(entry);
    }
    QUERN_CHECK(rules_.check(entry));
    QUERN_TRY(const Digest digest, for_each_piece(entry, fd, [](std::string_view) {
                  return Result<void>();
              }));
    QUERN_CHECK(add_header(entry, digest.hex()));
    QUERN_TRY(const Digest again, for_each_piece(entry, fd, [&](std::string_view piece) {
                  return tar_.write_content(piece);
              }));
    return digest == again ? Result<void>() : changed(entry);
}

Result<Digest> DataSection::for_each_piece(
    const TarEntry& entry, int fd, const std::function<Result<void>(std::string_view)>& take
) {
    std::uint64_t offset = 0;
    while (true) {
        auto count = read_at(fd, std::span(buffer_).first(piece_size), offset);
        if (!count) {
            return std::move(count).error().context(printable(entry.path));
        }
        offset += *count;
        if (offset > entry.size || (*count < piece_size && offset != entry.size)) {
            return changed(entry);
        }
        const std::string_view piece = std::string_view(buffer_).substr(0, *count);
        hasher_.update(piece);
        QUERN_CHECK(take(piece));
        if (*count < piece_size) {
            return hasher_.finish();
        }
    }
}

/// Copies through memory where the kernel cannot do it between these two files.
Result<void> copy_by_hand(const PackageParts& parts, int target, std::uint64_t done) {
    std::string buffer(piece_size, '\0');
    while (done < parts.data_size) {
        const std::size_t wanted = std::min<std::uint64_t>(piece_size, parts.data_size - done);
        QUERN_TRY(
            const std::size_t count,
            read_at(parts.data_fd, std::span(buffer).first(wanted), parts.data_offset + done)
        );
        if (count == 0) {
            return Error(ErrorCode::io, "the packed data became shorter");
        }
        QUERN_CHECK(write_all(target, std::string_view(buffer).substr(0, count)));
        done += count;
    }
    return {};
}

Result<void> copy_data(const PackageParts& parts, int target) {
    std::uint64_t done = 0;
    while (done < parts.data_size) {
        auto offset = static_cast<off_t>(parts.data_offset + done);
        const ssize_t count =
            ::copy_file_range(parts.data_fd, &offset, target, nullptr, parts.data_size - done, 0);
        if (count <= 0) {
            return copy_by_hand(parts, target, done);
        }
        done += static_cast<std::uint64_t>(count);
    }
    return {};
}

}  // namespace

Result<UniqueFd> open_spool(const std::filesystem::path& directory) {
    UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd) {
        return fd;
    }
    // Not every file system has O_TMPFILE (overlay of old kernels, NFS).
    std::string name = (directory / ".quern-data-XXXXXX").string();
    fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd) {
        const int error = errno;
        return Error::system(
            error, fmt::format("making a temporary file in {}", printable(directory.string()))
        );
    }
    ::unlink(name.c_str());
    return fd;
}

Result<SpooledData> spool_data(
    const std::filesystem::path& directory,
    const DataWriter& write_data,
    const PackageWriterOptions& options
) {
    SpooledData spooled;
    QUERN_TRY(spooled.fd, open_spool(directory));
    SpoolSink spool(spooled.fd.get());
    archive::GzipWriter gzip(spool, {.level = options.compression_level, .pool = options.pool});
    DataSection section(gzip);
    if (write_data) {
        QUERN_CHECK(write_data(section));
    }
    QUERN_CHECK(section.finish());
    QUERN_CHECK(gzip.finish());
    spooled.size = spool.size();
    spooled.data_hash = spool.finish();
    spooled.installed_size = section.rules().installed_size();
    spooled.is_empty = section.rules().is_empty();
    return spooled;
}

Result<void> assemble_package(const std::filesystem::path& path, const PackageParts& parts) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    QUERN_CHECK(file.write(parts.signature));
    QUERN_CHECK(file.write(parts.control));
    QUERN_CHECK(copy_data(parts, file.fd()));
    return file.commit();
}

}  // namespace quern::apk
