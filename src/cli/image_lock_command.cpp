// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/image_flags.hpp"
#include "cli/terminal.hpp"
#include "image/lock.hpp"
#include "repository/lock_file.hpp"
#include "support/atomic_file.hpp"

#include <memory>

namespace quern::cli {
namespace {

struct LockFlags {
    ImageFlags image;
    std::string output;
};

Result<void> run_lock(const LockFlags& flags, const Invocation& invocation) {
    QUERN_CHECK(expect_arguments(flags.image, 1, "the image file"));
    QUERN_TRY(ImageSession opened, open_image(flags.image, invocation));
    const std::string& config = flags.image.arguments.front();
    const std::string output =
        flags.output.empty() ? repository::lock_path_of(config).string() : flags.output;
    QUERN_CHECK(expect_place_for_file(output));
    QUERN_TRY(
        const repository::LockFile lock,
        image::make_lock(
            opened.loaded,
            config,
            opened.options.architectures,
            opened.options.additions,
            opened.services()
        )
    );
    QUERN_CHECK(write_file_atomically(output, lock.to_string()));
    return print_written({output}, invocation.global);
}

}  // namespace

Run define_image_lock(CLI::App& app) {
    const auto flags = std::make_shared<LockFlags>();
    add_option(app, "arguments", flags->image.arguments, "IMAGE-FILE");
    add_image_flags(app, flags->image);
    add_option(
        app,
        "--output",
        flags->output,
        "default: the image file's name with .lock.json for its ending"
    );
    return [flags](const Invocation& invocation) { return run_lock(*flags, invocation); };
}

}  // namespace quern::cli
