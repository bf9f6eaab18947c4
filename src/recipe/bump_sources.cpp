// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/bump_sources.hpp"

#include "recipe/condition.hpp"
#include "recipe/decode.hpp"
#include "recipe/variables.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace quern::recipe {

namespace {

void index_maps(
    const yaml::Node& node, std::set<std::size_t>& seen, std::map<std::size_t, yaml::Node>& index
) {
    // An alias is the node that it names: without `seen` a small text could be walked for ever.
    if (node.is_scalar() || node.is_null() || !seen.insert(node.where().begin).second) {
        return;
    }
    for (const char* key : {"uri", "repository"}) {
        if (const auto value = node.is_map() ? node.find(key) : std::nullopt) {
            index.emplace(value->where().begin, node);
        }
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        index_maps(node.is_map() ? node.entry(i).value : node.item(i), seen, index);
    }
}

std::string_view raw_text(const yaml::Node& scalar) {
    const Span place = yaml::whole_scalar(scalar.where());
    return place.file->text().substr(place.begin, place.length);
}

bool is_made_of_variables(const yaml::Node& scalar) {
    return raw_text(scalar).find("${{") != std::string_view::npos;
}

template <typename Names>
bool names_one_of(std::string_view text, const Names& names) {
    const auto references = find_references(text);
    return std::any_of(references.begin(), references.end(), [&names](const Reference& each) {
        return names.contains(each.name);
    });
}

std::set<std::string, std::less<>> names_of_version(const Recipe& written) {
    std::set<std::string, std::less<>> names = {"package.version", "package.full-version"};
    for (std::size_t before = 0; before != names.size();) {
        before = names.size();
        for (const auto& [name, value] : written.vars) {
            if (names_one_of(value.value, names)) {
                names.insert("vars." + name);
            }
        }
        for (const VarTransform& transform : written.var_transforms) {
            if (names_one_of(transform.from.value, names)) {
                names.insert("vars." + transform.to.value);
            }
        }
    }
    return names;
}

std::size_t count_checkouts(const std::vector<PipelineNode>& nodes) {
    std::size_t count = 0;
    for (const PipelineNode& node : nodes) {
        count += (node.uses.value == "git-checkout" ? 1 : 0) + count_checkouts(node.pipeline);
    }
    return count;
}

std::string place_text(Span where) {
    const Position at = where.file->position(where.begin);
    return fmt::format("{}:{}:{}", where.file->name(), at.line, at.column);
}

/// What is wrong with an address, as one error.
Error unusable(Diagnostics& diagnostics, Span where) {
    const auto found = diagnostics.take();
    const std::string problem = found.empty() ? "the address has no value" : found.front().message;
    return {ErrorCode::invalid_recipe, fmt::format("{}: {}", place_text(where), problem)};
}

}  // namespace

SourceBumper::SourceBumper(
    const BumpOptions& options, std::shared_ptr<const SourceFile> file, yaml::Document document
)
    : options_(options), file_(std::move(file)), document_(std::move(document)), edits_(*file_) {
    std::set<std::size_t> seen;
    index_maps(document_.root(), seen, maps_);
    Diagnostics unused;
    if (const auto written = decode_recipe(file_, unused)) {
        version_names_ = names_of_version(*written);
    }
}

Result<void> SourceBumper::run(
    const Configuration& configuration, const LoadOptions& load, bool with_disabled
) {
    with_disabled_ = with_disabled;
    main_checkouts_ = count_checkouts(configuration.pipeline);
    now_.clear();
    Diagnostics unused;  // of variables that no address may need; those are told there
    Variables variables = compile_variables(configuration, load, unused);
    QUERN_CHECK(steps(configuration.pipeline, variables, true));
    if (configuration.test) {
        QUERN_CHECK(steps(configuration.test->pipeline, variables, false));
    }
    for (const Subpackage& subpackage : configuration.subpackages) {
        variables["subpkg.name"] = subpackage.name.value;
        variables["context.name"] = subpackage.name.value;
        if (is_on(subpackage.condition, variables)) {
            QUERN_CHECK(steps(subpackage.pipeline, variables, false));
            QUERN_CHECK(
                subpackage.test ? steps(subpackage.test->pipeline, variables, false)
                                : Result<void>()
            );
        }
    }
    done_.merge(now_);
    return {};
}

bool SourceBumper::is_on(const Text& condition, const Variables& variables) const {
    Diagnostics unused;
    return with_disabled_ || evaluate(condition, variables, unused).value_or(false);
}

bool SourceBumper::comes_from_version(const yaml::Node& text) const {
    return names_one_of(raw_text(text), version_names_);
}

Result<void> SourceBumper::steps(
    const std::vector<PipelineNode>& nodes, const Variables& variables, bool is_main
) {
    for (const PipelineNode& node : nodes) {
        if (is_on(node.condition, variables)) {
            QUERN_CHECK(source(node, variables, is_main));
            QUERN_CHECK(steps(node.pipeline, variables, is_main));
        }
    }
    return {};
}

