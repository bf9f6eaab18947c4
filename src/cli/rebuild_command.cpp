// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/rebuild_command.hpp"

#include "apk/provenance_name.hpp"
#include "cli/session.hpp"
#include "cli/step_flags.hpp"
#include "cli/terminal.hpp"
#include "package/compare.hpp"
#include "package/origin.hpp"
#include "package/provenance.hpp"
#include "quern/package_file.hpp"
#include "quern/plan.hpp"
#include "repository/publish_v3.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <set>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

constexpr const char* configuration_name = ".melange.yaml";

struct RebuildFlags {
    std::vector<std::string> targets;
    EnvironmentFlags environment;
    KeyFlags key;
    std::string out_directory = "./rebuilt-packages/", source_directory,
                cache_directory = "./melange-cache/", runner;
    bool diff = true;
};

/// The configuration of a package, under the name that its recipe had: documents of the package
/// hold that name.
class EmbeddedRecipe final : public FileReader {
 public:
    EmbeddedRecipe(std::filesystem::path path, std::string text)
        : path_(std::move(path)), text_(std::move(text)) {}

    Result<std::string> read(const std::filesystem::path& path) const override {
        if (path == path_) {
            return text_;
        }
        return Error(ErrorCode::not_found, fmt::format("{} is not in the package", path.string()));
    }
    bool exists(const std::filesystem::path& path) const override { return path == path_; }

 private:
    std::filesystem::path path_;
    std::string text_;
};

/// Passes everything on but one warning: the configuration of a package holds its pipelines both by
/// name and spelt out, which is as it should be here.
class RebuildReporter final : public Reporter {
 public:
    explicit RebuildReporter(Reporter& inner) : inner_(inner) {}

    void activity_started(
        ActivityId id, ActivityId parent, std::string_view title
    ) noexcept override {
        inner_.activity_started(id, parent, title);
    }
    void activity_progress(
        ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
    ) noexcept override {
        inner_.activity_progress(id, done, total, unit);
    }
    void activity_finished(ActivityId id, std::string_view outcome) noexcept override {
        inner_.activity_finished(id, outcome);
    }
    void step_output(std::string_view step, std::string_view bytes) noexcept override {
        inner_.step_output(step, bytes);
    }
    void diagnostic(const Diagnostic& diagnostic) noexcept override {
        if (diagnostic.id != "uses-and-pipeline") {
            inner_.diagnostic(diagnostic);
        }
    }
    void note(std::string_view text) noexcept override { inner_.note(text); }
    void warning(std::string_view text) noexcept override { inner_.warning(text); }

 private:
    Reporter& inner_;
};

Result<package::ComparedPackage> read_package(
    const std::string& path, const apk::PackageLimits& limits
) {
    QUERN_TRY(const apk::PackageFile file, apk::PackageFile::open(path, limits));
    auto compared = package::read_compared(file);
    if (!compared) {
        return std::move(compared).error().context(printable(path));
    }
    return compared;
}

Result<package::RecipeOrigin> origin_of(const package::ComparedPackage& package) {
    const auto document = package.texts.find(package.head.info.name);
    return package::recipe_origin(
        document == package.texts.end() ? std::string_view() : document->second
    );
}

/// The options of the build that made the package, as far as the package tells them.
Result<build::BuildOptions> build_options(
    const package::ComparedPackage& package, const RebuildFlags& flags
) {
    const apk::PackageInfo& info = package.head.info;
    build::BuildOptions options;
    auto read = origin_of(package);
    if (!read) {
        return std::move(read).error().context(printable(info.file_name()));
    }
    const package::RecipeOrigin& origin = *read;
    options.recipe = origin.path;
    options.load.architecture = info.architecture;
    options.load.commit = origin.commit;
    options.environment = environment_options(flags.environment);
    options.out_directory = flags.out_directory;
    options.namespace_name = info.maintainer;
    options.source_date = info.build_date.value_or(0);
    options.repository_url = origin.repository_url;
    options.recipe_license = origin.license;
    // A package may hold documents of others beside.
    options.cyclonedx =
        package.texts.count(fmt::format("{}-{}.cdx.json", info.name, info.version)) != 0;
    options.is_fresh = true;
    return options;
}

