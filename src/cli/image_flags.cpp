// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/image_flags.hpp"

#include "cli/recipe_flags.hpp"
#include "cli/terminal.hpp"
#include "image/lock.hpp"
#include "quern/package_info.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>

namespace quern::cli {
namespace {

Result<std::optional<std::int64_t>> source_date_epoch() {
    const char* value = std::getenv("SOURCE_DATE_EPOCH");
    if (value == nullptr || trim(value).empty()) {
        return std::optional<std::int64_t>();
    }
    const auto timestamp = Timestamp::parse_seconds(value);
    if (!timestamp) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "SOURCE_DATE_EPOCH is '{}', not seconds since 1970", printable(value)
                   )
        )
            .help("set it to a whole number, as `git log -1 --format=%ct` prints, or unset it");
    }
    return std::optional(timestamp->seconds());
}

Result<std::int64_t> parse_build_date(const std::string& text) {
    if (text.empty()) {
        return 0;
    }
    const auto timestamp = Timestamp::parse_rfc3339(text);
    if (!timestamp) {
        return Error(ErrorCode::usage, fmt::format("--build-date '{}' is no date", printable(text)))
            .help("write it as 2001-02-03T04:05:06Z");
    }
    return timestamp->seconds();
}

bool is_annotation_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '-' || letter == '.';
    });
}

Result<void> apply_annotations(
    const std::vector<std::string>& words, std::map<std::string, std::string>& annotations
) {
    std::map<std::string, std::string> given;
    for (const std::string& word : words) {
        const std::size_t colon = std::min(word.find(':'), word.size());
        const std::string key = word.substr(0, colon);
        const std::string value = word.substr(std::min(colon + 1, word.size()));
        if (!is_annotation_key(key) || value.empty()) {
            return Error(
                       ErrorCode::usage,
                       fmt::format("--annotations '{}' is not key:value", printable(word))
            )
                .help("keys are made of small letters, digits, '.' and '-'");
        }
        if (!given.emplace(key, value).second) {
            return Error(ErrorCode::usage, fmt::format("--annotations names '{}' twice", key));
        }
    }
    given.merge(annotations);
    annotations = std::move(given);
    return {};
}

/// By OCI's names; the flag, else the file, else all that are known.
std::vector<std::string> architectures_of(
    const std::vector<std::string>& words, const std::vector<std::string>& configured
) {
    std::vector<std::string> list =
        !words.empty() ? chosen_architectures(words)
                       : (configured.empty() ? apk::known_architectures() : configured);
    std::sort(list.begin(), list.end(), [](const std::string& a, const std::string& b) {
        return apk::to_oci_architecture(a) < apk::to_oci_architecture(b);
    });
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

/// They become parts of paths and URLs.
Result<void> check_architectures(const std::vector<std::string>& architectures) {
    for (const std::string& name : architectures) {
        const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-';
        });
        if (!is_name) {
            return Error(ErrorCode::usage, fmt::format("'{}' is no architecture", printable(name)))
                .help("known are " + quern::join(apk::known_architectures(), ", "));
        }
    }
    return {};
}

Error report_all(Diagnostics& diagnostics, const std::string& path, Reporter& reporter) {
    const std::size_t errors = diagnostics.error_count();
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter.diagnostic(diagnostic);
    }
    return {
        ErrorCode::invalid_recipe,
        fmt::format("{} has {} error{}", path, errors, errors == 1 ? "" : "s")};
}

}  // namespace

void add_image_flags(CLI::App& app, ImageFlags& flags) {
    add_list(
        app,
        "--arch",
        flags.architectures,
        "architectures; default: those of the file, else all; "
        "'host' is this machine's, 'all' every known one"
    );
    add_list(
        app,
        "-k,--keyring-append",
        flags.additions.keyring,
        "further trusted public keys: files or URLs"
    );
    add_list(
        app,
        "-b,--build-repository-append",
        flags.additions.build_repositories,
        "further repositories that the image does not name"
    );
    add_list(app, "-r,--repository-append", flags.additions.repositories, "further repositories");
    add_list(app, "-p,--package-append", flags.packages, "further packages");
    add_list(
        app, "--include-paths", flags.include_paths, "directories in which files are looked for"
    );
    add_option(
        app, "-C,--workdir", flags.work_directory, "directory that relative paths start from"
    );
    add_option(app, "--cache-dir", flags.cache_directory, "as --cache-root");
    add_flag(app, "--offline", flags.offline, "use only what is on this machine");
    add_flag(
        app,
        "--ignore-signatures",
        flags.additions.ignore_signatures,
        "take repositories whose index is not signed by a known key"
    );
    add_resolve_timeout_flag(app, flags.resolve_timeout);
}

void add_content_flags(CLI::App& app, ImageFlags& flags) {
    add_option(
        app, "--build-date", flags.build_date, "earliest date of the image, as 2001-02-03T04:05:06Z"
    );
    add_option(app, "--lockfile", flags.lock_file, "install exactly what `image lock` recorded");
    add_list(app, "--annotations", flags.annotations, "annotations of the image: key:value");
}

void add_sbom_flags(CLI::App& app, SbomFlags& flags) {
    add_flag(app, "--sbom,!--no-sbom", flags.is_wanted, "write SBOMs")->default_str("true");
    add_list(app, "--sbom-formats", flags.formats, "spdx, cyclonedx");
    add_option(app, "--sbom-path", flags.path, "directory for SBOMs; default: this one");
    add_flag(app, "--vcs,!--no-vcs", flags.vcs, "record the vcs-url of the file");
}

