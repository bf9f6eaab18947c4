// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/index.hpp"
#include "quern/keyring.hpp"
#include "quern/recipe.hpp"
#include "quern/reporter.hpp"
#include "quern/sandbox.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quern {
class CancelToken;
class Diagnostics;
class FileReader;
class ThreadPool;
struct GuestIds;
}  // namespace quern

namespace quern::archive {
struct ExtractLimits;
}

namespace quern::fetch {
class Fetcher;
class GitLibrary;
}  // namespace quern::fetch

namespace quern::pipeline {
class Library;
}

namespace quern::repository {
class PackageStore;
enum class KeyDiscovery;
}  // namespace quern::repository

namespace quern::build {

/// What a build needs of the world. Everything outlives the build; nothing is owned.
struct Services {
    Reporter& reporter;
    const CancelToken& cancel;
    ThreadPool& pool;
    const FileReader& reader;
    fetch::Fetcher& fetcher;
    const fetch::GitLibrary& git;
    repository::PackageStore& store;
    pipeline::Library& library;
    sandbox::Sandbox& sandbox;
    const GuestIds& ids;
    std::filesystem::path
        cache_directory;  ///< roots, workspaces, logs, indexes and git mirrors lie below
    apk::IndexLimits index_limits = {};
    const archive::ExtractLimits* archive_limits = nullptr;  ///< of sources; null: the defaults
};

/// Where the environment's packages come from besides the recipe.
struct EnvironmentOptions {
    std::vector<std::string> repositories;    ///< --repository-append
    std::vector<std::string> keyring;         ///< --keyring-append: paths or URLs
    std::vector<std::string> extra_packages;  ///< --package-append
    bool ignore_signatures = false;
    bool offline = false;
    /// A repository that this process made: preferred, needs no signature, recorded nowhere. Empty:
    /// none.
    std::filesystem::path staged_repository = {};
    std::filesystem::path lock_file = {};         ///< used if it is there; empty: none
    bool locked = false;                          ///< --locked: the lock must answer the request
    repository::KeyDiscovery key_discovery = {};  ///< --key-discovery; default: if no key is named
    std::chrono::seconds resolve_timeout{10};     ///< --resolve-timeout: of the complete search
};

struct BuildTests;

struct BuildOptions {
    std::filesystem::path recipe;  ///< as the user gave it
    recipe::LoadOptions load;      ///< with the one architecture
    EnvironmentOptions environment;
    std::filesystem::path cache_directory;  ///< --cache-dir, seen in guests; empty: none
    std::map<std::string, std::filesystem::path> secrets;  ///< --secret: name → file
    std::vector<std::string> command_line;  ///< how the user called, for messages and `retry`
    /// Which steps run again: --from and --until (a number, a name, PACKAGE/NAME), and --fresh:
    /// all.
    std::string from_step, until_step;
    bool is_fresh = false;
    /// An architecture whose programs this machine cannot run is passed over, not an error.
    bool skip_foreign = false;
    std::filesystem::path out_directory = "packages";
    std::filesystem::path source_directory;     ///< empty: the recipe's own directory
    std::filesystem::path workspace_directory;  ///< empty: a fresh one below the cache
    bool empty_workspace = false;               ///< --empty-workspace: nothing is copied
    bool keep_workspace = false;                ///< --rm=false
    bool debug = false;                         ///< set -x in steps
    bool interactive = false;                   ///< a shell in the guest where a step failed
    std::filesystem::path save_patch;           ///< of what that shell changes; empty: none
    bool network = false;                       ///< --network=host
    bool own_caches = false;        ///< --cache-scope=recipe: caches of languages are this recipe's
    bool read_only_caches = false;  ///< --cache-trust=read-only: steps leave nothing in them
    std::vector<std::string> caches = {};  ///< --cache: ccache, sccache, go, NAME=VARIABLE
    std::uint32_t processes = 0;  ///< --processes: most of a step at a time; 0: the default
    bool shell_check = true;      ///< bash parses all scripts before anything runs
    const apk::Signer* key = nullptr;
    std::int64_t source_date = 0;                                    ///< Unix seconds
    std::string namespace_name = "unknown";                          ///< --namespace
    std::string repository_url = "https://unknown/unknown/unknown";  ///< --git-repo-url
    std::string recipe_license;                                      ///< --license
    bool strip_origin_name = false;
    bool update_index = true;               ///< --generate-index
    int compression_level = 0;              ///< 0: the default
    std::vector<std::string> lint_require;  ///< --lint-require; replaces the set if not empty
    std::vector<std::string> lint_warn;     ///< --lint-warn; replaces the set if not empty
    bool cyclonedx = false;                 ///< --sbom-format: a CycloneDX document too
    bool provenance = false;                ///< --generate-provenance: how each package was made
    /// --dependency-log: what was generated for a package is written to PATH.ARCH; the last one's
    /// stays.
    std::filesystem::path dependency_log;
    bool persist_lint_results = false;  ///< findings are kept beside the packages as JSON
    std::vector<std::filesystem::path> not_sources;  ///< left out where they lie in the source tree
    bool keeps_record = true;    ///< the next build may find that nothing has changed
    bool reversed_fill = false;  ///< the workspace is filled in the opposite order
    /// --test: the recipe's tests run before publishing, which takes that all pass.
    const BuildTests* tests = nullptr;
};

struct BuiltPackage {
    std::string name;
    std::filesystem::path path;
    std::uint64_t file_size = 0;  ///< bytes
    std::string checksum;         ///< identity, "Q1…"
    /// Says how it was made, signed as the package is; empty without --generate-provenance.
    std::filesystem::path provenance = {};
};

/// What a compiler cache counted of one build.
struct CompilerCounts {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t passed_over = 0;  ///< calls that are no compilation, or one that it does not keep
    friend bool operator==(const CompilerCounts&, const CompilerCounts&) = default;
};

/// A cache that steps saw, and what the build made of it.
struct CacheReport {
    std::string name = {};  ///< below /var/cache/melange
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t new_files = 0;  ///< since the build began, by whomever
    std::uint64_t new_bytes = 0;
    bool is_whole = true;    ///< else there are more files than were counted
    bool is_counted = true;  ///< else an engine has it, and its files were not looked at
    std::optional<CompilerCounts> counts = {};
};

struct BuildReport {
    std::vector<BuiltPackage> packages;
    std::vector<CacheReport> caches = {};  ///< where steps ran
    bool is_skipped = false;    ///< not for this architecture, or one that cannot be run here
    bool is_unchanged = false;  ///< all is as the last build left it: nothing was done
    bool is_partial = false;    ///< --until: nothing was packed
    std::filesystem::path log;
};

/// Builds one recipe for one architecture and publishes its packages in `<out>/<architecture>/`. On
/// any error nothing published changes. The state after each step is kept in the cache: what has
/// not changed since is not done again. Errors: invalid_recipe (diagnostics were reported),
/// step_failed, sandbox, network, digest_mismatch, signature, unsatisfiable, io, interrupted,
/// limit.
Result<BuildReport> build(const BuildOptions& options, const Services& services);

}  // namespace quern::build
