// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/image_flags.hpp"
#include "cli/terminal.hpp"
#include "image/choose.hpp"
#include "image/package_graph.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <utility>

namespace quern::cli {
namespace {

Result<void> run_show_config(const ImageFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags, 1, "the image file"));
    QUERN_TRY(ImageSession opened, open_image(flags, invocation));
    image::Specification shown = opened.specification();
    if (!flags.architectures.empty()) {
        shown.archs = opened.options.architectures;
    }
    const bool is_json = invocation.global.format == "json";
    return print(is_json ? image::to_json(shown) : image::to_yaml(shown));
}

struct ShowPackagesFlags {
    ImageFlags image;
    std::string format = "name-version";
};

/// The named formats of apko, as templates.
std::string template_of(const std::string& format) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> named = {{
        {"name-version", "{{.Name}} {{.Version}}"},
        {"name-version-source", "{{.Name}} {{.Version}} {{.Source}}"},
        {"name=version", "{{.Name}}={{.Version}}"},
        {"name=version-source", "{{.Name}}={{.Version}} {{.Source}}"},
        {"name-(version)", "{{.Name}} ({{.Version}})"},
        {"name-(version)-source", "{{.Name}} ({{.Version}}) {{.Source}}"},
        {"packagelock", "- {{.Name}}={{.Version}}"},
        {"packagelock-source", "- {{.Name}}={{.Version}} # {{.Source}}"},
    }};
    for (const auto& [name, text] : named) {
        if (format == name) {
            return std::string(text);
        }
    }
    return format;
}

std::string source_of(const repository::Selected& selected) {
    return redact_url(selected.location.package_url(selected.architecture, *selected.entry));
}

Result<std::string> fill_in(std::string text, const repository::Selected& selected) {
    std::string line;
    for (std::size_t at = 0;;) {
        const std::size_t open = text.find("{{", at);
        line += text.substr(at, open == std::string::npos ? open : open - at);
        if (open == std::string::npos) {
            return line + "\n";
        }
        const std::size_t close = text.find("}}", open);
        const std::string name =
            close == std::string::npos
                ? std::string()
                : std::string(trim(std::string_view(text).substr(open + 2, close - open - 2)));
        if (name == ".Name") {
            line += selected.entry->name;
        } else if (name == ".Version") {
            line += selected.entry->version;
        } else if (name == ".Source") {
            line += source_of(selected);
        } else {
            return Error(
                       ErrorCode::usage,
                       fmt::format("--format: '{}' is not known", printable(text.substr(open)))
            )
                .help("templates may hold {{.Name}}, {{.Version}} and {{.Source}}");
        }
        at = close + 2;
    }
}

Result<void> run_show_packages(const ShowPackagesFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 1, "the image file"));
    const bool is_json = flags.format == "json" || invocation.global.format == "json";
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    const image::Services services = opened.services();
    const image::Contents& contents = opened.specification().contents;
    QUERN_TRY(
        const auto sources, image::gather_sources(contents, opened.options.additions, services)
    );
    QUERN_TRY(
        const auto all,
        image::choose_packages(
            contents.packages, opened.options.architectures, sources, {}, services
        )
    );
    std::string text;
    nlohmann::ordered_json json = nlohmann::json::array();
    for (const image::Chosen& chosen : all) {
        for (const repository::Selected& selected : chosen.packages) {
            json.push_back(
                {{"architecture", chosen.architecture},
                 {"name", selected.entry->name},
                 {"version", selected.entry->version},
                 {"source", source_of(selected)},
                 {"checksum", selected.entry->checksum},
                 {"size", selected.entry->file_size}}
            );
            if (!is_json) {
                QUERN_TRY(const std::string line, fill_in(template_of(flags.format), selected));
                text += line;
            }
        }
    }
    return print(is_json ? to_json_text(json) : text);
}

struct DotFlags {
    ImageFlags image;
    bool spanning_tree = false;
};

Result<void> run_dot(const DotFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 1, "the image file"));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    const image::Services services = opened.services();
    const image::Contents& contents = opened.specification().contents;
    QUERN_TRY(
        const auto sources, image::gather_sources(contents, opened.options.additions, services)
    );
    QUERN_TRY(
        const auto all,
        image::choose_packages(
            contents.packages, {opened.options.architectures.front()}, sources, {}, services
        )
    );
    return print_text(
        "dot",
        image::to_dot(contents.packages, all.front().packages, flags.spanning_tree),
        invocation.global
    );
}

}  // namespace

Run define_image_show_config(CLI::App& app) {
    const auto flags = std::make_shared<ImageFlags>();
    add_option(app, "arguments", flags->arguments, "IMAGE-FILE");
    add_image_flags(app, *flags);
    return [flags](const Invocation& invocation) { return run_show_config(*flags, invocation); };
}

Run define_image_show_packages(CLI::App& app) {
    const auto flags = std::make_shared<ShowPackagesFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE");
    add_image_flags(app, flags->image);
    add_option(
        app,
        "--format",
        flags->format,
        "name-version, name=version, name-(version), packagelock, each also with -source; json; "
        "or a template"
    )
        ->capture_default_str();
    return [flags](const Invocation& invocation) { return run_show_packages(*flags, invocation); };
}

Run define_image_dot(CLI::App& app) {
    const auto flags = std::make_shared<DotFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE");
    add_image_flags(app, flags->image);
    add_flag(
        app,
        "-S,--spanning-tree",
        flags->spanning_tree,
        "one edge to each package only: who asked first"
    );
    return [flags](const Invocation& invocation) { return run_dot(*flags, invocation); };
}

}  // namespace quern::cli