void warn_of_sbom_formats(const SbomFlags& flags, Reporter& reporter) {
    for (const std::string& format : flags.chosen()) {
        if (format != "spdx" && format != "cyclonedx") {
            reporter.warning(fmt::format(
                "SBOMs of format '{}' are not made: spdx and cyclonedx are", printable(format)
            ));
        }
    }
}

Result<std::vector<std::filesystem::path>> write_sboms(
    const image::ImageSet& set, const std::filesystem::path& directory
) {
    std::vector<std::filesystem::path> written;
    auto files = set.index_sboms;
    for (const image::Image& each : set.images) {
        files.insert(each.sboms.begin(), each.sboms.end());
    }
    for (const auto& [name, text] : files) {
        QUERN_CHECK(write_file_atomically(directory / name, text));
        written.push_back(directory / name);
    }
    return written;
}

image::Services ImageSession::services() const {
    return {
        session->reporter(),
        session->cancel(),
        session->pool(),
        session->reader(),
        session->fetcher(),
        session->packages(),
        session->cache(),
        session->limits().index,
    };
}

Result<image::ImageSet> ImageSession::compose(image::LayerStore& layers) const {
    const image::Services needed = services();
    QUERN_TRY(image::ImagePlan plan, image::plan_image(loaded.specification, options, needed));
    return image::compose(std::move(plan), layers, needed);
}

Result<ImageSession> open_image(const ImageFlags& flags, const Invocation& invocation) {
    if (!flags.work_directory.empty() && ::chdir(flags.work_directory.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("changing to {}", flags.work_directory));
    }
    GlobalOptions global = invocation.global;
    if (!flags.cache_directory.empty()) {
        global.cache_directory = flags.cache_directory;
    }
    SessionOptions options;
    options.offline = flags.offline;
    options.needs_guest = flags.needs_guest;
    options.runner = flags.runner;
    for (const std::string& directory : flags.content_directories) {
        options.content_directories.push_back(std::filesystem::absolute(directory));
    }
    ImageSession opened;
    QUERN_TRY(
        opened.session, Session::create({global, invocation.cancel, invocation.words}, options)
    );
    Diagnostics diagnostics;
    const std::vector<std::filesystem::path> include_paths(
        flags.include_paths.begin(), flags.include_paths.end()
    );
    const std::string& path = flags.arguments.front();
    auto loaded = image::load(path, opened.session->reader(), include_paths, diagnostics);
    if (!loaded) {
        return report_all(diagnostics, path, opened.session->reporter());
    }
    for (const Diagnostic& warning : diagnostics.take()) {
        opened.session->reporter().diagnostic(warning);
    }
    opened.loaded = std::move(*loaded);
    image::Specification& specification = opened.specification();
    auto& packages = specification.contents.packages;
    packages.insert(packages.end(), flags.packages.begin(), flags.packages.end());
    QUERN_CHECK(apply_annotations(flags.annotations, specification.annotations));
    opened.options.architectures = architectures_of(flags.architectures, specification.archs);
    QUERN_CHECK(check_architectures(opened.options.architectures));
    opened.options.additions = flags.additions;
    opened.options.additions.resolve_timeout = resolve_timeout(flags.resolve_timeout);
    QUERN_TRY(opened.options.build_date, parse_build_date(flags.build_date));
    QUERN_TRY(opened.options.source_date_epoch, source_date_epoch());
    opened.options.vcs_url = specification.vcs_url;
    if (!flags.lock_file.empty()) {
        auto lock = repository::read_lock_file(flags.lock_file);
        if (!lock) {
            return std::move(lock).error().help("`quern image lock` makes a lock file");
        }
        QUERN_CHECK(image::check_lock(*lock, flags.lock_file, opened.loaded));
        opened.lock = std::make_unique<const repository::LockFile>(std::move(*lock));
        opened.options.lock = opened.lock.get();
    }
    return opened;
}

Result<void> expect_place_for_file(const std::filesystem::path& path) {
    std::error_code failure;
    if (path.filename().empty()) {
        return Error(ErrorCode::usage, fmt::format("'{}' is no name of a file", path.string()))
            .help("name the file that is to be written");
    }
    if (std::filesystem::is_directory(path, failure)) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} is a directory, and a file is to be written", path.string())
        )
            .help("name a file in it");
    }
    const std::filesystem::path parent = path.parent_path();
    if (!parent.empty() && !std::filesystem::is_directory(parent, failure)) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format(
                       "{} cannot be written: there is no directory {}",
                       path.string(),
                       parent.string()
                   )
        )
            .help("make the directory first");
    }
    return {};
}

Result<void> expect_directory(const std::filesystem::path& path, std::string_view flag) {
    std::error_code failure;
    if (!std::filesystem::is_directory(path, failure)) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("{} {}: there is no such directory", flag, path.string())
        )
            .help("make it first");
    }
    return {};
}

Result<void> expect_arguments(
    const ImageFlags& flags, std::size_t count, std::string_view meaning
) {
    if (flags.arguments.size() == count) {
        return {};
    }
    return Error(
               ErrorCode::usage,
               fmt::format(
                   "{} argument{} given, {} wanted: {}",
                   flags.arguments.size(),
                   flags.arguments.size() == 1 ? "" : "s",
                   count,
                   meaning
               )
    )
        .help("--help shows examples");
}

}  // namespace quern::cli
