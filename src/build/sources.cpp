// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The two actions that bring sources into the workspace. They take the inputs that the pipelines of
// the same names declare and leave what those would leave: the file itself and its content, or a
// checked-out tree.

#include "build/sources.hpp"

#include "archive/extract.hpp"
#include "build/step_keys.hpp"
#include "fetch/git.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

namespace quern::build {
namespace {

std::string input(const pipeline::Step& step, std::string_view name) {
    const auto found = step.inputs.find(name);
    return found == step.inputs.end() ? std::string() : found->second;
}

bool is_on(const pipeline::Step& step, std::string_view name) {
    return input(step, name) == "true";
}

Error wrong_input(std::string message, std::string help) {
    return Error(ErrorCode::invalid_recipe, std::move(message)).help(std::move(help));
}

Result<FileTree> make_directory(
    const FileTree& tree, const std::string& path, const GuestIds& ids
) {
    if (path.empty()) {
        return tree.subtree("");
    }
    if (!tree.exists(path)) {
        QUERN_CHECK(tree.make_directories(path));
        QUERN_CHECK(give_to_guest(tree, path, ids));
    }
    return tree.subtree(path);
}

// The working directory of a step as a tree that cannot be left.
Result<FileTree> open_working_directory(
    const pipeline::Step& step, const SourceContext& context, const Services& services
) {
    const std::filesystem::path directory =
        std::filesystem::path(step.working_directory).lexically_normal();
    const std::string text = directory.generic_string();
    const bool is_in_workspace =
        text == guest_home || text.starts_with(std::string(guest_home) + "/");
    std::string relative = is_in_workspace ? text.substr(guest_home.size()) : text;
    while (relative.starts_with('/')) {
        relative.erase(0, 1);
    }
    while (relative.ends_with('/')) {
        relative.pop_back();
    }
    if (is_in_workspace) {
        return make_directory(context.workspace.home(), relative, services.ids);
    }
    QUERN_TRY(const FileTree root, FileTree::open(context.guest_root));
    return make_directory(root, relative, services.ids);
}

Result<std::optional<Digest>> expected_digest(
    const pipeline::Step& step, DigestKind kind, std::string_view name
) {
    const std::string text = input(step, name);
    if (text.empty()) {
        return std::optional<Digest>();
    }
    auto digest = Digest::from_hex(kind, text);
    if (!digest) {
        return wrong_input(
            fmt::format("{} is not a checksum: '{}'", name, printable(text)),
            "give the hexadecimal digits that sha256sum or sha512sum print"
        );
    }
    return digest;
}

Result<void> copy_into(
    const FileTree& directory, const std::string& name, int source, const GuestIds& ids
) {
    if (directory.exists(name)) {
        QUERN_CHECK(directory.remove(name));
    }
    QUERN_CHECK(directory.write(name, {}, 0644));
    const UniqueFd target(::openat(directory.fd(), name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    );
    if (!target) {
        return Error::system(errno, fmt::format("writing {}", name));
    }
    constexpr std::size_t piece = std::size_t{1} << 30U;
    off_t offset = 0;
    for (;;) {
        const ssize_t count = ::sendfile(target.get(), source, &offset, piece);
        if (count < 0) {
            return Error::system(errno, fmt::format("writing {}", name));
        }
        if (count == 0) {
            return give_to_guest(directory, name, ids);
        }
    }
}

std::vector<std::string> words_in(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

std::string file_name_of(const std::string& url) {
    const std::size_t slash = url.rfind('/');
    return slash == std::string::npos ? url : url.substr(slash + 1);
}

Result<std::uint32_t> strip_components(const pipeline::Step& step) {
    const auto count = parse_unsigned(input(step, "strip-components"));
    if (!count || *count > 1000) {
        return wrong_input(
            fmt::format(
                "strip-components is not a small number: '{}'",
                printable(input(step, "strip-components"))
            ),
            "give the number of leading directories to drop: 0, 1, 2"
        );
    }
    return static_cast<std::uint32_t>(*count);
}

Result<void> unpack(
    const pipeline::Step& step, const FileTree& directory, int archive, const Services& services
) {
    const std::string target = input(step, "directory");
    const std::string relative = std::filesystem::path(target).lexically_normal().generic_string();
    archive::ExtractOptions options;
    QUERN_TRY(options.strip_components, strip_components(step));
    options.owner = services.ids;
    options.cancel = &services.cancel;
    if (services.archive_limits != nullptr) {
        options.limits = *services.archive_limits;
    }
    if (target.empty() || relative == "." || relative == "./") {
        QUERN_CHECK(archive::extract(archive, directory, options));
        return {};
    }
    if (!is_confined_path(relative) || !directory.exists(relative)) {
        // What the steps before made decides.
        return Error(
                   ErrorCode::step_failed,
                   fmt::format(
                       "the directory '{}' to extract to does not exist below the working "
                       "directory",
                       printable(target)
                   )
        )
            .help("make it in a step before, as tar -C wants it");
    }
    QUERN_TRY(const FileTree inside, directory.subtree(relative));
    QUERN_CHECK(archive::extract(archive, inside, options));
    return {};
}

Result<void> run_fetch(
    const pipeline::Step& step, const SourceContext& context, const Services& services
) {
    QUERN_TRY(const fetch::FetchRequest request, fetch_request(step, services.fetcher.limits()));
    if (!request.expected_sha256 && !request.expected_sha512) {
        services.reporter.warning(fmt::format(
            "{} is taken unchecked (expected-none): the build depends on the server",
            redact_url(request.url)
        ));
    }
    const std::string name = file_name_of(request.url);
    if (!is_confined_path(name)) {
        return wrong_input(
            fmt::format("the address '{}' does not end in a file name", redact_url(request.url)),
            "give the address of one file"
        );
    }
    Activity activity(services.reporter, fmt::format("fetching {}", redact_url(request.url)));
    QUERN_TRY(
        const fetch::FetchedFile file,
        services.fetcher.fetch(request, services.reporter, activity.id())
    );
    activity.outcome(file.was_cached ? "from the cache" : human_size(file.size));
    if (context.taken != nullptr && !is_pinned(step)) {
        QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, file.fd.get()));
        (*context.taken)[&step] = digest.hex();
    }
    QUERN_TRY(const FileTree directory, open_working_directory(step, context, services));
    const bool is_kept = !is_on(step, "delete");
    if (is_kept) {
        QUERN_CHECK(copy_into(directory, name, file.fd.get(), services.ids));
    }
    if (is_on(step, "extract")) {
        if (auto unpacked = unpack(step, directory, file.fd.get(), services); !unpacked) {
            return std::move(unpacked).error().context(fmt::format("unpacking {}", name));
        }
    }
    return {};
}

Result<unsigned> count_input(const pipeline::Step& step, std::string_view name) {
    constexpr std::uint64_t most = 3600;
    const std::string text = input(step, name);
    const auto number = text.empty() ? std::optional<std::uint64_t>(0) : parse_unsigned(text);
    if (!number || *number > most) {
        return wrong_input(
            fmt::format("{} is not a small number: '{}'", name, printable(text)),
            fmt::format("give a number from 0 to {}", most)
        );
    }
    return static_cast<unsigned>(*number);
}

// A switch that is neither is a mistake that must not turn a check or the submodules off unseen.
Result<bool> switch_input(const pipeline::Step& step, std::string_view name) {
    const std::string text = input(step, name);
    if (!text.empty() && text != "true" && text != "false") {
        return wrong_input(
            fmt::format("{} is neither true nor false: '{}'", name, printable(text)),
            fmt::format("write '{}: true' or leave it out", name)
        );
    }
    return text == "true";
}

Result<void> run_git_checkout(
    const pipeline::Step& step, const SourceContext& context, const Services& services
) {
    fetch::GitRequest request;
    request.repository = input(step, "repository");
    request.branch = input(step, "branch");
    request.tag = input(step, "tag");
    request.expected_commit = input(step, "expected-commit");
    request.destination = input(step, "destination").empty() ? "." : input(step, "destination");
    QUERN_TRY(request.is_branch_tip, switch_input(step, "expected-commit-is-branch-tip"));
    QUERN_TRY(request.recurse_submodules, switch_input(step, "recurse-submodules"));
    QUERN_CHECK(switch_input(step, "shallow-submodules"));
    request.sparse_paths = input(step, "sparse-paths");
    request.cherry_picks = input(step, "cherry-picks");
    request.committer_date = context.source_date;
    request.owner = services.ids;
    request.cache_directory = services.cache_directory / "git";
    QUERN_TRY(request.max_retries, count_input(step, "max-retries"));
    QUERN_TRY(const unsigned first_pause, count_input(step, "initial-backoff"));
    QUERN_TRY(const unsigned longest_pause, count_input(step, "max-backoff"));
    request.initial_backoff = std::chrono::seconds(first_pause);
    request.max_backoff = std::chrono::seconds(longest_pause);
    if (const std::string depth = input(step, "depth"); !depth.empty() && depth != "unset") {
        const auto number = parse_signed(depth);
        if (!number || *number < -1 || *number == 0 || *number > 1'000'000'000) {
            return wrong_input(
                fmt::format("depth is not -1 or a number of commits: '{}'", printable(depth)),
                "leave it out to take one commit"
            );
        }
        request.depth = static_cast<int>(*number);
    }
    QUERN_TRY(const FileTree directory, open_working_directory(step, context, services));
    QUERN_TRY(
        const fetch::GitReport report,
        fetch::checkout(services.git, request, directory, services.reporter, services.cancel)
    );
    for (const std::string& warning : report.warnings) {
        services.reporter.warning(warning);
    }
    if (context.taken != nullptr && !is_pinned(step)) {
        (*context.taken)[&step] = report.commit;
    }
    return {};
}

}  // namespace

Result<fetch::FetchRequest> fetch_request(
    const pipeline::Step& step, const fetch::HttpLimits& limits
) {
    fetch::FetchRequest request;
    request.limits = limits;
    request.url = input(step, "uri");
    request.mirrors = words_in(input(step, "mirrors"));
    QUERN_TRY(
        request.expected_sha256, expected_digest(step, DigestKind::sha256, "expected-sha256")
    );
    QUERN_TRY(
        request.expected_sha512, expected_digest(step, DigestKind::sha512, "expected-sha512")
    );
    if (!request.expected_sha256 && !request.expected_sha512 &&
        input(step, "expected-none").empty()) {
        return wrong_input(
            "one of expected-sha256, expected-sha512 or expected-none must be given",
            "`quern bump --write-checksums` or `sha256sum FILE` gives the checksum"
        );
    }
    return request;
}

Result<void> run_native_step(
    const pipeline::Step& step, const SourceContext& context, const Services& services
) {
    if (step.native == "fetch") {
        return run_fetch(step, context, services);
    }
    if (step.native == "git-checkout") {
        return run_git_checkout(step, context, services);
    }
    return Error(
        ErrorCode::unsupported, fmt::format("there is no native action '{}'", step.native)
    );
}

}  // namespace quern::build
