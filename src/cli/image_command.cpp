// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/image_flags.hpp"
#include "cli/next_move.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace quern::cli {
namespace {

constexpr std::array subcommands = {
    CommandDefinition{
        "build",
        "Images",
        "build an image from an image file",
        "  quern image build app.yaml registry.example.org/team/app:1.0 app.tar --arch host\n"
        "  quern image build app.yaml app:1.0 layout/          # a directory that is there: OCI\n"
        "  quern image build app.yaml app:1.0 app.tar --output-type docker -r packages -k me.pub",
        define_image_build},
    CommandDefinition{
        "show-config",
        "Images",
        "print an image file with what it includes, as YAML",
        "  quern image show-config app.yaml",
        define_image_show_config},
    CommandDefinition{
        "show-packages",
        "Images",
        "print the packages that an image would have",
        "  quern image show-packages app.yaml --arch x86_64\n"
        "  quern image show-packages app.yaml --format packagelock-source\n"
        "  quern image show-packages app.yaml --format '{{.Name}} {{.Version}}'",
        define_image_show_packages},
    CommandDefinition{
        "dot",
        "Images",
        "print the packages of an image and what needs what, for Graphviz",
        "  quern image dot app.yaml --arch x86_64 | dot -Tsvg > app.svg",
        define_image_dot},
    CommandDefinition{
        "minirootfs",
        "Images",
        "write the root file system of an image as one tar",
        "  quern image minirootfs app.yaml root.tar --build-arch x86_64",
        define_image_minirootfs,
        "build-minirootfs"},  // apko's name
    CommandDefinition{
        "publish",
        "Images",
        "build an image and push it to registries",
        "  quern image publish app.yaml registry.example.org/team/app:1.0\n"
        "  quern image publish app.yaml localhost:5000/app:1 localhost:5000/app:latest",
        define_image_publish},
    CommandDefinition{
        "load",
        "Images",
        "build an image and load it into docker or podman",
        "  quern image load app.yaml app:1.0 && docker run --rm app:1.0",
        define_image_load},
    CommandDefinition{
        "lock",
        "Images",
        "record the packages of an image by content, for --lockfile",
        "  quern image lock app.yaml --arch x86_64,aarch64",
        define_image_lock},
    CommandDefinition{
        "diff",
        "Images",
        "tell what differs between two images",
        "  quern image diff old.tar new.tar",
        define_image_diff},
    CommandDefinition{
        "explain",
        "Images",
        "tell why a file or a package is in an image, and what it costs",
        "  quern image explain app.tar /usr/bin/awk",
        define_image_explain},
    CommandDefinition{
        "shell",
        "Images",
        "look into an image with tools that are not in it",
        "  quern image shell app.tar -r seed -k seed.rsa.pub\n"
        "  quern image shell layout/ -r seed -k seed.rsa.pub -p busybox,strace -- ls -l usr/bin",
        define_image_shell},
};

/// Scripts that were written for apko see 1 for whatever failed.
Result<void> with_one_status(Result<void> result) {
    if (result || result.error().code() == ErrorCode::interrupted) {
        return result;
    }
    Error error = std::move(result).error();
    std::string help = next_move(error);
    return Error(ErrorCode::invalid_recipe, error.message()).help(std::move(help));
}

}  // namespace

Run define_image(CLI::App& app) {
    const auto chosen = std::make_shared<Run>();
    add_commands(app, subcommands, {}, *chosen);
    return
        [chosen](const Invocation& invocation) { return with_one_status((*chosen)(invocation)); };
}

}  // namespace quern::cli