Result<void> rebuild(
    const package::ComparedPackage& package, build::BuildOptions options, Session& session
) {
    const auto text = package.head.control_files.find(configuration_name);
    if (text == package.head.control_files.end()) {
        return Error(
                   ErrorCode::invalid_data,
                   "the package does not hold the configuration that it was built from"
        )
            .help("build it from its recipe and compare: quern build, then quern diff");
    }
    const EmbeddedRecipe reader(options.recipe, text->second);
    pipeline::Library library({}, reader);
    const build::Services all = session.services(library);
    RebuildReporter reporter(all.reporter);
    const build::Services services = {
        reporter,
        all.cancel,
        all.pool,
        reader,
        all.fetcher,
        all.git,
        all.store,
        all.library,
        all.sandbox,
        all.ids,
        all.cache_directory,
        all.index_limits,
        all.archive_limits,
    };
    QUERN_TRY(
        const TempDir empty,
        TempDir::create(std::filesystem::temp_directory_path(), "quern-rebuild-")
    );
    if (options.source_directory.empty()) {
        options.source_directory = empty.path();
    }
    QUERN_TRY(const build::BuildReport report, build::build(options, services));
    return {};
}

Result<void> explain(
    package::Comparison& comparison,
    const std::filesystem::path& before,
    const std::filesystem::path& after,
    const apk::PackageLimits& limits
) {
    QUERN_TRY(const apk::PackageFile old_file, apk::PackageFile::open(before, limits));
    QUERN_TRY(const apk::PackageFile new_file, apk::PackageFile::open(after, limits));
    return package::explain_files(comparison, old_file, new_file);
}

bool is_v3(const package::ComparedPackage& package) {
    return package.head.control_bytes.empty();
}

/// The package that holds the configuration. Version 3 has no place for it: the one of version 2
/// that it was made from has, in the repository beside (build --package-format v3).
Result<std::string> holder_of(const std::string& target, const package::ComparedPackage& package) {
    if (!is_v3(package)) {
        return target;
    }
    const std::filesystem::path path = std::filesystem::absolute(target).lexically_normal();
    const std::filesystem::path folder = path.parent_path();
    const std::filesystem::path beside =
        folder.parent_path().parent_path() / folder.filename() / path.filename();
    std::error_code failure;
    if (std::filesystem::exists(beside, failure)) {
        return beside.string();
    }
    return Error(
               ErrorCode::invalid_data,
               fmt::format(
                   "{} is a package of version 3, which has no place for the configuration that it "
                   "was built from",
                   printable(target)
               )
    )
        .help(fmt::format(
            "put the one of version 2 that it was made from at {}, or name that one",
            printable(beside.string())
        ));
}

/// Whether the package came with a statement of how it was made.
bool has_provenance(const std::string& target) {
    std::error_code failure;
    return std::filesystem::exists(target + std::string(apk::provenance_suffix), failure);
}

/// What this build was made from otherwise than the first; nothing if the package came without a
/// statement. Nobody's signature is asked for: what was built shows what is true.
Result<std::vector<std::string>> compare_provenance(
    const std::string& target, const std::filesystem::path& rebuilt
) {
    if (!has_provenance(target)) {
        return std::vector<std::string>();
    }
    QUERN_TRY(const auto before, package::verify_provenance(target, nullptr));
    QUERN_TRY(const auto after, package::verify_provenance(rebuilt, nullptr));
    return package::compare_materials(before.statement, after.statement);
}

std::string materials_text(const std::vector<std::string>& materials) {
    std::string text;
    for (const std::string& line : materials) {
        text += fmt::format("  {}\n", line);
    }
    return text.empty() ? text : "made from\n" + text;
}

/// A package that is built again.
struct Target {
    std::string path;
    std::string holder;  ///< of its configuration: itself, but for version 3
    package::ComparedPackage package;
};

Result<Target> read_target(const std::string& path, const apk::PackageLimits& limits) {
    QUERN_TRY(package::ComparedPackage package, read_package(path, limits));
    QUERN_TRY(std::string holder, holder_of(path, package));
    return Target{path, std::move(holder), std::move(package)};
}

/// The package of version 3 as it would be published now.
Result<std::filesystem::path> convert_rebuilt(
    const Target& target, const std::filesystem::path& rebuilt, const RebuildFlags& flags
) {
    const apk::PackageInfo& info = target.package.head.info;
    const std::vector<std::filesystem::path> packages = {rebuilt};
    QUERN_TRY(
        const auto written,
        repository::publish_v3(flags.out_directory, info.architecture, packages, {})
    );
    return written.front().path;
}

