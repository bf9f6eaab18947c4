// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/load.hpp"

#include "image/decode.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace quern::image {
namespace {

template <typename T>
void join(std::vector<T>& base, std::vector<T>& own) {
    base.insert(
        base.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end())
    );
}

void override_text(std::string& base, std::string& own) {
    if (!own.empty()) {
        base = std::move(own);
    }
}

bool is_given(const Entrypoint& entrypoint) {
    return !entrypoint.type.empty() || !entrypoint.command.empty() ||
           !entrypoint.shell_fragment.empty() || !entrypoint.services.empty();
}

void merge_contents(Contents& base, Contents& own) {
    join(base.build_repositories, own.build_repositories);
    join(base.runtime_repositories, own.runtime_repositories);
    join(base.repositories, own.repositories);
    join(base.keyring, own.keyring);
    join(base.runtime_keyring, own.runtime_keyring);
    join(base.packages, own.packages);
    join(base.files, own.files);
    override_text(base.owners, own.owners);
    if (own.base_image) {
        base.base_image = std::move(own.base_image);
    }
}

void override_keys(
    std::map<std::string, std::string>& base, std::map<std::string, std::string>& own
) {
    own.merge(base);
    base = std::move(own);
}

/// What stands elsewhere in an image file, or stood in those of earlier times.
std::string advice_for(std::string_view key, std::string_view table) {
    if (key == "os-release") {
        return "/etc/os-release comes from packages: add one that holds it, or write it with "
               "contents.files";
    }
    return key == "permissions" && table == "a file" ? "the mode of a file is its 'mode'" : "";
}

/// Reads the file and those that it includes, one inside the other.
class Loader {
 public:
    Loader(
        const FileReader& reader,
        const std::vector<std::filesystem::path>& include_paths,
        Diagnostics& diagnostics
    )
        : reader_(reader), include_paths_(include_paths), diagnostics_(diagnostics) {}

    std::optional<Specification> read(const std::filesystem::path& path, Span asked_at) {
        const std::filesystem::path found = find(path);
        auto text = reader_.read(found);
        if (!text) {
            diagnostics_.error(
                "cannot-read",
                text.error().message(),
                asked_at,
                asked_at.file == nullptr ? "name the image file, which is YAML"
                : include_paths_.empty() ? "name directories to look in with --include-paths"
                                         : ""
            );
            return std::nullopt;
        }
        auto file =
            std::make_shared<const SourceFile>(found.string(), yaml::to_utf8(std::move(*text)));
        diagnostics_.keep(file);
        for (const auto& open : files_) {
            if (open->name() == file->name()) {
                diagnostics_.error(
                    "include-loop",
                    fmt::format("{} includes itself", printable(file->name())),
                    asked_at,
                    "leave this include out"
                );
                return std::nullopt;
            }
        }
        files_.push_back(file);
        return read_document(std::move(file));
    }
    std::vector<std::shared_ptr<const SourceFile>> take_files() { return std::move(files_); }

 private:
    std::filesystem::path find(const std::filesystem::path& path) const {
        if (!reader_.exists(path) && path.is_relative()) {
            for (const std::filesystem::path& directory : include_paths_) {
                if (reader_.exists(directory / path)) {
                    return directory / path;
                }
            }
        }
        return path;
    }

    std::optional<Specification> read_document(std::shared_ptr<const SourceFile> file) {
        const std::size_t errors = diagnostics_.error_count();
        const auto document = yaml::Document::parse(std::move(file), diagnostics_);
        if (!document) {
            return std::nullopt;
        }
        yaml::Reader reader{diagnostics_};
        reader.unknown_key_help = advice_for;
        Specification own;
        read_value(document->root(), own, reader);
        const auto include = document->root().find("include");
        if (include && !own.include.empty()) {
            auto base = read(own.include, include->where());
            if (base) {
                own = merge(std::move(*base), std::move(own));
            }
        }
        judge_base_image(document->root(), own);
        return diagnostics_.error_count() == errors ? std::optional(std::move(own)) : std::nullopt;
    }

    /// What stands on another image cannot change what that image says of itself.
    void judge_base_image(const yaml::Node& root, const Specification& whole) {
        if (!whole.contents.base_image) {
            return;
        }
        constexpr std::array<std::string_view, 11> others = {
            "entrypoint",
            "cmd",
            "stop-signal",
            "work-dir",
            "accounts",
            "environment",
            "paths",
            "annotations",
            "layering",
            "certificates",
            "volumes"};
        for (const std::string_view key : others) {
            if (const auto given = root.find(key); given && !given->is_null()) {
                diagnostics_.error(
                    "bad-image",
                    fmt::format("'{}' cannot be given for what stands on a base image", key),
                    given->where(),
                    "leave it out: only contents, archs and include may stand beside baseimage"
                );
            }
        }
    }

    const FileReader& reader_;
    const std::vector<std::filesystem::path>& include_paths_;
    Diagnostics& diagnostics_;
    std::vector<std::shared_ptr<const SourceFile>> files_;
};

}  // namespace

Specification merge(Specification base, Specification own) {
    merge_contents(base.contents, own.contents);
    if (is_given(own.entrypoint)) {
        base.entrypoint = std::move(own.entrypoint);
    }
    override_text(base.cmd, own.cmd);
    override_text(base.stop_signal, own.stop_signal);
    override_text(base.work_dir, own.work_dir);
    override_text(base.accounts.run_as, own.accounts.run_as);
    join(base.accounts.users, own.accounts.users);
    join(base.accounts.groups, own.accounts.groups);
    if (!own.archs.empty()) {
        base.archs = std::move(own.archs);
    }
    override_keys(base.environment, own.environment);
    join(base.paths, own.paths);
    base.vcs_url = std::move(own.vcs_url);
    override_keys(base.annotations, own.annotations);
    base.include = std::move(own.include);
    join(base.volumes, own.volumes);
    if (own.layering) {
        base.layering = std::move(own.layering);
    }
    override_text(base.format, own.format);
    if (own.certificates) {
        base.certificates = std::move(own.certificates);
    }
    return base;
}

void add_implied(Specification& specification) {
    if (specification.entrypoint.type == "service-bundle") {
        specification.entrypoint.command = "/bin/s6-svscan /sv";
        specification.contents.packages.emplace_back(services_package);
    }
}

std::optional<LoadedSpecification> load(
    const std::filesystem::path& path,
    const FileReader& reader,
    const std::vector<std::filesystem::path>& include_paths,
    Diagnostics& diagnostics
) {
    Loader loader(reader, include_paths, diagnostics);
    auto specification = loader.read(path, {});
    if (!specification) {
        return std::nullopt;
    }
    add_implied(*specification);
    return LoadedSpecification{std::move(*specification), loader.take_files()};
}

}  // namespace quern::image
