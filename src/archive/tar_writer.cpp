// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include "archive/ustar_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace quern::archive {
namespace {

char type_flag(TarType type) {
    switch (type) {
        case TarType::file:
            return '0';
        case TarType::hard_link:
            return '1';
        case TarType::symlink:
            return '2';
        case TarType::character_device:
            return '3';
        case TarType::block_device:
            return '4';
        case TarType::directory:
            return '5';
        case TarType::fifo:
            return '6';
    }
    QUERN_ASSERT(false);
    return '0';
}

/// A path as the prefix and name fields hold it.
struct UstarName {
    std::string_view prefix;
    std::string_view name;
    bool fits = true;
};

/// Prefers no prefix, else the longest one: the same choice for the same path, always.
UstarName split_path(std::string_view path) {
    if (path.size() <= UstarBlock::name.size) {
        return {{}, path};
    }
    const std::size_t slash = path.rfind('/', UstarBlock::prefix.size);
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size() ||
        path.size() - slash - 1 > UstarBlock::name.size) {
        return {{}, path, false};
    }
    return {path.substr(0, slash), path.substr(slash + 1)};
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (length != rest + fmt::formatted_size("{}", length)) {
        length = rest + fmt::formatted_size("{}", length);
    }
    return fmt::format("{} {}={}\n", length, key, value);
}

Error wrong_entry(const TarEntry& entry, ErrorCode code, std::string_view what) {
    return {code, fmt::format("'{}' cannot be written to a tar archive: {}", entry.path, what)};
}

Result<void> check_entry(const TarEntry& entry) {
    if (entry.path.empty() || entry.path.find('\0') != std::string::npos) {
        return wrong_entry(entry, ErrorCode::invalid_data, "the path is empty or holds a NUL");
    }
    if (entry.link_target.find('\0') != std::string::npos) {
        return wrong_entry(entry, ErrorCode::invalid_data, "the link target holds a NUL");
    }
    if (entry.type != TarType::file && entry.size != 0) {
        return wrong_entry(entry, ErrorCode::invalid_data, "only a file has content");
    }
    for (const auto& [key, value] : entry.records) {
        if (key.empty() || key.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
            return wrong_entry(entry, ErrorCode::invalid_data, "a record's name is not valid");
        }
    }
    const std::size_t longest = UstarBlock::user_name.size - 1;
    if (entry.user_name.size() > longest || entry.group_name.size() > longest) {
        return wrong_entry(entry, ErrorCode::limit, "user or group name over 31 bytes");
    }
    return {};
}

/// Fills everything but names and type.
Result<void> set_numbers(UstarBlock& block, const TarEntry& entry) {
    const auto mtime = static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0));
    const bool fits = block.set_number(UstarBlock::mode, entry.mode & 07777U) &&
                      block.set_number(UstarBlock::uid, entry.uid) &&
                      block.set_number(UstarBlock::gid, entry.gid) &&
                      block.set_number(UstarBlock::content_size, entry.size) &&
                      block.set_number(UstarBlock::mtime, mtime) && entry.mtime >= 0 &&
                      block.set_number(UstarBlock::device_major, entry.device_major) &&
                      block.set_number(UstarBlock::device_minor, entry.device_minor);
    if (!fits) {
        return wrong_entry(
            entry,
            ErrorCode::limit,
            "a number is over what tar holds (ids 2097151, size 8 GiB, times from 1970 on)"
        );
    }
    return {};
}

/// Header block of `entry`, closed with its checksum. Names that do not fit are cut: a PAX record
/// has them whole.
Result<UstarBlock> make_block(const TarEntry& entry, const UstarName& name, char type) {
    UstarBlock block;
    QUERN_CHECK(set_numbers(block, entry));
    block.set_text(UstarBlock::name, name.name);
    block.set_text(UstarBlock::prefix, name.prefix);
    block.set_text(UstarBlock::type, std::string_view(&type, 1));
    block.set_text(UstarBlock::link_name, entry.link_target);
    block.set_text(UstarBlock::magic, "ustar");
    block.set_text(UstarBlock::version, "00");
    block.set_text(UstarBlock::user_name, entry.user_name);
    block.set_text(UstarBlock::group_name, entry.group_name);
    block.set_checksum();
    return block;
}

/// The extended header before `entry` with its content, padded; empty if none is needed.
Result<std::string> make_extended_header(const TarEntry& entry, const UstarName& name) {
    std::string content;
    if (!name.fits) {
        content += pax_record("path", entry.path);
    }
    if (entry.link_target.size() > UstarBlock::link_name.size) {
        content += pax_record("linkpath", entry.link_target);
    }
    for (const auto& [key, value] : entry.records) {
        content += pax_record(key, value);
    }
    if (content.empty()) {
        return content;
    }
    TarEntry header;
    header.path = "PaxHeaders/" + entry.path.substr(entry.path.rfind('/') + 1);
    header.path.resize(std::min(header.path.size(), UstarBlock::name.size));
    header.mode = 0644;
    header.mtime = entry.mtime;
    header.size = content.size();
    QUERN_TRY(const UstarBlock block, make_block(header, {{}, header.path}, 'x'));
    content.append(padding_after(content.size()), '\0');
    return std::string(block.bytes()) + content;
}

}  // namespace

Result<void> TarWriter::add(const TarEntry& entry) {
    QUERN_CHECK(finish_without_end_blocks());
    QUERN_CHECK(check_entry(entry));
    const UstarName name = split_path(entry.path);
    QUERN_TRY(const UstarBlock block, make_block(entry, name, type_flag(entry.type)));
    QUERN_TRY(std::string headers, make_extended_header(entry, name));
    headers += block.bytes();
    QUERN_CHECK(sink_.write(headers));
    remaining_ = entry.size;
    padding_ = padding_after(entry.size);
    return {};
}

Result<void> TarWriter::write_content(std::string_view bytes) {
    if (bytes.size() > remaining_) {
        return Error(ErrorCode::invalid_data, "a file grew while it was put in a tar archive");
    }
    QUERN_CHECK(sink_.write(bytes));
    remaining_ -= bytes.size();
    return remaining_ == 0 ? pad() : Result<void>();
}

Result<void> TarWriter::add(const TarEntry& entry, std::string_view content) {
    QUERN_CHECK(add(entry));
    return content.empty() ? Result<void>() : write_content(content);
}

Result<void> TarWriter::finish_with_end_blocks() {
    QUERN_CHECK(finish_without_end_blocks());
    const UstarBlock end;
    QUERN_CHECK(sink_.write(end.bytes()));
    return sink_.write(end.bytes());
}

Result<void> TarWriter::finish_without_end_blocks() {
    if (remaining_ != 0) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("a file in a tar archive ended {} bytes before its size", remaining_)
        );
    }
    return {};
}

Result<void> TarWriter::pad() {
    const UstarBlock zeros;
    const std::string_view bytes = zeros.bytes().substr(0, padding_);
    padding_ = 0;
    return bytes.empty() ? Result<void>() : sink_.write(bytes);
}

}  // namespace quern::archive
