// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/source_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What recipes, pipeline definitions and their environments are made of; recipe.hpp includes it.
namespace quern::recipe {

/// A text of the recipe with the place where it stands. The place is that of the text as written;
/// the value may have been substituted since.
struct Text {
    std::string value;
    Span where;

    bool is_empty() const { return value.empty(); }
    friend bool operator==(const Text& a, const Text& b) { return a.value == b.value; }
};

using TextMap = std::map<std::string, Text, std::less<>>;

/// A declared parameter of a pipeline definition.
struct Input {
    std::string description;
    std::optional<Text> default_value;
    bool required = false;
};

/// What a step gets from the network for the steps behind it. An extension: melange's steps have
/// the network always.
struct Downloads {
    Text into;                ///< directory below the workspace that the step fills; is kept
    std::vector<Text> locks;  ///< files, relative to the step's directory, that decide its content
    bool of_environment = false;  ///< the packages of the build environment decide it too
    Span where{};
};

/// One node of a pipeline tree, as in a recipe or a definition (recipe-and-build 4.1).
struct PipelineNode {
    Text name;
    Text uses;
    TextMap with;
    Text runs;
    std::vector<PipelineNode> pipeline;
    std::map<std::string, Input, std::less<>> inputs;
    std::vector<Text> needs_packages;
    Text label;
    Text condition;  ///< `if`
    std::optional<int> required_steps;
    Text working_directory;
    TextMap environment;
    /// `network`: the step may use the host's network; handed down to nested steps. An extension:
    /// melange's steps always may.
    std::optional<bool> network;
    std::optional<Downloads> downloads;
    Span where;
};

struct User {
    std::string name;
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> gid;
    std::string shell;
    std::string home;
    Span where{};
};

struct Group {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
    Span where{};
};

/// A change to the guest's tree (recipe-and-build 2.4, `paths`).
struct PathMutation {
    std::string path;
    std::string type;  ///< directory, empty-file, hardlink, symlink, permissions
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t permissions = 0;
    std::string source;
    bool recursive = false;
    Span where;
};

/// The environment of a build or a test: the part of apko's image configuration that a recipe uses;
/// the rest is read and dropped.
struct Environment {
    std::vector<Text> repositories;
    std::vector<Text> build_repositories;
    std::vector<Text> runtime_repositories;
    std::vector<Text> keyring;
    std::vector<Text> packages;
    TextMap environment;
    std::vector<User> users;
    std::vector<Group> groups;
    std::string run_as;
    std::vector<PathMutation> paths;
    TextMap annotations;
    Text entrypoint_type, entrypoint_command, entrypoint_shell_fragment;
    TextMap entrypoint_services;
    Text cmd, stop_signal, work_dir, vcs_url;
    std::vector<std::string> archs;
    std::vector<Text> volumes;
    bool is_given = false;  ///< the key stood in the recipe
};

}  // namespace quern::recipe
