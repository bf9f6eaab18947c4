// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A remote has one bare mirror in the cache; a checkout fetches into it what is missing, finds the
// commit, and writes two things below the destination: the files, by walking the tree objects
// (libgit2's own checkout knows filters, attributes and file system quirks, none of which hostile
// content should reach), and a `.git` directory with one pack of the history that was asked for.
// libgit2 1.5 fetches whole histories only; the depth decides what the guest's `.git` holds.
#include "fetch/git.hpp"

#include "fetch/git_checkout.hpp"
#include "fetch/git_functions.hpp"
#include "fetch/git_request.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace quern::fetch {

namespace {

using Repository = Handle<git_repository, git_repository_free>;
using Remote = Handle<git_remote, git_remote_free>;
using Object = Handle<git_object, git_object_free>;
using Reference = Handle<git_reference, git_reference_free>;

constexpr std::uint64_t most_received = std::uint64_t{8} << 30U;
constexpr const char* head_of_remote = "refs/quern/HEAD";

std::string hex_of(const git_oid& id) {
    std::array<char, GIT_OID_HEXSZ + 1> text{};
    git_oid_tostr(text.data(), text.size(), &id);
    return text.data();
}

/// What the callbacks see during a fetch.
struct FetchState {
    Activity& activity;
    const CancelToken& cancel;
    bool is_too_large = false;
    bool has_tried_agent = false;
};

int on_transfer(const git_indexer_progress* progress, void* user) {
    auto& state = *static_cast<FetchState*>(user);
    state.activity.progress(progress->received_objects, progress->total_objects, "objects");
    state.is_too_large = progress->received_bytes > most_received;
    return state.is_too_large || state.cancel.is_requested() ? GIT_EUSER : 0;
}

int on_sideband(const char*, int, void* user) {
    return static_cast<FetchState*>(user)->cancel.is_requested() ? GIT_EUSER : 0;
}

/// The ssh agent, once; credentials in the URL are used by libgit2 itself. Nothing is asked for and
/// no file is read.
int on_credentials(
    git_credential** out, const char*, const char* user_name, unsigned allowed, void* user
) {
    auto& state = *static_cast<FetchState*>(user);
    if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) {
        return git_credential_username_new(out, user_name == nullptr ? "git" : user_name);
    }
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) == 0 || std::exchange(state.has_tried_agent, true)) {
        return GIT_PASSTHROUGH;
    }
    return git_credential_ssh_key_from_agent(out, user_name == nullptr ? "git" : user_name);
}

/// One checkout until its commit is known.
class Checkout {
 public:
    Checkout(const GitRequest& request, const CancelToken& cancel)
        : request_(request), cancel_(cancel) {}

    Result<void> open_mirror(const std::filesystem::path& path);
    Result<void> fetch(Reporter& reporter);
    Result<void> choose_commit(std::vector<std::string>& warnings);
    ChosenCommit chosen() const;

 private:
    Result<void> check(
        int status, std::string_view action, ErrorCode code = ErrorCode::invalid_data
    ) const {
        return check_git(status, request_, cancel_, action, code);
    }
    std::string source_reference() const;
    std::string local_reference() const;
    Result<void> check_reference_name() const;
    bool has_what_is_wanted() const;
    Result<void> choose_behind(const git_oid& tip);

    const GitRequest& request_;
    const CancelToken& cancel_;
    Repository mirror_;
    git_oid commit_{};
    git_oid target_{};  ///< of the reference: the commit or an annotated tag
};

Result<void> Checkout::open_mirror(const std::filesystem::path& path) {
    git_repository* opened = nullptr;
    const int flags = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE;
    if (git_repository_open_ext(&opened, path.c_str(), flags, nullptr) < 0) {
        QUERN_CHECK(remove_tree(path));
        QUERN_CHECK(
            check(git_repository_init(&opened, path.c_str(), 1), "making a mirror", ErrorCode::io)
        );
    }
    mirror_.reset(opened);
    return {};
}

std::string Checkout::source_reference() const {
    if (!request_.tag.empty()) {
        return "refs/tags/" + request_.tag;
    }
    return request_.branch.empty() ? "HEAD" : "refs/heads/" + request_.branch;
}

std::string Checkout::local_reference() const {
    return request_.tag.empty() && request_.branch.empty() ? head_of_remote : source_reference();
}

/// Whether the expected commit is at hand, so that nothing needs to be asked of the server: a
/// commit names its content.
bool Checkout::has_what_is_wanted() const {
    if (request_.expected_commit.empty() || request_.is_branch_tip) {
        return false;
    }
    git_oid wanted;
    git_oid_fromstr(&wanted, request_.expected_commit.c_str());
    git_reference* found = nullptr;
    git_object* peeled = nullptr;
    if (git_reference_lookup(&found, mirror_.get(), local_reference().c_str()) < 0) {
        return false;
    }
    const Reference reference(found);
    if (git_reference_peel(&peeled, reference.get(), GIT_OBJECT_COMMIT) < 0) {
        return false;
    }
    const Object commit(peeled);
    return git_oid_equal(git_object_id(commit.get()), &wanted) != 0 ||
           (effective_depth(request_) == -1 && request_.tag.empty() &&
            git_graph_descendant_of(mirror_.get(), git_object_id(commit.get()), &wanted) == 1);
}

