// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"

#include "archive/ustar_block.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

// A member of a tar stream is any number of extension blocks (PAX `x`, GNU `L` and `K`), each with
// content of its own, and then the header that they extend. `next` collects the extensions in an
// `Extended` and applies them to that header. Where readers are known to disagree about a construct
// (content behind a link, sparse files, base-256 numbers), it is refused: nobody may see another
// tree than we do.

namespace quern::archive {

/// What extension blocks say about the header that follows them.
struct TarReader::Extended {
    std::optional<std::string> path;
    std::optional<std::string> link_target;
    std::optional<std::string> gnu_path;
    std::optional<std::string> gnu_link_target;
    std::optional<std::uint64_t> size;
    std::vector<std::pair<std::string, std::string>> records;
    std::uint64_t bytes = 0;  ///< of all blocks so far, so that many small ones are bounded too
    bool is_empty = true;
};

namespace {

Error damaged(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("damaged tar archive: {}", what)};
}

/// Fills `buffer` or stops at the end of the source.
Result<std::size_t> read_fully(ByteSource& source, std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        QUERN_TRY(const std::size_t count, source.read(buffer.subspan(filled)));
        if (count == 0) {
            break;
        }
        filled += count;
    }
    return filled;
}

Result<void> skip(ByteSource& source, std::uint64_t count) {
    std::array<char, 16384> buffer;
    while (count != 0) {
        const std::size_t wanted = std::min<std::uint64_t>(count, buffer.size());
        QUERN_TRY(const std::size_t got, source.read(std::span(buffer).first(wanted)));
        if (got == 0) {
            return damaged("it is truncated");
        }
        count -= got;
    }
    return {};
}

/// Content of an extension block and its padding.
Result<std::string> read_extension(ByteSource& source, std::uint64_t size) {
    std::string content(size + padding_after(size), '\0');
    QUERN_TRY(const std::size_t count, read_fully(source, content));
    if (count != content.size()) {
        return damaged("it is truncated");
    }
    content.resize(size);
    return content;
}

/// Records that the ustar header is taken for (apk-format 1.5), or that only tools care about.
bool is_ignored_record(std::string_view key) {
    constexpr std::array ignored{
        "atime",
        "charset",
        "comment",
        "ctime",
        "gid",
        "gname",
        "hdrcharset",
        "mtime",
        "uid",
        "uname"};
    return std::find(ignored.begin(), ignored.end(), key) != ignored.end();
}

struct PaxRecord {
    std::string_view key;
    std::string_view value;
};

/// Takes one "LENGTH KEY=VALUE\n" off the front.
std::optional<PaxRecord> take_pax_record(std::string_view& content) {
    const std::size_t space = content.find(' ');
    if (space == std::string_view::npos || space > 10) {
        return std::nullopt;
    }
    const auto length = parse_unsigned(content.substr(0, space));
    if (!length || *length < space + 4 || *length > content.size()) {
        return std::nullopt;
    }
    const std::string_view body = content.substr(space + 1, *length - space - 1);
    const std::size_t equals = body.find('=');
    if (body.back() != '\n' || equals == std::string_view::npos || equals == 0) {
        return std::nullopt;
    }
    content.remove_prefix(*length);
    return PaxRecord{body.substr(0, equals), body.substr(equals + 1, body.size() - equals - 2)};
}

Result<std::string> checked_path(std::string_view text, std::uint64_t limit) {
    if (text.size() > limit) {
        return Error(
            ErrorCode::limit, fmt::format("a path in a tar archive is over {} bytes long", limit)
        );
    }
    if (text.find('\0') != std::string_view::npos) {
        return damaged("a path holds a NUL");
    }
    return std::string(text);
}

Result<TarType> type_of(char flag, std::string_view path) {
    switch (flag) {
        case '\0':
            // Before ustar a directory was a file whose name ends in a slash.
            return path.ends_with('/') ? TarType::directory : TarType::file;
        case '0':
        case '7':
            if (path.ends_with('/')) {
                return damaged(fmt::format("the file '{}' has a directory's name", path));
            }
            return TarType::file;
        case '1':
            return TarType::hard_link;
        case '2':
            return TarType::symlink;
        case '3':
            return TarType::character_device;
        case '4':
            return TarType::block_device;
        case '5':
            return TarType::directory;
        case '6':
            return TarType::fifo;
        default:
            return damaged(fmt::format(
                "'{}' has the unknown type '{}'", path, printable(std::string_view(&flag, 1))
            ));
    }
}

