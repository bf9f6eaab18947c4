// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract.hpp"

#include "archive/extract_functions.hpp"
#include "archive/tree_unpacker.hpp"
#include "archive/zip_times.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

// libarchive only reads here: it says what an entry is and gives its bytes. Paths are judged by
// `entry_path`, and everything on disk is made by TreeUnpacker.

namespace quern::archive {
namespace {

using ArchiveReader = Handle<::archive, archive_read_free>;

constexpr std::size_t block_size = std::size_t{64} << 10U;
constexpr std::uint64_t ratio_grace = std::uint64_t{64} << 20U;
constexpr std::size_t longest_link_target = 4095;  // PATH_MAX without its NUL

/// Names in an archive are bytes. libarchive converts those that claim to be UTF-8 to the locale of
/// the thread: with this one they stay as they are, whatever the user's locale is.
class ByteLocale {
 public:
    ByteLocale() {
        locale_ = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        if (locale_ == nullptr) {
            locale_ = ::newlocale(LC_CTYPE_MASK, "C", nullptr);
        }
        if (locale_ != nullptr) {
            before_ = ::uselocale(locale_);
        }
    }
    ByteLocale(const ByteLocale&) = delete;
    ByteLocale& operator=(const ByteLocale&) = delete;
    ~ByteLocale() {
        if (locale_ != nullptr) {
            ::uselocale(before_);
            ::freelocale(locale_);
        }
    }

 private:
    locale_t locale_ = nullptr;
    locale_t before_ = nullptr;
};

/// What libarchive says about its last call. `what` is used unless the system failed.
Error reader_error(::archive* reader, std::string_view what) {
    const char* const text = archive_error_string(reader);
    const int err = archive_errno(reader);
    if (err == EIO || err == EBADF || err == EISDIR || err == ENOMEM) {
        return Error::system(err, "reading an archive");
    }
    return {
        ErrorCode::invalid_data,
        fmt::format("{}: {}", what, printable(text == nullptr ? "unknown reason" : text))};
}

constexpr std::string_view damaged = "damaged archive";

Error over_limit(std::string_view path, std::string_view what, std::string_view flag) {
    const std::string place = path.empty() ? std::string() : fmt::format(" at '{}'", path);
    return Error(
               ErrorCode::limit, fmt::format("the archive{} {}; the bound is {}", place, what, flag)
    )
        .help(fmt::format("if it is to be trusted, raise {}", flag));
}

/// A reader with the formats and filters of extract.hpp; at the start of the file.
Result<ArchiveReader> open_reader(int archive_fd) {
    QUERN_CHECK(load_libarchive());
    if (::lseek(archive_fd, 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "going to the start of an archive");
    }
    ArchiveReader reader(archive_read_new());
    QUERN_ASSERT(reader != nullptr);
    const std::array supports{
        archive_read_support_filter_gzip(reader.get()),
        archive_read_support_filter_xz(reader.get()),
        archive_read_support_filter_bzip2(reader.get()),
        archive_read_support_filter_zstd(reader.get()),
        archive_read_support_filter_lz4(reader.get()),
        archive_read_support_filter_lzip(reader.get()),
        archive_read_support_format_tar(reader.get()),
        archive_read_support_format_zip(reader.get())};
    // Anything else would mean that libarchive starts a program of the host to unpack.
    if (std::any_of(supports.begin(), supports.end(), [](int is) { return is != ARCHIVE_OK; })) {
        return Error(
            ErrorCode::unsupported, "libarchive was built without a filter that quern needs"
        );
    }
    // Looks at the first bytes too: formats and filters are known afterwards.
    if (archive_read_open_fd(reader.get(), archive_fd, block_size) != ARCHIVE_OK) {
        return reader_error(reader.get(), "not an archive that quern reads");
    }
    return reader;
}

/// The next header; nullptr at the end.
Result<archive_entry*> next_entry(::archive* reader) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) {
        return static_cast<archive_entry*>(nullptr);
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        return reader_error(reader, damaged);
    }
    return entry;
}

