// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "archive/gzip_writer.hpp"
#include "cli/image_flags.hpp"
#include "cli/image_recipes.hpp"
#include "cli/image_reuse.hpp"
#include "cli/terminal.hpp"
#include "image/content_key.hpp"
#include "image/output.hpp"
#include "image/output_record.hpp"
#include "image/reference.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace quern::cli {
namespace {

struct ImageBuildFlags {
    ImageFlags image;
    std::string output_type = "auto";
    std::string layer_format;
    bool is_fresh = false;
    SbomFlags sboms;
    RecipeDirectoryFlags recipes;
    std::string previous;
};

bool is_compressed(const std::filesystem::path& root_tar) {
    return root_tar.extension() == ".gz" || root_tar.extension() == ".tgz";
}

/// `auto` as apko decides: a directory that is there gets a layout, anything else is an archive.
std::string output_type(const ImageBuildFlags& flags, const std::filesystem::path& output) {
    std::error_code failure;
    if (flags.output_type != "auto") {
        return flags.output_type;
    }
    return std::filesystem::is_directory(output, failure) ? "oci-dir" : "auto-docker";
}

using Json = nlohmann::ordered_json;
using Files = std::vector<std::filesystem::path>;

/// What a build is asked to make.
struct Request {
    image::Reference tag;
    std::string type;  ///< of the output
    std::filesystem::path output;
    std::filesystem::path sbom_directory;  ///< empty: none are written
};

/// What cannot be written is told before an image is made for it.
Result<void> check_places(const Request& request) {
    std::error_code failure;
    if (request.type != "oci-dir") {
        auto place = expect_place_for_file(request.output);
        if (!place && request.type == "auto-docker" && request.output.filename().empty()) {
            return std::move(place).error().help(
                "name a file, or make the directory first: then it gets an OCI layout"
            );
        }
        QUERN_CHECK(std::move(place));
    } else if (std::filesystem::exists(request.output, failure) &&
               !std::filesystem::is_directory(request.output, failure)) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "{} is a file, and an OCI layout is a directory", request.output.string()
                   )
        )
            .help("name a directory; it is made if it is not there");
    }
    return request.sbom_directory.empty() ? Result<void>()
                                          : expect_directory(request.sbom_directory, "--sbom-path");
}

Result<void> write_root(image::ImagePlan plan, const ImageSession& opened, const Request& request) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(request.output));
    archive::FdSink sink(file.fd());
    if (is_compressed(request.output)) {
        archive::GzipWriter gzip(sink, {.level = 0, .pool = &opened.session->pool()});
        QUERN_CHECK(image::compose_root_tar(std::move(plan), opened.services(), gzip));
        QUERN_CHECK(gzip.finish());
    } else {
        QUERN_CHECK(image::compose_root_tar(std::move(plan), opened.services(), sink));
    }
    return file.commit();
}

/// Gives the files that it wrote.
Result<Files> write_image(
    const image::ImageSet& set, image::LayerStore& layers, const Request& request
) {
    const auto& [tag, type, output, sbom_directory] = request;
    Files files = {output};
    if (type == "oci-dir") {
        QUERN_CHECK(image::write_oci_layout(set, layers, output));
        files = image::layout_files(set, output);
    } else if (type == "oci-archive") {
        QUERN_CHECK(image::write_oci_archive(set, layers, tag, output));
    } else {
        QUERN_CHECK(image::write_docker_archive(set, layers, tag, type == "docker", output));
    }
    QUERN_TRY(const Files sboms, write_sboms(set, sbom_directory));
    files.insert(files.end(), sboms.begin(), sboms.end());
    return files;
}

Json to_json(const image::ImageSet& set) {
    Json images = Json::array();
    for (const image::Image& each : set.images) {
        Json layers = Json::array();
        for (const image::Layer& layer : each.layers) {
            layers.push_back(
                {{"digest", layer.digest}, {"diff_id", layer.diff_id}, {"size", layer.size}}
            );
        }
        images.push_back(
            {{"architecture", each.architecture},
             {"digest", each.manifest.digest},
             {"layers", std::move(layers)}}
        );
    }
    return {{"digest", set.index.digest}, {"images", std::move(images)}};
}

/// What was made, as it was noted when it was made.
struct Made {
    Json note;  ///< digest and images; null for a root file system
    std::string key;
    bool is_unchanged = false;
    Json recipes;  ///< what was built for it; null: nothing was asked for
    Json reuse;    ///< compared with the image before; null: as above
};

Result<void> print_result(
    const Made& made, const std::string& output, const GlobalOptions& global
) {
    if (global.format != "json") {
        const std::string digest = made.note.value("digest", std::string());
        const std::string reuse = made.reuse.is_null() ? "" : reuse_text(made.reuse);
        return print(fmt::format("{}{}{}\n{}", output, digest.empty() ? "" : " ", digest, reuse));
    }
    Json json = {{"output", output}};
    json.update(made.note);
    json["key"] = made.key;
    json["unchanged"] = made.is_unchanged;
    if (!made.recipes.is_null()) {
        json["recipes"] = made.recipes;
    }
    if (!made.reuse.is_null()) {
        json["previous"] = made.reuse;
    }
    return print(to_json_text(json));
}

