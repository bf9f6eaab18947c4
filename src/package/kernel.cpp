// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/kernel.hpp"

#include "archive/extract_stream.hpp"
#include "package/content.hpp"
#include "package/path.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace quern::package {
namespace {

constexpr std::string_view banner = "Linux version ";
constexpr std::string_view vermagic = "vermagic=";
constexpr std::string_view gzip_magic = "\x1f\x8b\x08";
constexpr std::uint64_t most_inflated = std::uint64_t{256} << 20U;
constexpr std::size_t longest_version = 256;

std::string version_at(std::string_view text) {
    const auto* const end = std::find_if_not(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
    });
    return std::string(
        text.begin(), std::min(end, text.begin() + std::min(text.size(), longest_version))
    );
}

std::uint64_t little_endian(Content& file, std::uint64_t offset, std::size_t width) {
    const std::string_view bytes = file.read(offset, width);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return bytes.size() == width ? value : 0;
}

/// The version behind the first `mark` in what `read` gives piece by piece; empty at its end.
template <typename Read>
std::string version_behind(std::string_view mark, const Read& read) {
    std::string window;
    while (true) {
        const std::string piece = read();
        window += piece;
        const std::size_t at = window.find(mark);
        const bool is_whole =
            at != std::string::npos && window.size() - at >= mark.size() + longest_version;
        if (at != std::string::npos && (is_whole || piece.empty())) {
            return version_at(std::string_view(window).substr(at + mark.size()));
        }
        if (piece.empty()) {
            return {};
        }
        const std::size_t keep = at == std::string::npos ? mark.size() - 1 : window.size() - at;
        window.erase(0, window.size() - std::min(keep, window.size()));
    }
}

std::string search_plain(Content& file, std::uint64_t offset, std::string_view mark) {
    return version_behind(mark, [&] {
        std::string piece(file.read(offset, Content::largest_read));
        offset += piece.size();
        return piece;
    });
}

/// A descriptor with the bytes from `offset` on, for the readers of compressed streams.
UniqueFd spool(Content& file, std::uint64_t offset) {
    UniqueFd fd(::memfd_create("kernel", MFD_CLOEXEC));
    while (fd) {
        const std::string_view piece = file.read(offset, Content::largest_read);
        if (piece.empty() || !write_all(fd.get(), piece)) {
            break;
        }
        offset += piece.size();
    }
    return fd;
}

std::string search_inflated(Content& file, std::uint64_t offset, std::string_view mark) {
    const UniqueFd fd = spool(file, offset);
    if (!fd || offset >= file.size()) {
        return {};
    }
    archive::ExtractLimits limits;
    limits.total_bytes = most_inflated;
    auto stream = archive::InflatedRange::open({fd.get(), 0, file.size() - offset}, limits);
    if (!stream) {
        return {};
    }
    return version_behind(mark, [&] {
        std::string piece(Content::largest_read, '\0');
        const auto count = (*stream)->read(piece);
        piece.resize(count ? *count : 0);  // damage behind the version does not matter
        return piece;
    });
}

// The header of an x86 image: a mark, and behind it where the version stands.
std::string x86_version(Content& file, std::uint64_t start) {
    constexpr std::uint64_t mark_at = 514;
    constexpr std::uint64_t pointer_at = 526;
    constexpr std::uint64_t base = 0x200;
    if (file.read(start + mark_at, 4) != "HdrS") {
        return {};
    }
    const std::uint64_t pointer = little_endian(file, start + pointer_at, 2);
    return pointer == 0 ? std::string()
                        : version_at(file.read(start + pointer + base, longest_version));
}

// Where the kernel begins in a unified image. Source: PE format, "Section Table".
std::uint64_t unified_kernel_offset(Content& file) {
    constexpr std::uint64_t section_size = 40;
    constexpr std::uint64_t most_sections = 96;
    if (file.read(0, 2) != "MZ") {
        return 0;
    }
    const std::uint64_t header = little_endian(file, 0x3c, 4);
    if (file.read(header, 4) != std::string_view("PE\0\0", 4)) {
        return 0;
    }
    const std::uint64_t count = std::min(little_endian(file, header + 6, 2), most_sections);
    const std::uint64_t table = header + 24 + little_endian(file, header + 20, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t section = table + i * section_size;
        if (file.read(section, 8) == std::string_view(".linux\0\0", 8)) {
            return little_endian(file, section + 20, 4);
        }
    }
    return 0;
}

std::string search_streams(Content& file, std::uint64_t offset) {
    constexpr int most_streams = 8;  // the bytes of the mark occur by chance too
    int tried = 0;
    while (offset < file.size() && tried < most_streams) {
        const std::string_view piece = file.read(offset, Content::largest_read);
        const std::size_t at = piece.find(gzip_magic);
        if (at == std::string_view::npos) {
            if (piece.size() < Content::largest_read) {
                return {};
            }
            offset += piece.size() - (gzip_magic.size() - 1);
            continue;
        }
        std::string version = search_inflated(file, offset + at, banner);
        if (!version.empty()) {
            return version;
        }
        offset += at + 1;
        ++tried;
    }
    return {};
}

bool is_in_module_tree(std::string_view path) {
    return is_below(path, "lib/modules") || is_below(path, "usr/lib/modules");
}

}  // namespace

bool is_kernel_path(std::string_view path) {
    return is_below(path, "boot") || is_in_module_tree(path);
}

bool is_module_path(std::string_view path) {
    const std::string_view name = file_name(path);
    const std::size_t at = name.find(".ko");
    return is_in_module_tree(path) && at != std::string_view::npos &&
           (at + 3 == name.size() || name[at + 3] == '.');
}

std::string kernel_image_version(Content& file) {
    if (file.read(0, gzip_magic.size()) == gzip_magic) {
        return search_inflated(file, 0, banner);
    }
    const std::uint64_t start = unified_kernel_offset(file);
    std::string version = x86_version(file, start);
    if (version.empty()) {
        version = search_streams(file, start);
    }
    return version.empty() ? search_plain(file, start, banner) : version;
}

std::string kernel_module_version(Content& file) {
    std::string version = search_plain(file, 0, vermagic);
    return version.empty() ? search_inflated(file, 0, vermagic) : version;
}

}  // namespace quern::package