Error refused(std::string_view path, std::string_view why) {
    return {ErrorCode::invalid_data, fmt::format("'{}': {}", printable(path), why)};
}

/// `path` without its first `strip` parts, and without empty and "." parts; nothing if no part is
/// left.
Result<std::optional<std::string>> entry_path(std::string_view path, std::uint32_t strip) {
    if (path.empty() || path.front() == '/') {
        return refused(path, "the path is empty or absolute");
    }
    std::string kept;
    std::uint32_t count = 0;
    for (const std::string_view part : split(path, '/')) {
        if (part == "..") {
            return refused(path, "the path leaves the directory with '..'");
        }
        // As tar does, "." counts for strip and two slashes are one.
        if (part.empty() || count++ < strip || part == ".") {
            continue;
        }
        kept += kept.empty() ? "" : "/";
        kept += part;
    }
    if (kept.empty()) {
        return std::optional<std::string>();
    }
    if (!is_confined_path(kept)) {
        return refused(path.substr(0, 100), "the path is too long");
    }
    return std::optional(kept);
}

class Extraction {
 public:
    Extraction(
        ::archive* reader,
        int archive_fd,
        std::uint64_t packed_bytes,
        const FileTree& destination,
        const ExtractOptions& options
    )
        : reader_(reader),
          archive_fd_(archive_fd),
          packed_bytes_(std::max<std::uint64_t>(packed_bytes, 1)),
          options_(options),
          unpacker_(destination, options.owner) {}

    Result<ExtractReport> run() {
        for (;;) {
            QUERN_CHECK(check_cancel());
            QUERN_TRY(archive_entry * entry, next_entry(reader_));
            if (entry == nullptr) {
                break;
            }
            if (++report_.entries > options_.limits.entries) {
                return over_limit("", "has too many entries", "--max-archive-entries");
            }
            QUERN_CHECK(unpack(entry));
        }
        QUERN_CHECK(unpacker_.finish());
        return report_;
    }

 private:
    Result<void> check_cancel() const {
        return options_.cancel == nullptr ? Result<void>() : options_.cancel->check();
    }

    Result<void> unpack(archive_entry* entry) {
        const char* const name = archive_entry_pathname(entry);
        if (name == nullptr) {
            return Error(ErrorCode::invalid_data, "an entry of the archive has no readable name");
        }
        QUERN_TRY(const auto path, entry_path(name, options_.strip_components));
        if (!path) {
            return {};
        }
        QUERN_TRY(const std::int64_t mtime, time_of(entry, name));
        const UnpackedEntry unpacked{*path, archive_entry_perm(entry), mtime};
        if (const char* const target = archive_entry_hardlink(entry); target != nullptr) {
            return unpack_hard_link(unpacked, target);
        }
        switch (archive_entry_filetype(entry)) {
            case AE_IFREG:
                return unpack_file(unpacked, entry);
            case AE_IFDIR:
                return unpacker_.add_directory(unpacked);
            case AE_IFLNK:
                return unpack_symlink(unpacked, archive_entry_symlink(entry));
            default:
                return refused(*path, "a device, FIFO or socket is not unpacked");
        }
    }