Result<Made> make_output(
    image::ImagePlan plan, const ImageSession& opened, const Request& request, bool is_fresh
) {
    const image::Services services = opened.services();
    const bool is_root = request.type == "rootfs";
    Made made;
    made.note = Json::object();
    const std::string form =
        is_root && is_compressed(request.output) ? request.type + "+gzip" : request.type;
    QUERN_TRY(made.key, image::content_key(plan, {form, request.tag.full()}));
    QUERN_TRY(
        const image::OutputRecord record,
        image::OutputRecord::open(services.cache, request.output, request.sbom_directory)
    );
    if (const auto note = is_fresh ? std::nullopt : record.find(made.key)) {
        made.note = Json::parse(*note, nullptr, false);
        made.is_unchanged = made.note.is_object();
    }
    if (made.is_unchanged) {
        services.reporter.note("nothing has changed since this was written (--fresh builds anyway)"
        );
        return made;
    }
    Files files = {request.output};
    if (is_root) {
        QUERN_CHECK(write_root(std::move(plan), opened, request));
    } else {
        const std::filesystem::path cache = image::layer_directory(services);
        image::LayerStore layers = request.type == "oci-dir"
                                       ? image::LayerStore(cache, request.output)
                                       : image::LayerStore(cache);
        QUERN_TRY(const image::ImageSet set, image::compose(std::move(plan), layers, services));
        made.note = to_json(set);
        QUERN_TRY(files, write_image(set, layers, request));
    }
    QUERN_CHECK(record.write(made.key, files, to_json_text(made.note)));
    return made;
}

Result<void> run_build(ImageBuildFlags flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(
        flags.image, 3, "the image file, the tag of the image, and where to write it"
    ));
    if (!flags.layer_format.empty() && flags.layer_format != "tar") {
        return Error(
            ErrorCode::unsupported,
            fmt::format("layers of format '{}' are not made", printable(flags.layer_format))
        );
    }
    Request request;
    QUERN_TRY(request.tag, image::Reference::parse_tag(flags.image.arguments[1]));
    const bool builds_recipes = !flags.recipes.directories.empty();
    if (builds_recipes) {
        QUERN_CHECK(prepare_image(flags.recipes, flags.image));
    }
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    const std::string& output = flags.image.arguments[2];
    request.output = output;
    request.type = output_type(flags, output);
    const bool is_root = request.type == "rootfs";
    if (!is_root && !flags.sboms.chosen().empty()) {
        request.sbom_directory = flags.sboms.path.empty() ? "." : flags.sboms.path;
    }
    if (is_root && opened.options.architectures.size() != 1) {
        return Error(ErrorCode::usage, "a root file system is of one architecture")
            .help("add --arch host");
    }
    QUERN_CHECK(check_places(request));
    image::PreviousLayers previous;
    if (!flags.previous.empty()) {  // read now: the output may take its place
        QUERN_TRY(
            previous, image::read_previous_layers(flags.previous, opened.options.architectures)
        );
    }
    opened.options.image_name = request.tag.short_name();
    opened.options.sbom_formats = flags.sboms.chosen();
    warn_of_sbom_formats(flags.sboms, opened.session->reporter());
    Json recipes;
    if (builds_recipes) {
        QUERN_TRY(recipes, build_recipes(flags.recipes, invocation, opened));
    }
    const auto plan_it = is_root ? image::plan_root : image::plan_image;
    QUERN_TRY(
        image::ImagePlan plan, plan_it(opened.specification(), opened.options, opened.services())
    );
    QUERN_TRY(Made made, make_output(std::move(plan), opened, request, flags.is_fresh));
    made.recipes = std::move(recipes);
    if (!flags.previous.empty()) {
        made.reuse = reuse_report(made.note, previous, flags.previous);
    }
    return print_result(made, output, invocation.global);
}

struct MinirootfsFlags {
    ImageFlags image;
    std::string architecture = "host";
    std::string sbom_path;
};

Result<void> run_minirootfs(const MinirootfsFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 2, "the image file, and the tar to write"));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    QUERN_CHECK(expect_place_for_file(flags.image.arguments[1]));
    QUERN_TRY(AtomicFile file, AtomicFile::create(flags.image.arguments[1]));
    archive::FdSink sink(file.fd());
    QUERN_TRY(
        image::ImagePlan plan,
        image::plan_root(opened.specification(), opened.options, opened.services())
    );
    QUERN_CHECK(image::compose_root_tar(std::move(plan), opened.services(), sink));
    QUERN_CHECK(file.commit());
    return print_written({flags.image.arguments[1]}, invocation.global);
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
    add_recipe_directory_flags(app, flags->recipes);
    add_option(
        app,
        "--previous",
        flags->previous,
        "an image made before: tell how many layers and bytes are the same"
    );
    add_flag(app, "--fresh", flags->is_fresh, "build the image, changed or not");
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
