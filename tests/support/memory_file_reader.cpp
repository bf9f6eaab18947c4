// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/memory_file_reader.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace {

std::string key(const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    if (text.size() > 1 && text.ends_with('/')) {
        text.pop_back();
    }
    return text;
}

}  // namespace

MemoryFileReader::MemoryFileReader(const std::map<std::string, std::string>& files) {
    for (const auto& [path, content] : files) {
        add(path, content);
    }
}

void MemoryFileReader::add(const std::filesystem::path& path, std::string content) {
    files_.insert_or_assign(key(path), std::move(content));
}

quern::Result<std::string> MemoryFileReader::read(const std::filesystem::path& path) const {
    const auto found = files_.find(key(path));
    if (found == files_.end()) {
        return quern::Error::system(ENOENT, fmt::format("reading {}", path.string()));
    }
    return found->second;
}

bool MemoryFileReader::exists(const std::filesystem::path& path) const {
    const std::string name = key(path);
    const auto below = files_.lower_bound(name + "/");
    return files_.contains(name) || (below != files_.end() && below->first.starts_with(name + "/"));
}
