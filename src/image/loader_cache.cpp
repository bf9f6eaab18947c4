// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/loader_cache.hpp"

#include "image/elf_soname.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fnmatch.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace quern::image {
namespace {

constexpr std::string_view cache_magic = "glibc-ld.so.cache1.1";

struct Library {
    std::string name;  ///< the file's, what is looked for
    std::string path;
};

/// A library for ELF of libc 6 on that machine. Source: glibc 2.36
/// sysdeps/unix/sysv/linux/x86_64/ldconfig.h and aarch64/ldconfig.h.
std::optional<std::uint32_t> flags_of(const std::string& architecture) {
    constexpr std::uint32_t x86_64 = 0x0303;
    constexpr std::uint32_t aarch64 = 0x0a03;
    if (architecture == "x86_64") {
        return x86_64;
    }
    return architecture == "aarch64" ? std::optional(aarch64) : std::nullopt;
}

std::string_view digits_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
        ++end;
    }
    return text.substr(at, end - at);
}

int compare_numbers(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
}

/// Runs of digits are numbers and stand behind everything else. Source: glibc 2.36
/// elf/dl-cache.c, _dl_cache_libcmp.
int compare_names(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size()) {
        const std::string_view left = digits_at(a, i);
        const std::string_view right = digits_at(b, j);
        if (!left.empty() || !right.empty()) {
            if (left.empty() || right.empty()) {
                return left.empty() ? -1 : 1;
            }
            if (const int order = compare_numbers(left, right); order != 0) {
                return order;
            }
            i += left.size();
            j += right.size();
        } else if (j == b.size() || a[i] != b[j]) {
            return j == b.size()
                       ? 1
                       : static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[j]);
        } else {
            ++i;
            ++j;
        }
    }
    return j < b.size() ? -1 : 0;
}

/// The files that an `include` of ld.so.conf names, in the order of their names.
std::vector<std::string> matching_files(const RootTree& tree, std::string_view pattern) {
    std::string whole(pattern);
    if (!whole.starts_with('/')) {
        whole = "/etc/" + whole;
    }
    const std::size_t slash = whole.rfind('/');
    std::vector<std::string> files;
    const Inode* directory = tree.find(whole.substr(0, slash));
    if (directory == nullptr || !directory->is_directory()) {
        return files;
    }
    for (const auto& [name, child] : directory->children) {
        if (::fnmatch(whole.c_str() + slash + 1, name.c_str(), 0) == 0) {
            files.push_back(whole.substr(0, slash + 1) + name);
        }
    }
    return files;
}

/// Adds the directories that a file names. What stands behind an include is not read, as in the
/// images that this must agree with.
Result<void> add_directories(
    const RootTree& tree,
    const Spool& spool,
    const std::string& path,
    std::vector<std::string>& list
) {
    constexpr std::size_t most = 1'000;
    const Inode* file = tree.find(path);
    if (file == nullptr || !file->is_file() || list.size() > most) {
        return {};
    }
    QUERN_TRY(const std::string text, read_content(spool, file->content));
    for (std::string_view line : split(text, '\n')) {
        line = trim(line.substr(0, line.find('#')));
        if (line.starts_with("include ") || line.starts_with("include\t")) {
            for (const std::string& each : matching_files(tree, trim(line.substr(7)))) {
                if (each != path) {
                    QUERN_CHECK(add_directories(tree, spool, each, list));
                }
            }
            return {};
        }
        if (!line.empty()) {
            list.emplace_back(line);
        }
    }
    return {};
}

bool is_library_name(std::string_view name) {
    return (name.starts_with("lib") && name.find(".so") != std::string_view::npos) ||
           (name.starts_with("ld-") && name.find(".so") != std::string_view::npos);
}

/// Whether a file of that name is found by the name that is recorded in it: they are the same, or
/// it is the link for those who build.
bool stands_for(std::string_view name, std::string_view soname) {
    const std::size_t stem = soname.find(".so");
    return name == soname || (stem != std::string_view::npos && name == soname.substr(0, stem + 3));
}

Result<void> add_libraries(
    const RootTree& tree,
    const Spool& spool,
    const std::string& directory,
    std::vector<Library>& list
) {
    const Inode* inode = tree.find(directory);
    if (inode == nullptr || !inode->is_directory()) {
        return {};
    }
    for (const auto& [name, child] : inode->children) {
        const std::string path = fmt::format("/{}/{}", without_root(directory), name);
        const Inode* file = is_library_name(name) ? tree.find(path) : nullptr;
        if (file == nullptr || !file->is_file()) {
            continue;
        }
        QUERN_TRY(const std::optional<std::string> soname, read_soname(spool, file->content));
        if (!soname) {
            continue;
        }
        const bool is_named = !soname->empty();
        if (is_named ? stands_for(name, *soname) : name.ends_with(".so")) {
            list.push_back({name, path});
        }
    }
    return {};
}

void put_number(std::string& bytes, std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
        bytes += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xffU);
    }
}

std::string cache_bytes(const std::vector<Library>& libraries, std::uint32_t flags) {
    constexpr std::size_t header_size = 48;
    constexpr std::size_t entry_size = 24;
    std::string strings;
    std::string entries;
    const std::size_t first_string = header_size + entry_size * libraries.size();
    for (const Library& library : libraries) {
        const std::size_t value = first_string + strings.size();
        const std::size_t key = value + library.path.size() - library.name.size();
        strings += library.path + '\0';
        put_number(entries, flags, 4);
        put_number(entries, key, 4);
        put_number(entries, value, 4);
        put_number(entries, 0, 4);  // no operating system version
        put_number(entries, 0, 8);  // no hardware capabilities
    }
    std::string bytes(cache_magic);
    put_number(bytes, libraries.size(), 4);
    put_number(bytes, strings.size(), 4);
    bytes.append(header_size - bytes.size(), '\0');
    bytes += entries + strings;
    constexpr std::size_t alignment = 16;
    bytes.append(alignment - bytes.size() % alignment, '\0');
    return bytes;
}

}  // namespace

Result<void> write_loader_cache(
    RootTree& tree, const Spool& spool, const std::string& architecture
) {
    const auto flags = flags_of(architecture);
    if (tree.find("etc/ld.so.conf") == nullptr || !flags) {
        return {};
    }
    std::vector<std::string> directories = {"/lib"};
    QUERN_CHECK(add_directories(tree, spool, "/etc/ld.so.conf", directories));
    std::vector<Library> libraries;
    std::set<std::string> seen;
    for (const std::string& directory : directories) {
        if (seen.insert(directory).second) {
            QUERN_CHECK(add_libraries(tree, spool, directory, libraries));
        }
    }
    std::stable_sort(libraries.begin(), libraries.end(), [](const Library& a, const Library& b) {
        return compare_names(a.name, b.name) > 0;
    });
    QUERN_CHECK(tree.write("etc/ld.so.cache", cache_bytes(libraries, *flags)));
    return {};
}

}  // namespace quern::image