Result<void> SourceBumper::source(
    const PipelineNode& node, const Variables& variables, bool is_main
) {
    const bool is_fetch = node.uses.value == "fetch";
    const auto address = node.with.find(is_fetch ? "uri" : "repository");
    if ((!is_fetch && node.uses.value != "git-checkout") || address == node.with.end()) {
        return {};
    }
    // A range makes several steps of one place: each is looked at, and what differs is refused.
    const std::size_t place = address->second.where.begin;
    const auto with = maps_.find(place);
    if (with == maps_.end() || done_.contains(place)) {
        return {};
    }
    now_.insert(place);
    return is_fetch ? fetch(node, variables, with->second) : checkout(node, with->second, is_main);
}

Result<SourceDigests> SourceBumper::digests(const std::string& url) {
    const auto known = downloads_.find(url);
    if (known != downloads_.end()) {
        return known->second;
    }
    QUERN_TRY(SourceDigests found, options_.download(url));
    return downloads_.emplace(url, std::move(found)).first->second;
}

Result<void> SourceBumper::fetch(
    const PipelineNode& node, const Variables& variables, const yaml::Node& with
) {
    const Text& uri = node.with.find("uri")->second;
    const auto sha256 = with.find("expected-sha256");
    const auto sha512 = with.find("expected-sha512");
    const auto none = with.find("expected-none");
    const bool is_unchecked = !sha256 && !sha512;
    if (is_unchecked && (!options_.write_checksums || (none && !none->text().empty()))) {
        return {};
    }
    Diagnostics problems;
    const auto url = substitute(uri, variables, problems);
    if (!url) {
        return unusable(problems, uri.where);
    }
    QUERN_TRY(const SourceDigests found, digests(*url));
    if (sha256 || is_unchecked) {
        QUERN_CHECK(set_checksum(with, "expected-sha256", found.sha256, uri));
    }
    return sha512 ? set_checksum(with, "expected-sha512", found.sha512, uri) : Result<void>();
}

Result<void> SourceBumper::set_checksum(
    const yaml::Node& with, std::string_view key, const std::string& value, const Text& url
) {
    const auto present = with.find(key);
    if (present && present->text() == value) {
        return {};
    }
    ++report_.checksums;
    if (!present || present->is_null()) {
        return edits_.add(with, "uri", key, value);
    }
    if (is_made_of_variables(*present)) {
        return set_variable(*present, value);
    }
    if (!comes_from_version(*with.find("uri")) && !present->text().empty()) {
        report_.warnings.push_back(fmt::format(
            "{}: the file has another checksum than before, although its address does not name "
            "the version",
            place_text(url.where)
        ));
    }
    return edits_.set(*present, value);
}

/// A checksum that is `${{vars.NAME}}` stands in the vars.
Result<void> SourceBumper::set_variable(const yaml::Node& made, const std::string& value) {
    const std::string_view raw = made.text();
    const auto references = find_references(raw);
    constexpr std::string_view prefix = "vars.";
    if (references.size() == 1 && references[0].length == raw.size() &&
        references[0].name.starts_with(prefix)) {
        const auto vars = document_.root().find("vars");
        const auto entry =
            vars ? vars->find(references[0].name.substr(prefix.size())) : std::nullopt;
        if (entry && entry->is_scalar() && !is_made_of_variables(*entry)) {
            return entry->text() == value ? Result<void>() : edits_.set(*entry, value);
        }
    }
    return Error(
               ErrorCode::unsupported,
               fmt::format("{}: the checksum is made of variables", place_text(made.where()))
    )
        .help(fmt::format("let it be {}", value));
}

Result<void> SourceBumper::checkout(
    const PipelineNode& node, const yaml::Node& with, bool is_main
) {
    const auto tag = with.find("tag");
    const bool is_derived = tag && comes_from_version(*tag);
    const bool is_wanted = is_derived || (is_main && (!tag || main_checkouts_ == 1));
    const auto commit = with.find("expected-commit");
    if (options_.expected_commit.empty()) {
        if (is_derived && commit) {
            report_.warnings.push_back(fmt::format(
                "{}: expected-commit stays as it was; --expected-commit sets it",
                place_text(node.uses.where)
            ));
        }
        return {};
    }
    if (!is_wanted || (!commit && !options_.write_checksums) ||
        (commit && (commit->text() == options_.expected_commit || is_made_of_variables(*commit)))) {
        return {};
    }
    ++report_.commits;
    return commit && !commit->is_null()
               ? edits_.set(*commit, options_.expected_commit)
               : edits_.add(with, "repository", "expected-commit", options_.expected_commit);
}

}  // namespace quern::recipe
