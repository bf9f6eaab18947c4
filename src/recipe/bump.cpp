// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// First version and epoch are set in the text. The text is then loaded again, for one architecture
// after the other, so that variables, transforms, ranges and conditions have the values that a
// build would give them; each source step that is on gives changes of the same text.
#include "recipe/bump.hpp"

#include "quern/package_info.hpp"
#include "quern/version.hpp"
#include "recipe/bump_sources.hpp"
#include "support/digest.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The files of another reader, but for the text of one.
class OverlayReader final : public FileReader {
 public:
    OverlayReader(const FileReader& below, std::filesystem::path path, std::string text)
        : below_(below), path_(std::move(path)), text_(std::move(text)) {}

    Result<std::string> read(const std::filesystem::path& path) const override {
        return path == path_ ? Result<std::string>(text_) : below_.read(path);
    }
    bool exists(const std::filesystem::path& path) const override {
        return path == path_ || below_.exists(path);
    }

 private:
    const FileReader& below_;
    std::filesystem::path path_;
    std::string text_;
};

bool is_version_text(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("._+~:-").find(c) != std::string_view::npos;
    });
}

Result<void> check_options(const BumpOptions& options) {
    if (!is_version_text(options.version)) {
        return Error(
                   ErrorCode::usage, fmt::format("'{}' is no version", printable(options.version))
        )
            .help("a version is made of letters, digits and . _ + ~ : -");
    }
    if (!options.expected_commit.empty() &&
        !Digest::from_hex(DigestKind::sha1, options.expected_commit)) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("'{}' is no commit", printable(options.expected_commit))
        )
            .help("give the 40 hexadecimal digits that `git rev-parse` prints");
    }
    return {};
}

LoadOptions load_options(std::string architecture) {
    LoadOptions load;
    load.architecture = std::move(architecture);
    return load;
}

/// The host's, then those that the recipe is for.
std::vector<std::string> architectures(const BumpOptions& options, const Package& package) {
    std::vector<std::string> found = {options.host_architecture};
    const std::vector<Text>& named = package.target_architectures;
    const bool is_for_all =
        named.empty() || std::any_of(named.begin(), named.end(), [](const Text& each) {
            return each.value == "all";
        });
    for (const std::string& known : apk::known_architectures()) {
        const bool is_named = std::any_of(named.begin(), named.end(), [&](const Text& each) {
            return apk::to_apk_architecture(each.value) == known;
        });
        if ((is_for_all || is_named) && known != options.host_architecture) {
            found.push_back(known);
        }
    }
    return found;
}

Result<void> set_version(
    const yaml::Document& document,
    const SourceFile& file,
    const BumpReport& report,
    const std::string& version,
    TextEdits& edits
) {
    const auto package = document.root().find("package");
    for (const auto& [key, value] :
         {std::pair{"version", version}, std::pair{"epoch", std::to_string(report.epoch)}}) {
        const auto node = package ? package->find(key) : std::nullopt;
        if (!node || !node->is_scalar()) {
            return Error(
                       ErrorCode::invalid_recipe,
                       fmt::format("{}: the package has no {}", file.name(), key)
            )
                .help(fmt::format("add `{}: {}` below `package:`", key, value));
        }
        QUERN_CHECK(edits.set(*node, value));
    }
    return {};
}

/// A UTF-8 text as it stands in the file, without the mark that may be in front.
Result<std::string> read_text(const std::filesystem::path& path, const FileReader& reader) {
    QUERN_TRY(std::string bytes, reader.read(path));
    if (yaml::to_utf8(bytes) != bytes) {
        return Error(ErrorCode::unsupported, fmt::format("{} is not UTF-8", path.string()))
            .help("convert it with iconv first");
    }
    return bytes;
}

/// Warnings were told for the text as it was; errors are told if they are `wanted`.
std::optional<Configuration> load_quietly(
    const std::filesystem::path& path,
    const OverlayReader& reader,
    const LoadOptions& options,
    bool wanted,
    Diagnostics& diagnostics
) {
    Diagnostics unused;
    auto configuration = recipe::load(path, reader, options, unused);
    return configuration || !wanted ? std::move(configuration)
                                    : recipe::load(path, reader, options, diagnostics);
}

Result<bool> bump_sources(
    SourceBumper& bumper,
    const std::filesystem::path& path,
    const OverlayReader& reader,
    const std::vector<std::string>& architectures,
    Diagnostics& diagnostics
) {
    // The last run is for steps that no architecture has on: they are as the host would have them.
    for (std::size_t i = 0; i <= architectures.size(); ++i) {
        const bool is_last = i == architectures.size();
        const LoadOptions load = load_options(architectures[is_last ? 0 : i]);
        if (const auto configuration = load_quietly(path, reader, load, i == 0, diagnostics)) {
            QUERN_CHECK(bumper.run(*configuration, load, is_last));
        } else if (i == 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<std::optional<BumpReport>> bump(
    const std::filesystem::path& path,
    const FileReader& reader,
    const BumpOptions& options,
    Diagnostics& diagnostics
) {
    QUERN_CHECK(check_options(options));
    const auto old =
        recipe::load(path, reader, load_options(options.host_architecture), diagnostics);
    if (!old) {
        return std::optional<BumpReport>();
    }
    QUERN_TRY(const std::string bytes, read_text(path, reader));
    const auto file = std::make_shared<const SourceFile>(path.string(), bytes);
    const auto document = yaml::Document::parse(file, diagnostics);
    QUERN_ASSERT(document.has_value());  // it was loaded just now
    BumpReport report;
    report.old_version = old->package.version.value;
    report.old_epoch = old->package.epoch;
    report.epoch = options.version == report.old_version ? report.old_epoch + 1 : 0;
    TextEdits version_edits(*file);
    QUERN_CHECK(set_version(*document, *file, report, options.version, version_edits));

    const std::string mark(bytes.starts_with(byte_order_mark) ? byte_order_mark : "");
    const auto bumped = std::make_shared<const SourceFile>(path.string(), version_edits.apply());
    auto bumped_document = yaml::Document::parse(bumped, diagnostics);
    if (!bumped_document) {
        return std::optional<BumpReport>();
    }
    SourceBumper bumper(options, bumped, std::move(*bumped_document));
    const OverlayReader overlay(reader, path, std::string(bumped->text()));
    QUERN_TRY(
        const bool is_good,
        bump_sources(bumper, path, overlay, architectures(options, old->package), diagnostics)
    );
    const std::string text = bumper.edits().apply();
    const OverlayReader finished(reader, path, text);
    if (!is_good ||
        !load_quietly(path, finished, load_options(options.host_architecture), true, diagnostics)) {
        return std::optional<BumpReport>();
    }
    BumpReport sources = bumper.take_report();
    report.checksums = sources.checksums;
    report.commits = sources.commits;
    report.warnings = std::move(sources.warnings);
    report.text = mark + text;
    if (!apk::Version::parse(options.version)) {
        report.warnings.push_back(
            fmt::format("'{}' is no version that apk understands", options.version)
        );
    }
    return std::optional(std::move(report));
}

}  // namespace quern::recipe
