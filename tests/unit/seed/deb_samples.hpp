// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// An ar archive of `members`: name and content.
std::string make_ar(const std::vector<std::pair<std::string, std::string>>& members);

/// Entries of a tar with their content.
struct TarSample {
    quern::archive::TarEntry entry;
    std::string content;
};
TarSample directory_at(std::string path, std::uint32_t mode = 0755);
TarSample file_at(std::string path, std::string content, std::uint32_t mode = 0644);
TarSample link_to(std::string path, std::string target);
TarSample hard_link_to(std::string path, std::string target);
std::string make_tar(const std::vector<TarSample>& samples);

/// A .deb whose members are gzip.
std::string make_deb(std::string_view control, const std::vector<TarSample>& data);
/// The same on disk.
std::filesystem::path write_deb(
    const std::filesystem::path& directory,
    const std::string& name,
    std::string_view control,
    const std::vector<TarSample>& data
);

/// The smallest x86-64 shared object that has a soname and needs libraries; nothing of it can run.
std::string make_shared_object(std::string_view soname, const std::vector<std::string>& needed);
