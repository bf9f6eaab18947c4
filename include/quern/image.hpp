// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern {
class FileReader;
}

namespace quern::image {

/// A text under a name: a public key or a certificate in PEM.
struct NamedText {
    std::string name;
    std::string content;
};

/// An image that the new one is put on top of.
struct BaseImage {
    std::string image;      ///< directory of an OCI layout
    std::string apk_index;  ///< directory with <arch>/APKINDEX: its installed database
};

/// A file that is put in the image without a package written for it (our extension). It belongs to
/// a package that is made up for all of them.
struct PlainFile {
    std::string path;
    std::string source;  ///< file below `directory`; or
    std::string content;
    std::filesystem::path directory;  ///< of the image file that names it
    std::uint32_t mode = 0644;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string owner;  ///< "user[:group]", names or numbers, in place of `uid` and `gid`
};

struct Contents {
    std::vector<std::string> build_repositories;
    std::vector<std::string> runtime_repositories;
    std::vector<std::string> repositories;  ///< without trailing slashes
    std::vector<std::string> keyring;       ///< paths or URLs
    std::vector<NamedText> runtime_keyring;
    std::vector<std::string> packages;
    std::optional<BaseImage> base_image;
    std::vector<PlainFile> files;
    std::string owners;  ///< "packages" keeps owners and special bits of packaged files; ours
};

struct Entrypoint {
    std::string type;  ///< "" or "service-bundle"
    std::string command;
    std::string shell_fragment;
    std::map<std::string, std::string> services;
};

struct User {
    std::string name;
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> gid;  ///< that of the user if not given
    std::string shell;                 ///< empty: /bin/sh
    std::string home;                  ///< /home/<name> if not given
};

struct Group {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
};

struct Accounts {
    std::string run_as;
    std::vector<User> users;
    std::vector<Group> groups;
};

struct PathMutation {
    std::string path;
    std::string type;  ///< directory, empty-file, hardlink, symlink, permissions
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::uint32_t permissions = 0;
    std::string source;
    bool recursive = false;
};

struct Layering {
    std::string strategy;
    std::uint32_t budget = 0;
};

struct Certificates {
    std::vector<NamedText> additional;
    std::vector<std::string> providers;
};

/// What an image file says, includes merged. Source: image-and-resolver 2.
struct Specification {
    Contents contents;
    Entrypoint entrypoint;
    std::string cmd;
    std::string stop_signal;
    std::string work_dir;
    Accounts accounts;
    std::vector<std::string> archs;  ///< apk's names
    std::map<std::string, std::string> environment;
    std::vector<PathMutation> paths;
    std::string vcs_url;
    std::map<std::string, std::string> annotations;
    std::string include;
    std::vector<std::string> volumes;
    std::optional<Layering> layering;
    std::string format;
    std::optional<Certificates> certificates;
};

/// A specification with the files that it was read from.
struct LoadedSpecification {
    Specification specification;
    /// The file itself, then what it includes, outermost first.
    std::vector<std::shared_ptr<const SourceFile>> files;
};

/// Reads the image file at `path`, or below the first of `include_paths` that has it, and what it
/// includes. Everything that is wrong is told at its place; nothing is given then. Diagnostics:
/// "cannot-read", "include-loop", "bad-image" and those of the YAML layer.
std::optional<LoadedSpecification> load(
    const std::filesystem::path& path,
    const FileReader& reader,
    const std::vector<std::filesystem::path>& include_paths,
    Diagnostics& diagnostics
);

/// The specification as YAML, as `image show-config` prints it: a section that is there shows its
/// empty fields too, passwords in URLs are left out.
std::string to_yaml(const Specification& specification);

/// The specification as the image's /etc/apko.json: compact, keys in the order of the format, empty
/// values left out, a newline at the end.
std::string to_json(const Specification& specification);

}  // namespace quern::image
