// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/elf.hpp"
#include "package/pkg_config.hpp"
#include "package/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quern::package {

/// What the content of one file tells. Taken while the file is packed or unpacked, so that nothing
/// is read a second time.
struct FileFacts {
    std::optional<ElfFile> elf;
    std::optional<PkgConfigFile> pkg_config;
    /// What follows "#!" on the first line, at most 78 bytes of it.
    std::optional<std::string> interpreter_line;
    /// Of a file of etc/ld.so.conf.d: its directories, without the slash in front.
    std::vector<std::string> library_directories;

    std::string kernel_version;  ///< of a kernel image, or that a module was built for

    bool names_build_path = false;  ///< "/home/build/" stands somewhere in it
    bool has_private_key = false;   ///< a PEM private key stands in its first 64 KiB
    /// The time in the header of an archive, a compressed file or Python's byte code; Unix seconds.
    std::optional<std::int64_t> embedded_time;

    /// Bytes that these facts hold, about.
    std::size_t size() const;
};

/// One finished package as scanners and linters see it: its entries in walk order, and what is
/// known of the files' content.
class Subject {
 public:
    Subject(std::string name, Tree tree);
    Subject(Subject&&) noexcept = default;
    Subject& operator=(Subject&&) noexcept = default;
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    ~Subject() = default;

    const std::string& name() const { return name_; }
    const Tree& tree() const { return tree_; }
    const std::vector<archive::TarEntry>& entries() const { return tree_.entries; }

    /// The entry at `path` itself: links are not followed.
    std::optional<std::size_t> find(std::string_view path) const;
    /// The file or directory that `path` leads to inside of this package. Nothing if it is missing,
    /// leads outside, or through an absolute link (who knows what lies there when it is installed)
    /// or more than 40 links.
    std::optional<std::size_t> resolve(std::string_view path) const;
    bool has_any_below(std::string_view directory) const;

    /// Facts of a file; those of a hard link are its first name's. Null if there is nothing to
    /// tell.
    const FileFacts* facts(std::size_t index) const;
    void set_facts(std::size_t index, std::unique_ptr<FileFacts> facts);

    /// Hex SHA-1 of a file as the package stores it; empty while unknown.
    const std::string& checksum(std::size_t index) const { return checksums_[index]; }
    void set_checksum(std::size_t index, std::string checksum) {
        checksums_[index] = std::move(checksum);
    }

 private:
    std::string name_;
    Tree tree_;
    std::unordered_map<std::string_view, std::size_t> by_path_;  ///< views of the entries' paths
    std::vector<std::unique_ptr<FileFacts>> facts_;              ///< one an entry
    std::vector<std::string> checksums_;                         ///< one an entry
};

/// Files and hard links: what a reader of the package finds as a regular file.
bool is_regular(const archive::TarEntry& entry);

}  // namespace quern::package
