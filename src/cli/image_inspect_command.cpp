// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/image_flags.hpp"
#include "cli/terminal.hpp"
#include "image/image_contents.hpp"
#include "quern/package_info.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace quern::cli {
namespace {

using Json = nlohmann::ordered_json;
using Change = image::ImageDifference::Change;

struct InspectFlags {
    std::vector<std::string> arguments;
    std::string architecture;
};

std::string change_text(const Change& change) {
    const char mark = change.before.empty() ? '+' : (change.after.empty() ? '-' : '~');
    const std::string values = change.before.empty() || change.after.empty()
                                   ? change.before + change.after
                                   : fmt::format("{} => {}", change.before, change.after);
    return fmt::format("  {} {}  {}\n", mark, printable(change.name), printable(values));
}

void add_changes(const char* title, const std::vector<Change>& changes, std::string& text) {
    if (!changes.empty()) {
        text += fmt::format("{}\n", title);
    }
    for (const Change& change : changes) {
        text += change_text(change);
    }
}

Json to_json(const std::vector<Change>& changes) {
    Json list = Json::array();
    for (const Change& change : changes) {
        list.push_back({{"name", change.name}, {"before", change.before}, {"after", change.after}});
    }
    return list;
}

Result<void> run_diff(const InspectFlags& flags, const Invocation& invocation) {
    if (flags.arguments.size() != 2) {
        return Error(ErrorCode::usage, "two images are compared").help("--help shows examples");
    }
    const std::string architecture = apk::to_apk_architecture(flags.architecture);
    const archive::ExtractLimits& limits = invocation.global.limits.archive;
    QUERN_TRY(
        const auto before, image::ImageContents::read(flags.arguments[0], architecture, limits)
    );
    QUERN_TRY(
        const auto after, image::ImageContents::read(flags.arguments[1], architecture, limits)
    );
    const image::ImageDifference difference = image::compare_images(before, after);
    if (invocation.global.format == "json") {
        const Json json = {
            {"packages", to_json(difference.packages)},
            {"files", to_json(difference.files)},
            {"config", to_json(difference.config)},
            {"size_before", difference.size_before},
            {"size_after", difference.size_after},
            {"shared_layers", difference.shared_layers}};
        return print(to_json_text(json));
    }
    std::string text;
    add_changes("packages", difference.packages, text);
    add_changes("files", difference.files, text);
    add_changes("config", difference.config, text);
    text += fmt::format(
        "{} => {} in files; {} of {} layers are shared\n",
        human_size(difference.size_before),
        human_size(difference.size_after),
        difference.shared_layers,
        after.image.layers().size()
    );
    return print(text);
}

std::string explanation_text(const image::Explanation& explanation) {
    std::string text;
    if (!explanation.path.empty()) {
        text += fmt::format(
            "{}: {}, in layer {}\n",
            printable(explanation.path),
            human_size(explanation.size),
            explanation.layer
        );
    }
    if (explanation.package.empty()) {
        return text + "  no package brings it: the image builder wrote it\n";
    }
    text += fmt::format("{} {}\n", explanation.package, explanation.version);
    text += fmt::format(
        "  why: {}\n",
        explanation.chain.empty() ? "nothing needs it" : quern::join(explanation.chain, " needs ")
    );
    text += fmt::format(
        "  costs {}, {} with what only it needs\n",
        human_size(explanation.own_size),
        human_size(explanation.alone_size)
    );
    return text;
}

Result<void> run_explain(const InspectFlags& flags, const Invocation& invocation) {
    if (flags.arguments.size() != 2) {
        return Error(ErrorCode::usage, "an image and a file or package of it are wanted")
            .help("--help shows examples");
    }
    const std::string architecture = apk::to_apk_architecture(flags.architecture);
    const archive::ExtractLimits& limits = invocation.global.limits.archive;
    QUERN_TRY(
        const auto contents, image::ImageContents::read(flags.arguments[0], architecture, limits)
    );
    QUERN_TRY(const auto explanation, image::explain_content(contents, flags.arguments[1]));
    if (invocation.global.format == "json") {
        const Json json = {
            {"path", explanation.path},
            {"layer", explanation.layer},
            {"size", explanation.size},
            {"package", explanation.package},
            {"version", explanation.version},
            {"chain", explanation.chain},
            {"own_size", explanation.own_size},
            {"alone_size", explanation.alone_size}};
        return print(to_json_text(json));
    }
    return print(explanation_text(explanation));
}

void add_flags(CLI::App& app, InspectFlags& flags, const char* arguments) {
    add_option(app, "arguments", flags.arguments, arguments);
    add_option(
        app, "--arch", flags.architecture, "which image of several; default: the first or only one"
    );
}

}  // namespace

Run define_image_diff(CLI::App& app) {
    const auto flags = std::make_shared<InspectFlags>();
    add_flags(app, *flags, "IMAGE IMAGE: OCI layouts or archives, or archives of docker");
    return [flags](const Invocation& invocation) { return run_diff(*flags, invocation); };
}

Run define_image_explain(CLI::App& app) {
    const auto flags = std::make_shared<InspectFlags>();
    add_flags(app, *flags, "IMAGE FILE|PACKAGE");
    return [flags](const Invocation& invocation) { return run_explain(*flags, invocation); };
}

}  // namespace quern::cli
