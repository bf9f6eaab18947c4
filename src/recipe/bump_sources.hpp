// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "recipe/bump.hpp"
#include "recipe/text_edits.hpp"
#include "yaml/node.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quern::recipe {

/// Gives the source steps of a text the values of its version: checksums and commits.
class SourceBumper {
 public:
    SourceBumper(
        const BumpOptions& options, std::shared_ptr<const SourceFile> file, yaml::Document document
    );

    /// The steps of one evaluation of the text that are on and were not seen in an earlier one; all
    /// others too if `with_disabled`. Errors: of `bump`.
    Result<void> run(
        const Configuration& configuration, const LoadOptions& load, bool with_disabled
    );
    const TextEdits& edits() const { return edits_; }
    /// Counts and warnings.
    BumpReport take_report() { return std::move(report_); }

 private:
    using Names = std::set<std::string, std::less<>>;

    Result<void> steps(
        const std::vector<PipelineNode>& nodes, const Variables& variables, bool is_main
    );
    Result<void> source(const PipelineNode& node, const Variables& variables, bool is_main);
    Result<void> fetch(
        const PipelineNode& node, const Variables& variables, const yaml::Node& with
    );
    Result<void> checkout(const PipelineNode& node, const yaml::Node& with, bool is_main);
    Result<SourceDigests> digests(const std::string& url);
    Result<void> set_checksum(
        const yaml::Node& with, std::string_view key, const std::string& value, const Text& url
    );
    Result<void> set_variable(const yaml::Node& made, const std::string& value);
    bool is_on(const Text& condition, const Variables& variables) const;
    bool comes_from_version(const yaml::Node& text) const;

    const BumpOptions& options_;
    std::shared_ptr<const SourceFile> file_;
    yaml::Document document_;
    TextEdits edits_;
    std::map<std::size_t, yaml::Node> maps_;  ///< inputs of steps by the place of their address
    Names version_names_;                     ///< variables that follow from the version
    std::set<std::size_t> done_, now_;        ///< places of addresses: of earlier runs, of this one
    std::map<std::string, SourceDigests> downloads_;
    std::size_t main_checkouts_ = 0;
    bool with_disabled_ = false;
    BumpReport report_;
};

}  // namespace quern::recipe
