// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/index_flags.hpp"
#include "cli/session.hpp"
#include "image/compose.hpp"
#include "image/sources.hpp"
#include "quern/image.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quern::cli {

/// Flags that most `image` commands share; their names and meaning are apko's.
struct ImageFlags {
    std::vector<std::string> arguments;  ///< positional
    std::vector<std::string> architectures;
    image::Additions additions;
    std::vector<std::string> packages;  ///< -p
    std::vector<std::string> include_paths;
    std::vector<std::string> annotations;
    std::string build_date;
    std::string cache_directory;
    std::string work_directory;
    std::string lock_file;
    bool offline = false;
    std::uint64_t resolve_timeout = default_resolve_timeout;
    bool needs_guest = false;                      ///< steps run too
    std::string runner;                            ///< of these
    std::vector<std::string> content_directories;  ///< sources of these, by checksum
};

/// Where the image file is, where packages come from, for which architectures.
void add_image_flags(CLI::App& app, ImageFlags& flags);
/// Dates, annotations: what goes into the image.
void add_content_flags(CLI::App& app, ImageFlags& flags);

/// Which SBOMs are written, and where.
struct SbomFlags {
    std::string path;
    std::vector<std::string> formats = {"spdx"};
    bool is_wanted = true;
    bool vcs = true;

    std::vector<std::string> chosen() const {
        return is_wanted ? formats : std::vector<std::string>();
    }
};
void add_sbom_flags(CLI::App& app, SbomFlags& flags);
/// Formats that are not made are passed over, as apko does, but not silently.
void warn_of_sbom_formats(const SbomFlags& flags, Reporter& reporter);
/// Writes all SBOMs of the images and of the index; gives their files. Errors: io, not_found.
Result<std::vector<std::filesystem::path>> write_sboms(
    const image::ImageSet& set, const std::filesystem::path& directory
);

/// An image file that was read, with what makes an image of it.
struct ImageSession {
    std::unique_ptr<Session> session;
    image::LoadedSpecification loaded;
    image::ComposeOptions options;
    std::unique_ptr<const repository::LockFile> lock;  ///< what `options` points to

    image::Services services() const;
    image::Specification& specification() { return loaded.specification; }
    /// Errors: those of planning and composing.
    Result<image::ImageSet> compose(image::LayerStore& layers) const;
};

/// Reads the image file (the first argument) and applies the flags. Its diagnostics are reported.
/// Errors: invalid_recipe, usage, io.
Result<ImageSession> open_image(const ImageFlags& flags, const Invocation& invocation);

/// Whether a file can be made at `path`, which is asked before the work that its content takes.
/// Errors: usage (no name, a directory), not_found (no directory for it).
Result<void> expect_place_for_file(const std::filesystem::path& path);
/// The same for files that are put in the directory `path`. `flag` names it.
Result<void> expect_directory(const std::filesystem::path& path, std::string_view flag);

/// Errors: usage, unless there are `count` arguments; `meaning` says what they are.
Result<void> expect_arguments(const ImageFlags& flags, std::size_t count, std::string_view meaning);

/// `image` subcommands.
Run define_image_build(CLI::App& app);
Run define_image_show_config(CLI::App& app);
Run define_image_show_packages(CLI::App& app);
Run define_image_dot(CLI::App& app);
Run define_image_minirootfs(CLI::App& app);
Run define_image_lock(CLI::App& app);
Run define_image_publish(CLI::App& app);
Run define_image_load(CLI::App& app);
Run define_image_diff(CLI::App& app);
Run define_image_explain(CLI::App& app);
Run define_image_shell(CLI::App& app);

}  // namespace quern::cli
