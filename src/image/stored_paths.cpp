// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/stored_paths.hpp"

#include <fmt/format.h>

namespace quern::image {

std::string plain_path(std::string_view path) {
    while (path.starts_with("./") || path.starts_with('/')) {
        path.remove_prefix(path.starts_with('/') ? 1 : 2);
    }
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return std::string(path == "." ? "" : path);
}

std::optional<Whiteout> whiteout_of(const std::string& path) {
    constexpr std::string_view mark = ".wh.";
    constexpr std::string_view opaque_mark = ".wh..wh..opq";
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (!name.starts_with(mark)) {
        return std::nullopt;
    }
    if (name == opaque_mark) {
        return Whiteout{directory, true};
    }
    return Whiteout{(directory.empty() ? "" : directory + "/") + name.substr(mark.size()), false};
}

Result<void> EntryCount::add() {
    if (++count_ <= limit_) {
        return {};
    }
    return Error(ErrorCode::limit, fmt::format("the image has more than {} entries", limit_))
        .help("--max-archive-entries raises the limit");
}

}  // namespace quern::image
