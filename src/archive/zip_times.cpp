// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/zip_times.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

// Source: PKWARE APPNOTE 6.3.10: 4.3.12 (central directory), 4.3.16 (its end), 4.3.14 and 4.3.15
// (the same for large archives), 4.5 (extra fields).

namespace quern::archive {
namespace {

constexpr std::size_t end_size = 22;
constexpr std::size_t longest_comment = 65535;
constexpr std::size_t large_locator_size = 20;
constexpr std::size_t large_end_size = 56;
constexpr std::size_t member_size = 46;
constexpr std::uint64_t largest_directory = std::uint64_t{256} << 20U;

std::uint64_t number(std::string_view bytes, std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t index = size; index-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[offset + index]);
    }
    return value;
}

/// Up to `size` bytes; fewer at the end of the file.
Result<std::string> read_at(int fd, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::pread(
            fd, bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled)
        );
        if (const int err = errno; count < 0 && err != EINTR) {
            return Error::system(err, "reading an archive");
        }
        if (count == 0) {
            break;
        }
        filled += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    bytes.resize(filled);
    return bytes;
}

/// Local date and time as in MS-DOS, taken as UTC.
std::int64_t seconds_of(std::uint64_t date, std::uint64_t time) {
    using namespace std::chrono;
    const auto part = [](std::uint64_t value, unsigned shift, unsigned bits) {
        return static_cast<unsigned>(value >> shift & ((1U << bits) - 1));
    };
    const year_month_day day{
        year(1980 + static_cast<int>(part(date, 9, 7))),
        month(part(date, 5, 4)),
        std::chrono::day(part(date, 0, 5))};
    if (!day.ok()) {
        return 0;
    }
    const seconds in_day =
        hours(part(time, 11, 5)) + minutes(part(time, 5, 6)) + seconds(2 * part(time, 0, 5));
    return (sys_days(day).time_since_epoch() + in_day) / seconds(1);
}

/// Whether a field gives a time that knows no zone: "extended timestamp", NTFS, or the two older
/// ones of Unix.
bool has_time_field(std::string_view extra) {
    while (extra.size() >= 4) {
        const std::uint64_t kind = number(extra, 0, 2);
        const std::size_t size = number(extra, 2, 2);
        if (kind == 0x5455 || kind == 0x000a || kind == 0x5855 || kind == 0x000d) {
            return true;
        }
        extra.remove_prefix(std::min(4 + size, extra.size()));
    }
    return false;
}

struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// Where the central directory lies; empty if there is none.
Result<Directory> find_directory(int fd) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        const int err = errno;
        return Error::system(err, "looking at an archive");
    }
    const auto file_size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
    const std::uint64_t tail_size =
        std::min<std::uint64_t>(file_size, end_size + longest_comment + large_locator_size);
    QUERN_TRY(const std::string tail, read_at(fd, file_size - tail_size, tail_size));
    const std::size_t end = tail.rfind("PK\5\6");
    if (end == std::string::npos || tail.size() - end < end_size) {
        return Directory{};
    }
    Directory directory{number(tail, end + 16, 4), number(tail, end + 12, 4)};
    if (end >= large_locator_size && tail.compare(end - large_locator_size, 4, "PK\6\7") == 0) {
        const std::uint64_t place = number(tail, end - large_locator_size + 8, 8);
        if (place > file_size) {
            return Directory{};
        }
        QUERN_TRY(const std::string large, read_at(fd, place, large_end_size));
        if (large.size() == large_end_size && large.starts_with("PK\6\6")) {
            directory = {number(large, 48, 8), number(large, 40, 8)};
        }
    }
    const bool is_inside = directory.offset <= file_size && directory.size <= largest_directory &&
                           directory.size <= file_size - directory.offset;
    return is_inside ? directory : Directory{};
}

}  // namespace

Result<ZipTimes> ZipTimes::read(int archive_fd) {
    QUERN_TRY(const Directory place, find_directory(archive_fd));
    QUERN_TRY(const std::string directory, read_at(archive_fd, place.offset, place.size));
    ZipTimes times;
    times.add_members(directory);
    return times;
}

void ZipTimes::add_members(std::string_view directory) {
    while (directory.size() >= member_size && directory.starts_with("PK\1\2")) {
        const std::size_t name_size = number(directory, 28, 2);
        const std::size_t extra_size = number(directory, 30, 2);
        const std::size_t whole = member_size + name_size + extra_size + number(directory, 32, 2);
        if (whole > directory.size()) {
            return;
        }
        const std::string_view extra = directory.substr(member_size + name_size, extra_size);
        if (!has_time_field(extra)) {
            times_.insert_or_assign(
                std::string(directory.substr(member_size, name_size)),
                seconds_of(number(directory, 14, 2), number(directory, 12, 2))
            );
        }
        directory.remove_prefix(whole);
    }
}

std::optional<std::int64_t> ZipTimes::find(const std::string& name) const {
    const auto found = times_.find(name);
    return found == times_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace quern::archive
