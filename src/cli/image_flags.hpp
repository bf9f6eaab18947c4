// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "image/compose.hpp"
#include "image/sources.hpp"
#include "quern/image.hpp"

#include <cstdint>
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
    bool offline = false;
    std::vector<std::string> accepted_values;
    bool accepted = false;
};

/// Where the image file is, where packages come from, for which architectures.
void add_image_flags(CLI::App& app, ImageFlags& flags);
/// Dates, annotations: what goes into the image.
void add_content_flags(CLI::App& app, ImageFlags& flags);

/// An image file that was read, with what makes an image of it.
struct ImageSession {
    std::unique_ptr<Session> session;
    image::LoadedSpecification loaded;
    image::ComposeOptions options;

    image::Services services() const;
    image::Specification& specification() { return loaded.specification; }
};

/// Reads the image file (the first argument) and applies the flags. Its diagnostics are reported.
/// Errors: invalid_recipe, usage, io.
Result<ImageSession> open_image(const ImageFlags& flags, const Invocation& invocation);

/// Errors: usage, unless there are `count` arguments; `meaning` says what they are.
Result<void> expect_arguments(const ImageFlags& flags, std::size_t count, std::string_view meaning);

/// `image` subcommands.
Run define_image_build(CLI::App& app);
Run define_image_show_config(CLI::App& app);
Run define_image_show_packages(CLI::App& app);
Run define_image_dot(CLI::App& app);
Run define_image_minirootfs(CLI::App& app);

}  // namespace quern::cli