/// Compares everything but the configuration, which is what was built from, and signatures.
Result<bool> differs(const Target& target, const RebuildFlags& flags, const GlobalOptions& global) {
    const package::ComparedPackage& before = target.package;
    const apk::PackageInfo& info = before.head.info;
    const std::filesystem::path rebuilt =
        std::filesystem::path(flags.out_directory) / info.architecture / info.file_name();
    std::filesystem::path path = rebuilt;
    if (is_v3(before)) {
        QUERN_TRY(path, convert_rebuilt(target, rebuilt, flags));
    }
    QUERN_TRY(
        const package::ComparedPackage after, read_package(path.string(), global.limits.package)
    );
    package::Comparison comparison = package::compare(before, after);
    std::erase_if(comparison.scripts, [](const package::Change& change) {
        return change.subject == configuration_name;
    });
    QUERN_CHECK(explain(comparison, target.path, path, global.limits.package));
    QUERN_TRY(const auto materials, compare_provenance(target.holder, rebuilt));
    // The identity of one of version 3 is over all that it holds.
    const bool is_same = comparison.is_empty() && info.data_hash == after.head.info.data_hash &&
                         (!is_v3(before) || before.head.checksum == after.head.checksum);
    if (!is_same && comparison.is_empty()) {
        comparison.fields.push_back(
            {"identity",
             before.head.checksum,
             after.head.checksum,
             {"the same files; their dates, their order or compression differ"}}
        );
    }
    const std::string name = fmt::format("{}-{}", info.name, info.version);
    if (global.format == "json") {
        nlohmann::ordered_json json = {{"package", name}, {"identical", is_same}};
        json["differences"] = nlohmann::ordered_json::parse(package::to_json(comparison));
        json["materials"] = materials;
        QUERN_CHECK(print(to_json_text(json)));
    } else {
        QUERN_CHECK(print(fmt::format(
            "{}: {}\n{}",
            printable(name),
            is_same ? "identical" : "DIFFERS",
            flags.diff ? package::to_text(comparison) + materials_text(materials) : ""
        )));
    }
    return !is_same;
}

Result<void> run_rebuild(const RebuildFlags& flags, const Invocation& invocation) {
    SessionOptions session_options;
    session_options.needs_guest = true;
    session_options.runner = flags.runner;
    session_options.offline = flags.environment.offline;
    session_options.content_directories = {std::filesystem::absolute(flags.cache_directory)};
    QUERN_TRY(const auto session, Session::create(invocation, session_options));
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    const apk::PackageLimits& limits = invocation.global.limits.package;
    std::set<std::string> built;
    std::size_t different = 0;
    for (const std::string& path : flags.targets) {
        QUERN_TRY(const Target target, read_target(path, limits));
        const apk::PackageInfo& info = target.package.head.info;
        if (built.insert(fmt::format("{}-{}.{}", info.origin, info.version, info.architecture))
                .second) {
            QUERN_TRY(const package::ComparedPackage holder, read_package(target.holder, limits));
            QUERN_TRY(build::BuildOptions options, build_options(holder, flags));
            options.key = signer.get();
            options.source_directory = flags.source_directory;
            options.provenance = has_provenance(target.holder);
            options.command_line = invocation.words;
            if (auto done = rebuild(holder, options, *session); !done) {
                const bool is_step = done.error().code() == ErrorCode::step_failed;
                return std::move(done).error().context(fmt::format(
                    "rebuilding {}{}",
                    printable(path),
                    is_step && flags.source_directory.empty()
                        ? " without the recipe's own files (--source-dir DIR gives them)"
                        : ""
                ));
            }
        }
        QUERN_TRY(const bool is_different, differs(target, flags, invocation.global));
        different += is_different ? 1U : 0U;
    }
    if (different != 0) {
        return Error(
            ErrorCode::invalid_recipe,
            fmt::format(
                "{} of {} packages cannot be built again as they are",
                different,
                flags.targets.size()
            )
        );
    }
    return {};
}

}  // namespace

Run define_rebuild(CLI::App& app) {
    const auto flags = std::make_shared<RebuildFlags>();
    add_option(
        app, "packages", flags->targets, "package files (.apk) to build again from what they hold"
    )
        ->required();
    add_environment_flags(app, flags->environment, "--package-append");
    add_option(app, "--out-dir", flags->out_directory, "where the packages that are built land")
        ->capture_default_str();
    add_option(
        app, "--source-dir", flags->source_directory, "the recipe's own files, if it needed any"
    );
    add_option(
        app,
        "--cache-dir",
        flags->cache_directory,
        "directory with sources by checksum (sha256:HEX)"
    )
        ->capture_default_str();
    add_option(app, "--signing-key", flags->key.path, "signs what is built; comparing needs none");
    add_signer_flags(app, flags->key);
    add_flag(app, "--diff", flags->diff, "print what differs (default true)");
    add_runner_flag(app, flags->runner);
    return [flags](const Invocation& invocation) { return run_rebuild(*flags, invocation); };
}

}  // namespace quern::cli