Result<void> Checkout::check_reference_name() const {
    int is_valid = 0;
    if (git_reference_name_is_valid(&is_valid, local_reference().c_str()) < 0 || is_valid == 0) {
        const std::string& name = request_.tag.empty() ? request_.branch : request_.tag;
        return Error(
            ErrorCode::usage,
            fmt::format("git-checkout: '{}' is not a branch or a tag", printable(name))
        );
    }
    return {};
}

Result<void> Checkout::fetch(Reporter& reporter) {
    if (has_what_is_wanted()) {
        return {};
    }
    QUERN_CHECK(check_reference_name());
    const std::string shown = redact_url(request_.repository);
    Activity activity(reporter, "fetching " + shown);
    FetchState state{activity, cancel_};
    git_remote* made = nullptr;
    QUERN_CHECK(check(
        git_remote_create_anonymous(&made, mirror_.get(), request_.repository.c_str()),
        "opening it",
        ErrorCode::network
    ));
    const Remote remote(made);
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    options.callbacks.transfer_progress = &on_transfer;
    options.callbacks.sideband_progress = &on_sideband;
    options.callbacks.credentials = &on_credentials;
    options.callbacks.payload = &state;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_AUTO;
    // Credentials of the URL must not follow a redirect to another host.
    options.follow_redirects =
        shown == request_.repository ? GIT_REMOTE_REDIRECT_INITIAL : GIT_REMOTE_REDIRECT_NONE;
    std::string refspec = fmt::format("+{}:{}", source_reference(), local_reference());
    std::array<char*, 1> refspecs = {refspec.data()};
    const git_strarray list{refspecs.data(), refspecs.size()};
    // An old reference must not pass for one that the server does not have any more.
    git_reference_remove(mirror_.get(), local_reference().c_str());
    const int status = git_remote_fetch(remote.get(), &list, &options, nullptr);
    if (state.is_too_large) {
        return Error(
            ErrorCode::limit,
            fmt::format("git repository {} is larger than {}", shown, human_size(most_received))
        );
    }
    return check(status, "fetching", ErrorCode::network);
}

/// The branch has gone on: the expected commit is taken if it lies behind.
Result<void> Checkout::choose_behind(const git_oid& tip) {
    const auto differs = [&](std::string_view why) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format(
                "git-checkout: {} is {}, expected {}{}",
                source_reference(),
                hex_of(tip),
                request_.expected_commit,
                why
            )
        );
    };
    if (request_.is_branch_tip || !request_.tag.empty()) {
        return differs("").help("if it was moved on purpose, set the new expected-commit");
    }
    if (effective_depth(request_) != -1) {
        return differs("").help("set 'depth: -1' to take a commit behind the tip");
    }
    git_oid wanted;
    git_oid_fromstr(&wanted, request_.expected_commit.c_str());
    if (git_graph_descendant_of(mirror_.get(), &tip, &wanted) != 1) {
        return differs(", which is not in its history");
    }
    commit_ = wanted;
    return {};
}

Result<void> Checkout::choose_commit(std::vector<std::string>& warnings) {
    git_reference* found = nullptr;
    const std::string name = local_reference();
    if (git_reference_lookup(&found, mirror_.get(), name.c_str()) < 0) {
        const std::string shown = redact_url(request_.repository);
        return Error(
            ErrorCode::not_found,
            fmt::format("git repository {} has no {}", shown, printable(source_reference()))
        );
    }
    const Reference reference(found);
    if (const git_oid* target = git_reference_target(reference.get()); target != nullptr) {
        target_ = *target;
    }
    git_object* peeled = nullptr;
    QUERN_CHECK(
        check(git_reference_peel(&peeled, reference.get(), GIT_OBJECT_COMMIT), "finding " + name)
    );
    const Object commit(peeled);
    commit_ = *git_object_id(commit.get());
    const std::string expected = to_lower(request_.expected_commit);
    if (expected.empty() || expected == hex_of(commit_)) {
        return {};
    }
    if (!request_.tag.empty() && expected == hex_of(target_)) {
        warnings.push_back(fmt::format(
            "git-checkout: expected-commit is the tag object of {}; its commit is {}",
            request_.tag,
            hex_of(commit_)
        ));
        return {};
    }
    return choose_behind(commit_);
}

ChosenCommit Checkout::chosen() const {
    const bool is_annotated = !request_.tag.empty() && git_oid_equal(&target_, &commit_) == 0;
    return {
        mirror_.get(),
        request_,
        cancel_,
        hex_of(commit_),
        is_annotated ? hex_of(target_) : std::string()};
}

