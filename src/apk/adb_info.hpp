// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/adb_reader.hpp"
#include "apk/adb_writer.hpp"
#include "quern/error.hpp"
#include "quern/index.hpp"
#include "quern/package_info.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quern::apk {

/// Writes what a package says of itself, in indexes and in packages alike: the schema `pkginfo`.
/// Collects what is wrong, so that building an object is a list of fields. Source: apk-format 7.
class AdbInfo {
 public:
    explicit AdbInfo(AdbWriter& writer) : writer_(writer) {}

    /// `hashes`: the identity, a blob. Sizes of 0 are left out.
    AdbWriter::Value add(
        const IndexEntry& entry, const std::vector<std::string>& replaces, AdbWriter::Value hashes
    );
    /// Sorted by name.
    AdbWriter::Value relations(const IndexEntry& entry, const std::vector<std::string>& texts);
    /// The first relation that cannot be written; empty if all can.
    const std::string& problem() const { return problem_; }

 private:
    AdbWriter& writer_;
    std::string problem_;
};

/// Reads it as the text of .PKGINFO. A list may name one value any number of times: a few bytes of
/// payload can stand for any length of text. Errors: invalid_data (a line break in a value, a
/// relation that is none), limit (more than `most_bytes`).
Result<std::string> adb_info_text(
    const AdbReader& reader, AdbReader::Value info, std::uint64_t most_bytes
);
/// One relation, as written.
Result<std::string> adb_relation_text(const AdbReader& reader, AdbReader::Value relation);

}  // namespace quern::apk
