// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "archive/gzip_writer.hpp"
#include "cli/image_flags.hpp"
#include "cli/terminal.hpp"
#include "image/output.hpp"
#include "image/reference.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

struct ImageBuildFlags {
    ImageFlags image;
    std::string output_type = "auto";
    std::string layer_format;
    SbomFlags sboms;
};
/// `auto` as apko decides: a directory that is there gets a layout, anything else is an archive.
std::string output_type(const ImageBuildFlags& flags, const std::filesystem::path& output) {
    std::error_code failure;
    if (flags.output_type != "auto") {
        return flags.output_type;
    }
    return std::filesystem::is_directory(output, failure) ? "oci-dir" : "auto-docker";
}

Result<void> write_root(ImageSession& opened, const std::filesystem::path& output) {
    if (opened.options.architectures.size() != 1) {
        return Error(ErrorCode::usage, "a root file system is of one architecture")
            .help("add --arch host");
    }
    QUERN_TRY(AtomicFile file, AtomicFile::create(output));
    archive::FdSink sink(file.fd());
    if (output.extension() == ".gz" || output.extension() == ".tgz") {
        archive::GzipWriter gzip(sink, {.level = 0, .pool = &opened.session->pool()});
        QUERN_CHECK(
            image::compose_root_tar(opened.specification(), opened.options, opened.services(), gzip)
        );
        QUERN_CHECK(gzip.finish());
    } else {
        QUERN_CHECK(
            image::compose_root_tar(opened.specification(), opened.options, opened.services(), sink)
        );
    }
    return file.commit();
}

Result<void> write_image(
    const image::ImageSet& set,
    const ImageSession& opened,
    const image::Reference& tag,
    const std::string& type,
    const std::filesystem::path& output
) {
    const auto store = image::layer_store(opened.services());
    if (type == "oci-dir") {
        return image::write_oci_layout(set, store, output);
    }
    if (type == "oci-archive") {
        return image::write_oci_archive(set, store, tag, output);
    }
    return image::write_docker_archive(set, store, tag, type == "docker", output);
}

Result<void> print_result(
    const image::ImageSet& set, const std::string& output, const GlobalOptions& global
) {
    if (global.format != "json") {
        return print(fmt::format("{} {}\n", output, set.index.digest));
    }
    nlohmann::ordered_json json = {
        {"output", output}, {"digest", set.index.digest}, {"images", nlohmann::json::array()}};
    for (const image::Image& each : set.images) {
        nlohmann::ordered_json layers = nlohmann::json::array();
        for (const image::Layer& layer : each.layers) {
            layers.push_back(
                {{"digest", layer.digest}, {"diff_id", layer.diff_id}, {"size", layer.size}}
            );
        }
        json["images"].push_back(
            {{"architecture", each.architecture},
             {"digest", each.manifest.digest},
             {"layers", std::move(layers)}}
        );
    }
    return print(json.dump() + "\n");
}

Result<void> run_build(const ImageBuildFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(
        flags.image, 3, "the image file, the tag of the image, and where to write it"
    ));
    if (!flags.layer_format.empty() && flags.layer_format != "tar") {
        return Error(
            ErrorCode::unsupported,
            fmt::format("layers of format '{}' are not made", printable(flags.layer_format))
        );
    }
    QUERN_TRY(const image::Reference tag, image::Reference::parse(flags.image.arguments[1]));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    const std::string& output = flags.image.arguments[2];
    const std::string type = output_type(flags, output);
    if (type == "rootfs") {
        QUERN_CHECK(write_root(opened, output));
        return print(output + "\n");
    }
    opened.options.image_name = tag.short_name();
    opened.options.sbom_formats = flags.sboms.chosen();
    QUERN_TRY(
        const image::ImageSet set,
        image::compose(opened.specification(), opened.options, opened.services())
    );
    QUERN_CHECK(write_image(set, opened, tag, type, output));
    QUERN_CHECK(write_sboms(set, flags.sboms.path.empty() ? "." : flags.sboms.path));
    return print_result(set, output, invocation.global);
}

struct MinirootfsFlags {
    ImageFlags image;
    std::string architecture = "host";
    std::string sbom_path;
};

Result<void> run_minirootfs(const MinirootfsFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 2, "the image file, and the tar to write"));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    QUERN_TRY(AtomicFile file, AtomicFile::create(flags.image.arguments[1]));
    archive::FdSink sink(file.fd());
    QUERN_CHECK(
        image::compose_root_tar(opened.specification(), opened.options, opened.services(), sink)
    );
    QUERN_CHECK(file.commit());
    return print(flags.image.arguments[1] + "\n");
}

}  // namespace

Run define_image_build(CLI::App& app) {
    const auto flags = std::make_shared<ImageBuildFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE TAG OUTPUT");
    add_image_flags(app, flags->image);
    add_content_flags(app, flags->image);
    add_option(
        app,
        "--output-type",
        flags->output_type,
        "auto: an OCI layout in a directory that is there, else a docker archive whose tags end "
        "in the architecture; docker: the tag as it is; oci-archive; oci-dir; rootfs: a plain "
        "tar"
    )
        ->check(one_of({"auto", "docker", "oci-archive", "oci-dir", "rootfs"}))
        ->capture_default_str();
    add_sbom_flags(app, flags->sboms);
    add_option(app, "--format", flags->layer_format, "of layers: tar")->group("");
    return [flags](const Invocation& invocation) { return run_build(*flags, invocation); };
}

Run define_image_minirootfs(CLI::App& app) {
    const auto flags = std::make_shared<MinirootfsFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE OUTPUT");
    add_image_flags(app, flags->image);
    add_content_flags(app, flags->image);
    add_option(app, "--build-arch", flags->architecture, "the architecture")->capture_default_str();
    add_option(app, "--sbom-path", flags->sbom_path, "accepted, without effect")->group("");
    return [flags](const Invocation& invocation) {
        MinirootfsFlags own = *flags;
        own.image.architectures = {own.architecture};
        return run_minirootfs(own, invocation);
    };
}

}  // namespace quern::cli
