// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/index.hpp"

#include <cstdint>
#include <string_view>

namespace quern::apk {

/// One record of APKINDEX as it stands there, judged. Views lie in the text.
struct IndexFields {
    std::string_view record;  ///< its lines, the last one's end not included
    std::string_view name, version, architecture, description, url, license, origin, maintainer;
    std::string_view commit;
    std::string_view checksum;                       ///< as it stands
    std::string_view depends, provides, install_if;  ///< words separated by spaces
    std::uint64_t file_size = 0;
    std::uint64_t installed_size = 0;
    std::uint64_t provider_priority = 0;
    std::int64_t build_date = 0;
    bool has_build_date = false;

    IndexEntry to_entry() const;
};

/// Errors: limit.
Result<void> check_text_size(std::string_view text, const IndexLimits& limits);

/// Reads the text of APKINDEX, a record at a time; refuses what `Index::parse` says.
class IndexScanner {
 public:
    IndexScanner(std::string_view text, const IndexLimits& limits);
    /// False at the end. Errors: invalid_data, limit.
    Result<bool> next(IndexFields& record);

    std::uint64_t relations() const { return relations_; }        ///< so far
    std::uint64_t longest_line() const { return longest_line_; }  ///< so far

 private:
    Result<void> take_line(std::string_view line, IndexFields& record);
    Result<void> take_field(char field, std::string_view value, IndexFields& record);
    Result<void> take_checksum(std::string_view value, IndexFields& record) const;
    Result<void> take_relations(std::string_view value, std::string_view& target);
    Result<void> take_number(char field, std::string_view value, std::uint64_t& target) const;
    Result<void> end_record(const IndexFields& record);
    Error invalid(std::string_view problem) const;
    Error over_limit(std::string_view what, std::uint64_t limit, std::string_view flag) const;

    std::string_view text_;
    const IndexLimits& limits_;
    std::uint64_t fields_ = 0;  ///< set of the letters seen in this record
    std::uint64_t records_ = 0;
    std::uint64_t relations_ = 0;
    std::uint64_t longest_line_ = 0;
    std::uint64_t line_number_ = 0;
    bool is_suspicious_;  ///< a control character stands somewhere in the text
};

}  // namespace quern::apk
