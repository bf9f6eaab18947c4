// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The native steps bring the source into a scratch workspace beside the output; its repository is
// made and patched there, and moved to its place when all went well.

#include "build/patched_sources.hpp"

#include "build/licenses.hpp"
#include "build/local_git.hpp"
#include "build/scratch.hpp"
#include "build/workspace.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

constexpr const char* base_reference = "refs/quern/source";

std::string value_of(const pipeline::Step& step, std::string_view name) {
    const auto found =
        std::find_if(step.environment.begin(), step.environment.end(), [&](const auto& each) {
            return each.first == name;
        });
    return found == step.environment.end() ? std::string() : found->second;
}

std::string input(const pipeline::Step& step, std::string_view name) {
    const auto found = step.inputs.find(name);
    return found == step.inputs.end() ? std::string() : found->second;
}

// Relative to the workspace; nothing for what lies outside of it.
std::optional<std::string> in_workspace(
    const std::string& directory, const std::filesystem::path& path
) {
    std::string text =
        (std::filesystem::path(directory) / path).lexically_normal().generic_string();
    while (text.size() > 1 && text.ends_with('/')) {
        text.pop_back();
    }
    if (text == guest_home) {
        return std::string();
    }
    const std::string prefix = std::string(guest_home) + "/";
    return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
}

std::span<const pipeline::Step> main_steps(const pipeline::Compiled& compiled) {
    return compiled.plan.packages.empty() ? std::span<const pipeline::Step>()
                                          : compiled.plan.packages.front().steps;
}

Result<std::vector<std::string>> patch_names(const pipeline::Step& step, const FileTree& home) {
    std::vector<std::string> names;
    if (const std::string series = value_of(step, "INPUT_SERIES"); !series.empty()) {
        const auto path = in_workspace(step.working_directory, series);
        if (!path) {
            return Error(ErrorCode::invalid_data, fmt::format("series {} is outside", series));
        }
        QUERN_TRY(const std::string text, home.read(*path));
        for (const std::string_view line : split(text, '\n')) {
            if (!trim(line).empty() && !trim(line).starts_with('#')) {
                names.emplace_back(trim(line));
            }
        }
        return names;
    }
    std::string name;
    for (const char c : value_of(step, "INPUT_PATCHES") + " ") {
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            name += c;
        } else if (!name.empty()) {
            names.push_back(std::exchange(name, {}));
        }
    }
    return names;
}

bool is_mail(std::string_view patch) {
    return patch.starts_with("From ") || patch.starts_with("From:");
}

/// Makes commits of the patches of one recipe.
class PatchApplier {
 public:
    PatchApplier(
        std::filesystem::path repository,
        const FileTree& home,
        const std::filesystem::path& patches,
        std::filesystem::path scratch,
        const Services& services
    )
        : repository_(std::move(repository)),
          home_(home),
          patches_(patches),
          scratch_(std::move(scratch)),
          services_(services) {}

    Result<void> apply_step(const pipeline::Step& step) {
        QUERN_TRY(const std::vector<std::string> names, patch_names(step, home_));
        const std::string strip = value_of(step, "INPUT_STRIP_COMPONENTS");
        for (const std::string& name : names) {
            if (auto done = apply(step, name, strip.empty() ? "1" : strip); !done) {
                return std::move(done).error().context(printable(name));
            }
            applied_.push_back(name);
        }
        return {};
    }
    std::vector<std::string> take_applied() { return std::move(applied_); }

 private:
    // A patch comes with the source, or lies beside the recipe.
    Result<std::string> read(const pipeline::Step& step, const std::string& name) const {
        const auto path = in_workspace(step.working_directory, name);
        if (!path || !is_confined_path(*path)) {
            return Error(ErrorCode::invalid_data, "it is outside of the workspace");
        }
        if (home_.exists(*path)) {
            return home_.read(*path);
        }
        QUERN_TRY(const FileTree own, FileTree::open(patches_));
        return own.read(*path);
    }

    Result<void> apply(
        const pipeline::Step& step, const std::string& name, const std::string& strip
    ) {
        QUERN_TRY(const std::string text, read(step, name));
        const std::filesystem::path file = scratch_ / "patch";
        QUERN_CHECK(write_file_atomically(file, text));
        const CancelToken& cancel = services_.cancel;
        if (is_mail(text)) {
            if (run_git(repository_, {"am", "--quiet", "-p" + strip, "--", file}, cancel)) {
                return {};
            }
            // Not of this form after all: the next way says what is wrong with it.
            std::ignore = run_git(repository_, {"am", "--abort"}, cancel);
        }
        std::vector<std::string> words = {"apply", "--index", "-p" + strip};
        if (!run_git(repository_, {"apply", "--check", "-p" + strip, "--", file}, cancel)) {
            words.insert(words.end(), {"--recount", "-C1"});
        }
        words.insert(words.end(), {"--", file});
        QUERN_TRY(const std::string told, run_git(repository_, words, cancel));
        std::string subject = std::filesystem::path(name).filename().string();
        for (const std::string_view extension : {".patch", ".diff"}) {
            if (subject.ends_with(extension)) {
                subject.resize(subject.size() - extension.size());
                break;
            }
        }
        QUERN_TRY(
            const std::string done, run_git(repository_, {"commit", "-q", "-m", subject}, cancel)
        );
        return {};
    }

    std::filesystem::path repository_;
    const FileTree& home_;
    const std::filesystem::path& patches_;
    std::filesystem::path scratch_;
    const Services& services_;
    std::vector<std::string> applied_;
};

