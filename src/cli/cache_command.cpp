// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Everything in the cache can be made again, so nothing here asks back. What a running build uses
// is left alone: trees and workspaces by their locks, files because whoever has one open keeps it.

#include "cli/cache_areas.hpp"
#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "sandbox/docker.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/cache_directory.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

using Area = CacheArea;

struct CacheFlags {
    std::string action;
    std::string max_size = "20GiB";
    bool dry_run = false;
};

Result<std::vector<std::string>> folders_of(const std::filesystem::path& cache) {
    std::vector<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator i(cache, failure), end; !failure && i != end;
         i.increment(failure)) {
        if (i->is_directory(failure) && !i->is_symlink(failure)) {
            names.push_back(i->path().filename().string());
        }
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
        return Error::system(failure.value(), fmt::format("listing {}", cache.string()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// A mistaken --cache-root must not cost anybody a home. Errors: usage.
Result<void> check_is_cache(const std::filesystem::path& cache) {
    QUERN_TRY(const std::vector<std::string> names, folders_of(cache));
    for (const std::string& name : names) {
        if (!is_cache_folder(name)) {
            return Error(
                       ErrorCode::usage,
                       fmt::format(
                           "{} is no cache, or not only that: it has a folder {}",
                           printable(cache.string()),
                           printable(name)
                       )
            )
                .help("nothing was removed; name the cache with --cache-root, or move that folder");
        }
    }
    return {};
}

Result<std::vector<Area>> measure_all(const std::filesystem::path& cache) {
    QUERN_TRY(const std::vector<std::string> names, folders_of(cache));
    std::vector<Area> areas;
    for (const std::string& name : names) {
        QUERN_TRY(const CacheUse use, measure(cache / name));
        areas.push_back({name, use.files, use.bytes, 0});
    }
    return areas;
}

/// Trees by their locks, the rest as a whole. A workspace belongs to the build that lives in it;
/// the next build removes those of dead ones.
Result<std::vector<Area>> clean(const std::filesystem::path& cache) {
    QUERN_TRY(const std::vector<Area> before, measure_all(cache));
    QUERN_TRY(const std::vector<Area> trimmed, trim_cache(cache, 0));
    for (const Area& area : before) {
        if (!has_locks(area.name)) {
            QUERN_CHECK(remove_tree(cache / area.name));
        }
    }
    QUERN_TRY(const std::vector<Area> after, measure_all(cache));
    std::vector<Area> removed = before;
    for (Area& area : removed) {
        for (const Area& left : after) {
            if (left.name == area.name) {
                area.files -= std::min(area.files, left.files);
                area.bytes -= std::min(area.bytes, left.bytes);
            }
        }
        for (const Area& one : trimmed) {
            area.in_use += one.name == area.name ? one.in_use : 0;
        }
    }
    return removed;
}

std::string to_text(const std::vector<Area>& areas) {
    std::string text;
    Area sum{"total", 0, 0, 0};
    const auto add_line = [&text](const Area& area) {
        text += fmt::format(
            "{:>10}  {:>8}  {}\n", human_size(area.bytes), area.files, printable(area.name)
        );
    };
    for (const Area& area : areas) {
        add_line(area);
        sum.files += area.files;
        sum.bytes += area.bytes;
    }
    add_line(sum);
    return text;
}

std::string to_json_text(const std::vector<Area>& areas) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Area& area : areas) {
        list.push_back({{"name", area.name}, {"files", area.files}, {"bytes", area.bytes}});
    }
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<std::vector<Area>> act(const CacheFlags& flags, const std::filesystem::path& cache) {
    if (flags.action == "du" || flags.dry_run) {
        return measure_all(cache);
    }
    QUERN_CHECK(check_is_cache(cache));
    return flags.action == "clean" ? clean(cache) : trim_cache(cache, *parse_size(flags.max_size));
}

Result<void> run_cache(const CacheFlags& flags, const Invocation& invocation) {
    if (!parse_size(flags.max_size)) {
        return Error(ErrorCode::usage, fmt::format("'{}' is no size", printable(flags.max_size)))
            .help("write 500MiB or 20GiB");
    }
    QUERN_TRY(const std::filesystem::path cache, cache_directory(invocation.global));
    if (::geteuid() != 0) {
        // Root trees belong to ids that are ours only in there. Without one they just stay.
        const auto entered =
            sandbox::UserNamespace::enter(sandbox::UserNamespace::Range::automatic);
        static_cast<void>(entered);
    }
    QUERN_TRY(std::vector<Area> areas, act(flags, cache));
    for (const Area& area : areas) {
        if (area.in_use > 0) {
            make_reporter(invocation.global)
                ->note(fmt::format("{}: what running commands use is left", area.name));
        }
    }
    if (flags.action == "clean" && !flags.dry_run) {
        QUERN_TRY(const std::size_t images, sandbox::remove_docker_roots(invocation.cancel));
        if (images > 0) {
            areas.push_back({"docker images", images, 0, 0});
        }
        QUERN_TRY(const std::size_t caches, sandbox::remove_docker_caches(invocation.cancel));
        if (caches > 0) {
            areas.push_back({"docker volumes", caches, 0, 0});
        }
    }
    return print(invocation.global.format == "json" ? to_json_text(areas) : to_text(areas));
}

}  // namespace

Run define_cache(CLI::App& app) {
    const auto flags = std::make_shared<CacheFlags>();
    add_option(
        app,
        "action",
        flags->action,
        "du: what each folder holds; gc: drop what was not used for longest; clean: drop all"
    )
        ->required()
        ->check(one_of({"du", "gc", "clean"}));
    add_option(app, "--max-size", flags->max_size, "what gc leaves of each kind: 500MiB, 20GiB")
        ->capture_default_str();
    add_flag(app, "--dry-run", flags->dry_run, "only say what is there");
    return [flags](const Invocation& invocation) { return run_cache(*flags, invocation); };
}

}  // namespace quern::cli