/// Removes what stands between "://" and "@" wherever it appears, in whatever form the library
/// repeats it.
std::string without_credentials(std::string text, const std::string& repository) {
    const std::string shown = redact_url(repository);
    text = replace_all(std::move(text), repository, shown);
    const std::size_t scheme_end = repository.find("://");
    const std::size_t at = repository.find('@');
    if (scheme_end != std::string::npos && at != std::string::npos && at > scheme_end + 3) {
        text = replace_all(
            std::move(text), repository.substr(scheme_end + 3, at - scheme_end - 3), "***"
        );
    }
    return printable(text);
}

}  // namespace

Result<void> check_git(
    int status,
    const GitRequest& request,
    const CancelToken& cancel,
    std::string_view action,
    ErrorCode code
) {
    if (status >= 0) {
        return {};
    }
    QUERN_CHECK(cancel.check());
    const git_error* last = git_error_last();
    const std::string text =
        last == nullptr || last->message == nullptr ? "unknown error" : last->message;
    return Error(
        code,
        fmt::format(
            "git repository {}: {}: {}",
            redact_url(request.repository),
            action,
            without_credentials(text, request.repository)
        )
    );
}

namespace {

Result<FileTree> open_destination(const FileTree& tree, const std::string& destination) {
    if (destination != ".") {
        QUERN_CHECK(tree.make_directories(destination));
        return tree.subtree(destination);
    }
    UniqueFd same(::fcntl(tree.fd(), F_DUPFD_CLOEXEC, 0));
    if (!same) {
        const int err = errno;
        return Error::system(err, "opening the destination");
    }
    return FileTree(std::move(same));
}

/// The library is loaded only for a directory that could lie in a repository.
bool may_be_in_repository(const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::path directory = std::filesystem::absolute(path, failure);
    for (; !failure; directory = directory.parent_path()) {
        const bool has_git = std::filesystem::exists(directory / ".git", failure) ||
                             std::filesystem::exists(directory / "HEAD", failure);
        if (has_git) {
            return true;
        }
        if (!directory.has_relative_path()) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<void> GitLibrary::start() const {
    const std::lock_guard lock(mutex_);
    if (is_started_) {
        return {};
    }
    QUERN_CHECK(load_library(git_soname, git_package));
    git_libgit2_init();
    // Nothing of the user's or the system's settings: they can name programs, rewrite addresses and
    // hold credentials.
    for (const int level :
         {GIT_CONFIG_LEVEL_SYSTEM,
          GIT_CONFIG_LEVEL_XDG,
          GIT_CONFIG_LEVEL_GLOBAL,
          GIT_CONFIG_LEVEL_PROGRAMDATA}) {
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // Nothing of a repository is run, so it may belong to anybody.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    is_started_ = true;
    return {};
}

GitLibrary::~GitLibrary() {
    if (is_started_) {
        git_libgit2_shutdown();
    }
}

Result<GitReport> checkout(
    const GitLibrary& library,
    const GitRequest& request,
    const FileTree& tree,
    Reporter& reporter,
    const CancelToken& cancel
) {
    GitReport report;
    QUERN_CHECK(check_request(request, report.warnings));
    QUERN_CHECK(library.start());
    std::error_code code;
    std::filesystem::create_directories(request.cache_directory, code);
    if (code) {
        return Error::system(
            code.value(), fmt::format("making {}", request.cache_directory.string())
        );
    }
    const std::string name = digest_of(DigestKind::sha256, request.repository).hex();
    QUERN_TRY(
        const FileLock lock,
        FileLock::acquire(request.cache_directory / (name + ".lock"), FileLock::Mode::exclusive)
    );
    Checkout checkout(request, cancel);
    QUERN_CHECK(checkout.open_mirror(request.cache_directory / (name + ".git")));
    QUERN_CHECK(checkout.fetch(reporter));
    QUERN_CHECK(checkout.choose_commit(report.warnings));
    const ChosenCommit chosen = checkout.chosen();
    report.commit = chosen.commit;
    QUERN_TRY(const FileTree destination, open_destination(tree, request.destination));
    QUERN_CHECK(write_git_files(chosen, destination));
    QUERN_CHECK(write_git_directory(chosen, destination, request.cache_directory));
    return report;
}

std::optional<std::string> head_commit(
    const GitLibrary& library, const std::filesystem::path& path
) {
    if (!may_be_in_repository(path) || !library.start()) {
        return std::nullopt;
    }
    git_repository* opened = nullptr;
    git_oid id;
    if (git_repository_open_ext(&opened, path.c_str(), 0, nullptr) < 0) {
        return std::nullopt;
    }
    const Repository repository(opened);
    if (git_reference_name_to_id(&id, repository.get(), "HEAD") < 0) {
        return std::nullopt;
    }
    return hex_of(id);
}

}  // namespace quern::fetch