// An archive is a commit of its own; a checkout has the one that was checked out.
Result<void> make_base(
    const std::filesystem::path& repository,
    const recipe::Package& package,
    bool is_git,
    const CancelToken& cancel
) {
    std::vector<std::vector<std::string>> calls;
    if (!is_git) {
        const std::string subject = fmt::format("{} {}", package.name.value, package.version.value);
        calls = {
            {"init", "-q", "--initial-branch=main"},
            {"add", "--all", "--force"},
            {"commit", "-q", "--allow-empty", "-m", subject}};
    }
    calls.push_back({"update-ref", base_reference, "HEAD"});
    for (const auto& words : calls) {
        QUERN_TRY(const std::string done, run_git(repository, words, cancel));
    }
    return {};
}

// The archive itself is no part of what is worked on.
pipeline::Plan without_archives(pipeline::Plan plan) {
    if (!plan.packages.empty()) {
        for (pipeline::Step& step : plan.packages.front().steps) {
            if (step.native == "fetch" && input(step, "extract") == "true") {
                step.inputs["delete"] = "true";
            }
        }
    }
    return plan;
}

Result<void> refuse_present(const std::filesystem::path& directory) {
    std::error_code failure;
    if (std::filesystem::exists(std::filesystem::symlink_status(directory, failure))) {
        return Error(ErrorCode::usage, fmt::format("{} is there already", directory.string()))
            .help("take what you need from it and remove it, or name another place with --output");
    }
    return {};
}

Error no_source(const pipeline::Compiled& compiled) {
    const auto steps = main_steps(compiled);
    const bool has_archive = std::any_of(steps.begin(), steps.end(), [](const auto& step) {
        return step.native == "fetch";
    });
    return Error(
               ErrorCode::unsupported,
               fmt::format(
                   "{}: 'pipeline' has no git-checkout step, and {}",
                   compiled.configuration.package.name.value,
                   has_archive ? "its fetch steps do not unpack what they get (extract: false)"
                               : "no fetch step"
               )
    )
        .help(
            "`quern source` works on the tree that one of these steps of the main package makes; "
            "files beside the recipe are edited where they are, and steps find them in their "
            "workspace"
        );
}

}  // namespace

Result<GotSources> describe_sources(const pipeline::Compiled& compiled) {
    const auto steps = main_steps(compiled);
    for (const std::string_view native : {"git-checkout", "fetch"}) {
        for (const pipeline::Step& step : steps) {
            if (step.native != native || (native == "fetch" && input(step, "extract") != "true")) {
                continue;
            }
            GotSources found;
            found.is_git = native == "git-checkout";
            const std::string destination = found.is_git ? input(step, "destination") : "";
            const auto path = in_workspace(step.working_directory, destination);
            if (!path) {
                return Error(ErrorCode::unsupported, "the source is put outside of the workspace");
            }
            found.working_directory = *path;
            return found;
        }
    }
    return no_source(compiled);
}

Result<GotSources> get_sources(
    const pipeline::Compiled& compiled, const WorkingCopy& place, const Services& services
) {
    QUERN_TRY(GotSources got, describe_sources(compiled));
    QUERN_CHECK(refuse_present(place.directory));
    QUERN_TRY(
        const Workspace workspace,
        Workspace::create(place.directory.parent_path(), {}, services.ids)
    );
    QUERN_CHECK(fetch_sources(without_archives(compiled.plan), {}, workspace, services));
    const std::filesystem::path repository = workspace.home_path() / got.working_directory;
    QUERN_CHECK(make_base(repository, compiled.configuration.package, got.is_git, services.cancel));
    PatchApplier applier(repository, workspace.home(), place.patches, workspace.path(), services);
    for (const pipeline::Step& step : main_steps(compiled)) {
        if (step.uses != "patch" && step.uses != "git-am") {
            continue;
        }
        if (in_workspace(step.working_directory, "") != got.working_directory) {
            services.reporter.warning(
                fmt::format("step '{}' patches another directory and is left out", step.name)
            );
            continue;
        }
        QUERN_CHECK(applier.apply_step(step));
    }
    got.applied = applier.take_applied();
    std::error_code failure;
    std::filesystem::rename(repository, place.directory, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("making {}", place.directory.string()));
    }
    return got;
}

Result<std::vector<std::string>> pop_patches(const WorkingCopy& place, const CancelToken& cancel) {
    std::error_code failure;
    const std::filesystem::path directory = std::filesystem::absolute(place.directory, failure);
    const auto base = std::filesystem::is_directory(directory / ".git", failure)
                          ? run_git(directory, {"rev-parse", "--verify", base_reference}, cancel)
                          : Result<std::string>(Error(ErrorCode::not_found, "no repository"));
    if (!base) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} is no source that `source get` made", place.directory.string())
        )
            .help("get it first, or name its place with --output");
    }
    QUERN_TRY(
        const std::string changed,
        run_git(directory, {"status", "--porcelain", "--untracked-files=no"}, cancel)
    );
    if (!trim(changed).empty()) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} has changes that are no commit", place.directory.string())
        )
            .help("commit them: each commit becomes a patch, its subject the patch's name");
    }
    QUERN_TRY(
        const std::string written,
        run_git(
            directory,
            {"format-patch",
             "--zero-commit",
             "--no-signature",
             "--no-numbered",
             "-o",
             std::filesystem::absolute(place.patches, failure).string(),
             std::string(base_reference) + "..HEAD"},
            cancel
        )
    );
    std::vector<std::string> names;
    for (const std::string_view line : split(written, '\n')) {
        if (!trim(line).empty()) {
            names.push_back(std::filesystem::path(trim(line)).filename().string());
        }
    }
    if (names.empty()) {
        return Error(
            ErrorCode::usage, fmt::format("{} has no commit of its own", place.directory.string())
        );
    }
    return names;
}

}  // namespace quern::build
