// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/image_flags.hpp"
#include "cli/terminal.hpp"
#include "image/output.hpp"
#include "image/publish.hpp"
#include "image/reference.hpp"
#include "quern/package_info.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

namespace quern::cli {
namespace {

struct PublishFlags {
    ImageFlags image;
    SbomFlags sboms;
    std::string image_refs;
    std::string mount_from;
    std::vector<std::string> trusted_hosts;
    bool is_local = false;
};

struct LoadFlags {
    ImageFlags image;
    std::string engine = "auto";
};

/// The tags behind the image file.
Result<std::vector<image::Reference>> parse_tags(const ImageFlags& flags) {
    std::vector<image::Reference> tags;
    for (std::size_t i = 1; i < flags.arguments.size(); ++i) {
        QUERN_TRY(image::Reference tag, image::Reference::parse_tag(flags.arguments[i]));
        tags.push_back(std::move(tag));
    }
    return tags;
}

std::vector<std::pair<std::string, std::string>> whole_environment() {
    std::vector<std::pair<std::string, std::string>> list;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = std::min(text.find('='), text.size());
        list.emplace_back(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
    }
    return list;
}

/// Runs `ENGINE load` on an archive. Errors: not_found (no such program), io (it failed).
Result<void> load_archive(
    const std::string& engine, const std::filesystem::path& archive, const CancelToken& cancel
) {
    ProcessOptions options;
    options.argv = {engine, "load", "--input", archive.string()};
    options.environment = whole_environment();
    QUERN_TRY(const CapturedOutput done, run_captured(options, cancel));
    if (!done.status.is_success()) {
        return Error(
            ErrorCode::io,
            fmt::format(
                "{} load: {}: {}", engine, done.status.describe(), printable(trim(done.output))
            )
        );
    }
    return {};
}

/// The first of docker and podman that takes the archive.
Result<std::string> load_into_engine(
    const std::string& wanted, const std::filesystem::path& archive, const CancelToken& cancel
) {
    const std::vector<std::string> engines =
        wanted == "auto" ? std::vector<std::string>{"docker", "podman"} : std::vector{wanted};
    std::string reasons;
    for (const std::string& engine : engines) {
        auto loaded = load_archive(engine, archive, cancel);
        if (loaded) {
            return engine;
        }
        if (loaded.error().code() == ErrorCode::interrupted) {
            return std::move(loaded).error();
        }
        reasons += (reasons.empty() ? "" : "; ") + loaded.error().message();
    }
    return Error(ErrorCode::io, reasons).help("is an engine running? name it with --engine");
}

Result<void> load_image(
    ImageSession& opened,
    const image::Reference& tag,
    const std::string& engine,
    const GlobalOptions& global
) {
    opened.options.image_name = tag.short_name();
    opened.options.sbom_formats.clear();
    const image::Services services = opened.services();
    image::LayerStore layers(image::layer_directory(services));
    QUERN_TRY(const image::ImageSet set, opened.compose(layers));
    QUERN_TRY(const TempDir scratch, TempDir::create(services.cache / "image", "load-"));
    const std::filesystem::path archive = scratch.path() / "image.tar";
    QUERN_CHECK(image::write_docker_archive(set, layers, tag, true, archive));
    QUERN_TRY(const std::string taken, load_into_engine(engine, archive, services.cancel));
    services.reporter.note(fmt::format("{} has {}", taken, tag.full()));
    if (global.format == "json") {
        const nlohmann::ordered_json json = {{"engine", taken}, {"loaded", tag.full()}};
        return print(to_json_text(json));
    }
    return print(fmt::format("{}\n", tag.full()));
}

/// One architecture: what runs here unless one was named.
void choose_one(const ImageFlags& flags, ImageSession& opened) {
    if (flags.architectures.empty()) {
        opened.options.architectures = {apk::host_architecture()};
    }
    opened.options.architectures.resize(1);
}

Result<void> run_publish(const PublishFlags& flags, const Invocation& invocation) {
    if (flags.image.arguments.size() < 2) {
        return Error(ErrorCode::usage, "the image file and at least one tag are wanted")
            .help("--help shows examples");
    }
    QUERN_TRY(const std::vector<image::Reference> tags, parse_tags(flags.image));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    if (flags.is_local) {
        choose_one(flags.image, opened);
        return load_image(opened, tags.front(), "auto", invocation.global);
    }
    opened.options.image_name = tags.front().short_name();
    opened.options.sbom_formats = flags.sboms.chosen();
    warn_of_sbom_formats(flags.sboms, opened.session->reporter());
    if (!flags.image_refs.empty()) {
        QUERN_CHECK(expect_place_for_file(flags.image_refs));
    }
    if (!flags.sboms.path.empty()) {
        QUERN_CHECK(expect_directory(flags.sboms.path, "--sbom-path"));
    }
    const image::Services services = opened.services();
    image::LayerStore layers(image::layer_directory(services));
    QUERN_TRY(const image::ImageSet set, opened.compose(layers));
    image::PublishOptions options;
    options.registry.upload_state = services.cache / "image" / "uploads";
    options.registry.trusted_hosts = flags.trusted_hosts;
    options.mount_from = flags.mount_from;
    QUERN_TRY(
        const std::vector<std::string> names, image::publish(set, layers, tags, options, services)
    );
    if (!flags.image_refs.empty()) {
        QUERN_CHECK(write_file_atomically(flags.image_refs, quern::join(names, "\n") + "\n"));
    }
    if (!flags.sboms.path.empty()) {
        QUERN_CHECK(write_sboms(set, flags.sboms.path));
    }
    if (invocation.global.format == "json") {
        const nlohmann::ordered_json json = {{"index", names.back()}, {"references", names}};
        return print(to_json_text(json));
    }
    return print(names.back() + "\n");
}

Result<void> run_load(const LoadFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 2, "the image file, and the tag of the image"));
    QUERN_TRY(const std::vector<image::Reference> tags, parse_tags(flags.image));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    choose_one(flags.image, opened);
    return load_image(opened, tags.front(), flags.engine, invocation.global);
}

}  // namespace

Run define_image_publish(CLI::App& app) {
    const auto flags = std::make_shared<PublishFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE TAG...");
    add_image_flags(app, flags->image);
    add_content_flags(app, flags->image);
    add_sbom_flags(app, flags->sboms);
    add_option(
        app,
        "--image-refs",
        flags->image_refs,
        "file that gets the digest of each image, then the index"
    );
    add_option(
        app,
        "--mount-from",
        flags->mount_from,
        "repository of the registry that may have the layers"
    );
    add_list(
        app,
        "--trust-auth-host",
        flags->trusted_hosts,
        "HOST or HOST:PORT that may see the registry's credentials to hand out tokens"
    );
    add_flag(app, "--local", flags->is_local, "load into docker or podman instead of pushing");
    return [flags](const Invocation& invocation) { return run_publish(*flags, invocation); };
}

Run define_image_load(CLI::App& app) {
    const auto flags = std::make_shared<LoadFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE TAG");
    add_image_flags(app, flags->image);
    add_content_flags(app, flags->image);
    add_option(app, "--engine", flags->engine, "docker, podman, or auto: the first that takes it")
        ->check(one_of({"auto", "docker", "podman"}))
        ->capture_default_str();
    return [flags](const Invocation& invocation) { return run_load(*flags, invocation); };
}

}  // namespace quern::cli