    Result<std::int64_t> time_of(archive_entry* entry, const char* name) {
        if ((archive_format(reader_) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_ZIP) {
            return archive_entry_mtime(entry);
        }
        if (!zip_times_) {
            QUERN_TRY(zip_times_, ZipTimes::read(archive_fd_));
        }
        return zip_times_->find(name).value_or(archive_entry_mtime(entry));
    }

    Result<void> unpack_hard_link(const UnpackedEntry& entry, std::string_view name) {
        QUERN_TRY(const auto target, entry_path(name, options_.strip_components));
        if (!target) {
            return refused(entry.path, "it links to a path that is left out");
        }
        return unpacker_.add_hard_link(entry, *target);
    }

    Result<void> unpack_symlink(const UnpackedEntry& entry, const char* target) {
        if (target == nullptr || *target == '\0') {
            return refused(entry.path, "a symbolic link without a target");
        }
        if (std::string_view(target).size() > longest_link_target) {
            return refused(entry.path, "the target of the symbolic link is too long");
        }
        return unpacker_.add_symlink(entry, target);
    }

    Result<void> unpack_file(const UnpackedEntry& entry, archive_entry* header) {
        const std::uint64_t declared =
            archive_entry_size_is_set(header) != 0
                ? static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(header), 0))
                : 0;
        QUERN_CHECK(check_size(entry.path, declared));
        return unpacker_.add_file(entry, [&](int fd) -> Result<void> {
            QUERN_TRY(const std::uint64_t written, copy_content(entry.path, fd));
            if (written < declared && ::ftruncate(fd, static_cast<off_t>(declared)) != 0) {
                const int err = errno;
                return Error::system(err, fmt::format("unpacking '{}'", printable(entry.path)));
            }
            report_.bytes += std::max(written, declared);
            return {};
        });
    }

    /// Gives the end of the content: a sparse file may end in a hole behind it.
    Result<std::uint64_t> copy_content(std::string_view path, int fd) {
        std::uint64_t end = 0;
        for (;;) {
            QUERN_CHECK(check_cancel());
            const void* block = nullptr;
            std::size_t size = 0;
            la_int64_t offset = 0;
            const int status = archive_read_data_block(reader_, &block, &size, &offset);
            if (status == ARCHIVE_EOF) {
                return end;
            }
            if (status != ARCHIVE_OK) {
                return reader_error(reader_, damaged).context(fmt::format("'{}'", printable(path)));
            }
            const auto begin = static_cast<std::uint64_t>(offset);
            if (offset < 0 || begin < end) {
                return refused(path, "the parts of a sparse file overlap");
            }
            QUERN_CHECK(check_size(path, begin + size));
            if (begin > end && ::lseek(fd, offset, SEEK_SET) != offset) {
                const int err = errno;
                return Error::system(err, fmt::format("unpacking '{}'", printable(path)));
            }
            auto written = write_all(fd, {static_cast<const char*>(block), size});
            if (!written) {
                return std::move(written).error().context(
                    fmt::format("unpacking '{}'", printable(path))
                );
            }
            end = begin + size;
        }
    }

    /// Whether a file of `size` bytes may come next.
    Result<void> check_size(std::string_view path, std::uint64_t size) const {
        const ExtractLimits& limits = options_.limits;
        const std::string shown = printable(path);
        if (size > limits.file_bytes) {
            return over_limit(shown, "has a file that is too large", "--max-archive-file-bytes");
        }
        const std::uint64_t total = report_.bytes + size;
        if (total > limits.total_bytes) {
            return over_limit(shown, "unpacks to too much", "--max-archive-bytes");
        }
        if (total > ratio_grace && total / packed_bytes_ > limits.ratio) {
            return over_limit(shown, "unpacks to too much for its own size", "--max-archive-ratio");
        }
        return {};
    }

    ::archive* reader_;
    int archive_fd_;
    std::uint64_t packed_bytes_;
    const ExtractOptions& options_;
    TreeUnpacker unpacker_;
    std::optional<ZipTimes> zip_times_;  ///< read at the first member of a zip archive
    ExtractReport report_;
};

}  // namespace

Result<ExtractReport> extract(
    int archive_fd, const FileTree& destination, const ExtractOptions& options
) {
    struct stat status = {};
    if (::fstat(archive_fd, &status) != 0) {
        const int err = errno;
        return Error::system(err, "looking at an archive");
    }
    const ByteLocale locale;
    QUERN_TRY(const ArchiveReader reader, open_reader(archive_fd));
    const auto packed_bytes = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
    return Extraction(reader.get(), archive_fd, packed_bytes, destination, options).run();
}

Result<bool> is_archive(int archive_fd) {
    const ByteLocale locale;
    auto reader = open_reader(archive_fd);
    if (!reader) {
        return reader.error().code() == ErrorCode::invalid_data ? Result<bool>(false)
                                                                : std::move(reader).error();
    }
    const auto entry = next_entry(reader->get());
    return entry.has_value();
}

}  // namespace quern::archive