Result<std::uint64_t> number(const UstarBlock& block, UstarField field, std::string_view what) {
    const auto value = block.number(field);
    if (!value) {
        return damaged(fmt::format("{} is no octal number", what));
    }
    return *value;
}

/// Numbers and owner names.
Result<void> decode_fields(const UstarBlock& block, TarEntry& entry) {
    QUERN_TRY(const std::uint64_t mode, number(block, UstarBlock::mode, "a mode"));
    QUERN_TRY(const std::uint64_t uid, number(block, UstarBlock::uid, "a user id"));
    QUERN_TRY(const std::uint64_t gid, number(block, UstarBlock::gid, "a group id"));
    QUERN_TRY(const std::uint64_t mtime, number(block, UstarBlock::mtime, "a time"));
    QUERN_TRY(const auto major, number(block, UstarBlock::device_major, "a device number"));
    QUERN_TRY(const auto minor, number(block, UstarBlock::device_minor, "a device number"));
    entry.mode = static_cast<std::uint32_t>(mode & 07777U);
    entry.uid = static_cast<std::uint32_t>(uid);  // at most 24 bits
    entry.gid = static_cast<std::uint32_t>(gid);
    entry.mtime = static_cast<std::int64_t>(mtime);
    entry.device_major = static_cast<std::uint32_t>(major);
    entry.device_minor = static_cast<std::uint32_t>(minor);
    entry.user_name = block.text(UstarBlock::user_name);
    entry.group_name = block.text(UstarBlock::group_name);
    return {};
}

/// Path of the ustar header: GNU's form of it has other things where POSIX has the prefix.
std::string header_path(const UstarBlock& block) {
    std::string path;
    const bool is_posix = block.bytes()[UstarBlock::magic.offset + 5] == '\0';
    if (const auto prefix = block.text(UstarBlock::prefix); is_posix && !prefix.empty()) {
        path = std::string(prefix) + "/";
    }
    return path.append(block.text(UstarBlock::name));
}

Result<void> check_header(const UstarBlock& block) {
    if (!block.text(UstarBlock::magic).starts_with("ustar")) {
        return damaged("a header is not that of tar");
    }
    QUERN_TRY(const auto sum, number(block, UstarBlock::checksum, "a header's checksum"));
    if (sum != block.sum()) {
        return damaged("the checksum of a header is wrong");
    }
    return {};
}

}  // namespace

Result<std::optional<TarEntry>> TarReader::next() {
    if (at_end_) {
        return std::optional<TarEntry>();
    }
    QUERN_CHECK(skip(source_, remaining_ + padding_));
    remaining_ = 0;
    padding_ = 0;
    Extended extended;
    for (;;) {
        UstarBlock block;
        QUERN_TRY(const bool has_header, read_header(block));
        if (!has_header) {
            return extended.is_empty ? Result<std::optional<TarEntry>>(std::nullopt)
                                     : damaged("it ends after an extended header");
        }
        QUERN_TRY(const bool is_extension, read_extension_block(block, extended));
        if (!is_extension) {
            QUERN_TRY(TarEntry entry, finish_entry(block, extended));
            return std::optional<TarEntry>(std::move(entry));
        }
    }
}

Result<bool> TarReader::read_header(UstarBlock& block) {
    QUERN_TRY(
        const std::size_t count,
        read_fully(source_, std::span<char>(block.data(), UstarBlock::size))
    );
    if (count == 0) {
        at_end_ = true;
        return false;
    }
    if (count != UstarBlock::size) {
        return damaged("it is truncated");
    }
    if (block.is_zero()) {
        at_end_ = true;
        QUERN_CHECK(read_end());
        return false;
    }
    QUERN_CHECK(check_header(block));
    if (++entries_ > limits_.entries) {
        return Error(
            ErrorCode::limit, fmt::format("a tar archive has more than {} entries", limits_.entries)
        );
    }
    return true;
}

Result<void> TarReader::read_end() {
    std::array<char, 16384> buffer;
    for (std::uint64_t total = 0;;) {
        QUERN_TRY(const std::size_t count, source_.read(buffer));
        if (count == 0) {
            return {};
        }
        const bool has_content =
            std::any_of(buffer.data(), buffer.data() + count, [](char byte) { return byte != 0; });
        if (has_content) {
            return damaged("there is something after its end");
        }
        total += count;
        if (total > limits_.total_bytes) {
            return Error(ErrorCode::limit, "a tar archive is padded beyond reason");
        }
    }
}

