// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract_stream.hpp"
#include "archive/tar_reader.hpp"
#include "quern/error.hpp"
#include "support/handle.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace quern::seed {

/// Fields of a control paragraph by lower-case name; continuation lines are joined with '\n'.
class ControlFields {
 public:
    /// The first paragraph of `text`. Errors: invalid_data (a line that is no field, a field
    /// twice). Source: Debian Policy 4.6, 5.1.
    static Result<ControlFields> parse(std::string_view text);
    /// Empty if the field is missing. `name` in lower case.
    std::string_view value(std::string_view name) const;

 private:
    std::map<std::string, std::string, std::less<>> fields_;
};

/// All paragraphs of `text`, which are apart by empty lines.
Result<std::vector<ControlFields>> parse_paragraphs(std::string_view text);

/// A Debian binary package, opened. Its two tar members are read from the file as they lie there.
/// Source: deb(5) of dpkg 1.21.
class Deb {
 public:
    /// Reads the archive's headers and the control member. Errors: not_found, io, invalid_data
    /// (names the file), limit, unsupported (deb version).
    static Result<Deb> open(const std::filesystem::path& path);

    const ControlFields& control() const { return control_; }
    std::string package() const { return std::string(control_.value("package")); }

    /// Called for each entry of the data member in order; paths have no leading "./", the root
    /// itself is left out.
    using Visitor =
        std::function<Result<void>(const archive::TarEntry& entry, archive::TarReader& content)>;
    Result<void> read_data(const Visitor& visit) const;

 private:
    Deb() = default;
    std::filesystem::path path_;
    UniqueFd file_;
    archive::FdRange data_;
    ControlFields control_;
};

}  // namespace quern::seed
