// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A header that ustar holds is the same in both forms. What it does not hold goes to the records of
// an extended header in front, and there the forms part: see TarForm.
#include "archive/tar_headers.hpp"

#include "archive/ustar_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace quern::archive {
namespace {

using Records = std::map<std::string, std::string>;

constexpr std::uint64_t largest_id = 07777777;
constexpr std::uint64_t largest_size = 077777777777;

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

void finish_block(UstarBlock& block, char type) {
    block.set_text(UstarBlock::type, std::string_view(&type, 1));
    block.set_text(UstarBlock::magic, "ustar");
    block.set_text(UstarBlock::version, "00");
    block.set_checksum();
}

/// Header block of `entry`, closed with its checksum. Names that do not fit are cut: a PAX record
/// has them whole.
Result<UstarBlock> make_block(const TarEntry& entry, const UstarName& name, char type) {
    UstarBlock block;
    QUERN_CHECK(set_numbers(block, entry));
    block.set_text(UstarBlock::name, name.name);
    block.set_text(UstarBlock::prefix, name.prefix);
    block.set_text(UstarBlock::link_name, entry.link_target);
    block.set_text(UstarBlock::user_name, entry.user_name);
    block.set_text(UstarBlock::group_name, entry.group_name);
    finish_block(block, type);
    return block;
}

/// The block, `content` and its padding.
std::string with_content(const UstarBlock& block, std::string_view content) {
    std::string bytes(block.bytes());
    bytes += content;
    bytes.append(padding_after(content.size()), '\0');
    return bytes;
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
    return with_content(block, content);
}

Result<std::string> make_package_headers(const TarEntry& entry) {
    constexpr std::size_t longest = UstarBlock::user_name.size - 1;
    if (entry.user_name.size() > longest || entry.group_name.size() > longest) {
        return wrong_entry(entry, ErrorCode::limit, "user or group name over 31 bytes");
    }
    const UstarName name = split_path(entry.path);
    QUERN_TRY(const UstarBlock block, make_block(entry, name, type_flag(entry.type)));
    QUERN_TRY(std::string headers, make_extended_header(entry, name));
    headers += block.bytes();
    return headers;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x80;
    });
}

std::string ascii_of(std::string_view text) {
    std::string ascii;
    std::copy_if(text.begin(), text.end(), std::back_inserter(ascii), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x80;
    });
    return ascii;
}

/// Puts `text` in the field, and in a record where it does not fit.
void put_text(
    UstarBlock& block, UstarField field, std::string_view text, const char* key, Records& records
) {
    if (text.size() > field.size || !is_ascii(text)) {
        records[key] = text;
    }
    block.set_text(field, ascii_of(text));
}

void put_number(
    UstarBlock& block, UstarField field, std::uint64_t value, const char* key, Records& records
) {
    const std::uint64_t largest = field.size == 12 ? largest_size : largest_id;
    if (value > largest) {
        records[key] = std::to_string(value);
    }
    block.set_number(field, value > largest ? 0 : value);
}

std::string make_layer_extended_header(const std::string& path, const Records& records) {
    std::string content;
    for (const auto& [key, value] : records) {
        content += pax_record(key, value);
    }
    const std::size_t name_at = path.rfind('/') + 1;
    std::string name = path;
    name = ascii_of(name.insert(name_at, "PaxHeaders.0/")).substr(0, UstarBlock::name.size);
    name.resize(name.find_last_not_of('/') + 1);
    UstarBlock block;
    block.set_text(UstarBlock::name, name);
    for (const UstarField field :
         {UstarBlock::mode, UstarBlock::uid, UstarBlock::gid, UstarBlock::mtime}) {
        block.set_number(field, 0);
    }
    block.set_number(UstarBlock::content_size, content.size());
    finish_block(block, 'x');
    return with_content(block, content);
}

Result<std::string> make_layer_headers(const TarEntry& entry) {
    UstarBlock block;
    Records records(entry.records.begin(), entry.records.end());
    put_text(block, UstarBlock::link_name, entry.link_target, "linkpath", records);
    put_text(block, UstarBlock::user_name, entry.user_name, "uname", records);
    put_text(block, UstarBlock::group_name, entry.group_name, "gname", records);
    put_number(block, UstarBlock::uid, entry.uid, "uid", records);
    put_number(block, UstarBlock::gid, entry.gid, "gid", records);
    put_number(block, UstarBlock::content_size, entry.size, "size", records);
    const auto mtime = static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0));
    put_number(block, UstarBlock::mtime, mtime, "mtime", records);
    if (entry.mtime < 0) {
        records["mtime"] = std::to_string(entry.mtime);
    }
    block.set_number(UstarBlock::mode, entry.mode & 07777U);
    if (!block.set_number(UstarBlock::device_major, entry.device_major) ||
        !block.set_number(UstarBlock::device_minor, entry.device_minor)) {
        return wrong_entry(entry, ErrorCode::limit, "a device's number is over 2097151");
    }
    // The prefix is of ustar: an entry that has records anyway does without.
    const UstarName name = split_path(entry.path);
    if (records.empty() && name.fits && is_ascii(entry.path)) {
        block.set_text(UstarBlock::name, name.name);
        block.set_text(UstarBlock::prefix, name.prefix);
    } else {
        put_text(block, UstarBlock::name, entry.path, "path", records);
    }
    finish_block(block, type_flag(entry.type));
    std::string headers;
    if (!records.empty()) {
        headers = make_layer_extended_header(entry.path, records);
    }
    headers += block.bytes();
    return headers;
}

}  // namespace

Result<std::string> make_headers(const TarEntry& entry, TarForm form) {
    QUERN_CHECK(check_entry(entry));
    return form == TarForm::layer ? make_layer_headers(entry) : make_package_headers(entry);
}

}  // namespace quern::archive
