// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace quern::archive {

/// A directory to unpack in, beside another that nothing may touch:
/// `<temporary>/outside/secret` and `<temporary>/destination`.
class Unpacked {
 public:
    Unpacked();
    /// Unpacks; may be called again for a second archive.
    Result<ExtractReport> extract(std::string_view archive, const ExtractOptions& options = {});

    const FileTree& tree() const { return tree_; }
    std::string content(std::string_view path) const;
    struct stat status(std::string_view path) const;
    std::string target(const std::string& path) const;
    /// One line for each entry, in order: path, type and mode, times, content or target.
    std::string listing() const;
    /// That the directory beside is as it was.
    bool is_outside_untouched() const;
    const std::filesystem::path& path() const { return directory_.path(); }

 private:
    TempDir directory_;
    FileTree tree_;
};

}  // namespace quern::archive