Result<bool> TarReader::read_extension_block(const UstarBlock& block, Extended& extended) {
    const char flag = block.bytes()[UstarBlock::type.offset];
    const bool is_name = flag == 'L' || flag == 'K';
    if (!is_name && flag != 'x' && flag != 'g') {
        return false;
    }
    QUERN_TRY(const auto size, number(block, UstarBlock::content_size, "a size"));
    const std::uint64_t limit = is_name ? limits_.path_bytes + 1 : limits_.pax_bytes;
    if (size > limit || extended.bytes + size > limits_.pax_bytes + 2 * limits_.path_bytes) {
        return Error(
            ErrorCode::limit,
            fmt::format("an extended header in a tar archive is over {} bytes", limit)
        );
    }
    extended.bytes += size;
    QUERN_TRY(const std::string content, read_extension(source_, size));
    if (flag == 'g') {
        return true;
    }
    extended.is_empty = false;
    if (is_name) {
        const std::string_view text = std::string_view(content).substr(0, content.find('\0'));
        auto& name = flag == 'L' ? extended.gnu_path : extended.gnu_link_target;
        QUERN_TRY(name, checked_path(text, limits_.path_bytes));
        return true;
    }
    QUERN_CHECK(decode_pax(content, extended));
    return true;
}

Result<void> TarReader::decode_pax(std::string_view content, Extended& extended) const {
    while (!content.empty()) {
        const auto record = take_pax_record(content);
        if (!record) {
            return damaged("an extended header is malformed");
        }
        const auto [key, value] = *record;
        if (key == "path") {
            QUERN_TRY(extended.path, checked_path(value, limits_.path_bytes));
        } else if (key == "linkpath") {
            QUERN_TRY(extended.link_target, checked_path(value, limits_.path_bytes));
        } else if (key == "size") {
            extended.size = parse_unsigned(value);
            if (!extended.size) {
                return damaged("an extended header has a size that is no number");
            }
        } else if (key.starts_with("GNU.sparse.")) {
            return damaged("it holds sparse files, which are not read here");
        } else if (!is_ignored_record(key)) {
            extended.records.emplace_back(key, value);
        }
    }
    return {};
}

Result<TarEntry> TarReader::finish_entry(const UstarBlock& block, Extended& extended) {
    TarEntry entry;
    QUERN_CHECK(decode_fields(block, entry));
    const auto& path = extended.path ? extended.path : extended.gnu_path;
    entry.path = path ? *path : header_path(block);
    QUERN_TRY(entry.type, type_of(block.bytes()[UstarBlock::type.offset], entry.path));
    entry.path.resize(entry.path.find_last_not_of('/') + 1);
    if (entry.type == TarType::hard_link || entry.type == TarType::symlink) {
        const auto& target = extended.link_target ? extended.link_target : extended.gnu_link_target;
        entry.link_target = target ? *target : std::string(block.text(UstarBlock::link_name));
    }
    QUERN_TRY(const auto header_size, number(block, UstarBlock::content_size, "a size"));
    entry.size = extended.size.value_or(header_size);
    if (entry.type != TarType::file && entry.size != 0) {
        return damaged(fmt::format("'{}' is no file and has content", printable(entry.path)));
    }
    if (entry.size > limits_.total_bytes - content_bytes_) {
        return Error(
            ErrorCode::limit,
            fmt::format("a tar archive has more than {} bytes of content", limits_.total_bytes)
        );
    }
    content_bytes_ += entry.size;
    remaining_ = entry.size;
    padding_ = padding_after(entry.size);
    entry.records = std::move(extended.records);
    return entry;
}

Result<std::size_t> TarReader::read(std::span<char> buffer) {
    const std::size_t wanted = std::min<std::uint64_t>(remaining_, buffer.size());
    if (wanted == 0) {
        return std::size_t{0};
    }
    QUERN_TRY(const std::size_t count, source_.read(buffer.first(wanted)));
    if (count == 0) {
        return damaged("it is truncated");
    }
    remaining_ -= count;
    return count;
}

Result<std::string> TarReader::read_all(std::uint64_t limit) {
    if (remaining_ > limit) {
        return Error(
            ErrorCode::limit, fmt::format("a file in a tar archive is over {} bytes", limit)
        );
    }
    std::string content;
    std::array<char, 16384> buffer;
    for (;;) {
        // The size is only claimed: memory grows with what is really there.
        QUERN_TRY(const std::size_t count, read(buffer));
        if (count == 0) {
            return content;
        }
        content.append(buffer.data(), count);
    }
}

}  // namespace quern::archive
