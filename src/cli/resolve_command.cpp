// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/dependency.hpp"
#include "quern/resolver.hpp"
#include "repository/index_client.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace quern::cli {
namespace {

struct ResolveFlags {
    std::vector<std::string> world;
    std::vector<std::string> index_files, repositories, keyring;
    std::string architecture = "host";
    bool ignore_signatures = false, offline = false;
};

// FILE[@tag]: an index by itself, as text or archive, without a signature check.
Result<repository::RepositoryIndex> read_index_file(
    const std::string& argument, const std::string& architecture
) {
    repository::RepositoryIndex read;
    std::string path = argument;
    if (const std::size_t at = argument.rfind('@'); at != std::string::npos && at > 0) {
        path = argument.substr(0, at);
        read.location.tag = argument.substr(at + 1);
    }
    read.location.base = path;
    read.architecture = architecture;
    QUERN_TRY(const std::string bytes, read_file(path));
    apk::Index index;
    if (bytes.starts_with("\x1f\x8b")) {
        QUERN_TRY(apk::IndexFile file, apk::read_index(bytes, nullptr));
        index = std::move(file.index);
    } else {
        QUERN_TRY(index, apk::Index::parse(bytes));
    }
    read.index = std::make_shared<const apk::Index>(std::move(index));
    return read;
}

Result<std::vector<repository::RepositoryIndex>> read_all(
    const ResolveFlags& flags, const std::string& architecture, const Invocation& invocation
) {
    std::vector<repository::RepositoryIndex> indexes;
    for (const std::string& file : flags.index_files) {
        auto index = read_index_file(file, architecture);
        if (!index) {
            return std::move(index).error().context(fmt::format("reading {}", file));
        }
        indexes.push_back(std::move(*index));
    }
    if (flags.repositories.empty()) {
        return indexes;
    }
    SessionOptions options;
    options.offline = flags.offline;
    QUERN_TRY(const auto session, Session::create(invocation, options));
    std::vector<repository::Location> locations;
    for (const std::string& line : flags.repositories) {
        QUERN_TRY(repository::Location location, repository::Location::parse(line));
        locations.push_back(std::move(location));
    }
    QUERN_TRY(const apk::Keyring keyring, load_keyring(flags.keyring));
    const repository::IndexClientOptions client = {
        .architecture = architecture,
        .cache_directory = session->cache() / "indexes",
        .ignore_signatures = flags.ignore_signatures,
        .offline = flags.offline,
        .limits = invocation.global.limits.index,
    };
    QUERN_TRY(
        auto read,
        repository::read_indexes(
            locations, keyring, session->fetcher(), client, session->reporter()
        )
    );
    for (repository::RepositoryIndex& index : read) {
        indexes.push_back(std::move(index));
    }
    return indexes;
}

Result<void> run_resolve(const ResolveFlags& flags, const Invocation& invocation) {
    const std::string architecture = flags.architecture == "host"
                                         ? apk::host_architecture()
                                         : apk::to_apk_architecture(flags.architecture);
    std::vector<apk::Dependency> world;
    for (const std::string& word : flags.world) {
        auto dependency = apk::Dependency::parse(word);
        if (!dependency) {
            return Error(
                ErrorCode::usage,
                fmt::format("'{}' is no package name or constraint", printable(word))
            );
        }
        world.push_back(std::move(*dependency));
    }
    QUERN_TRY(const auto indexes, read_all(flags, architecture, invocation));
    if (indexes.empty()) {
        return Error(ErrorCode::usage, "there is nothing to resolve from")
            .help("add --index FILE or --repository DIR");
    }
    QUERN_TRY(const repository::Resolution resolution, repository::resolve(world, indexes));
    std::string text;
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const repository::Selected& selected : resolution.packages) {
        text += fmt::format("{}-{}\n", selected.entry->name, selected.entry->version);
        json.push_back({
            {"name", selected.entry->name},
            {"version", selected.entry->version},
            {"repository", selected.location.shown()},
            {"checksum", selected.entry->checksum},
            {"size", selected.entry->file_size},
        });
    }
    return print(invocation.global.format == "json" ? json.dump() + "\n" : text);
}

}  // namespace

Run define_resolve(CLI::App& app) {
    const auto flags = std::make_shared<ResolveFlags>();
    app.add_option(
           "world", flags->world, "package names and constraints: gcc 'zlib-dev>1.2' '!dash'"
    )
        ->required();
    add_list(
        app, "--index", flags->index_files, "index files: text or APKINDEX.tar.gz, FILE or FILE@tag"
    );
    add_list(
        app,
        "-r,--repository,--repository-append",
        flags->repositories,
        "repositories: directories or URLs"
    );
    add_list(app, "-k,--keyring-append", flags->keyring, "trusted public keys of the repositories");
    app.add_option("--arch", flags->architecture, "architecture")->capture_default_str();
    app.add_flag("--ignore-signatures", flags->ignore_signatures, "take unsigned repositories");
    app.add_flag("--offline", flags->offline, "use only what is in the cache");
    return [flags](const Invocation& invocation) { return run_resolve(*flags, invocation); };
}

}  // namespace quern::cli
