// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/index_draft.hpp"
#include "archive/gzip_chunks.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quern::apk {

/// What an index file is made of.
struct IndexBody {
    std::string_view description;
    std::span<const IndexRecord> records;  ///< in the order in which they are written
    const archive::ChunkedMember& known;   ///< chunks that need not be made where records view it
    ThreadPool* pool = nullptr;
};

/// APKINDEX.tar.gz, signed if there is a key.
Result<std::string> write_index_body(const IndexBody& body, const Signer* key);

/// The parts of a body that `write_index_body` made, nothing of any other.
struct IndexBodyContent {
    std::string description;
    std::string_view records;  ///< text of APKINDEX, in `member`
};
std::optional<IndexBodyContent> split_index_body(const archive::ChunkedMember& member);

}  // namespace quern::apk
