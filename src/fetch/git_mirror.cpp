// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A remote has one bare mirror in the cache; a checkout fetches into it what is missing and finds
// the commit. libgit2 1.5 fetches whole histories only; the machine's git, where there is one,
// brings as many commits as are asked for.
#include "fetch/git_mirror.hpp"

#include "fetch/git_functions.hpp"
#include "fetch/git_modules.hpp"
#include "fetch/git_program.hpp"
#include "fetch/git_request.hpp"
#include "support/cache_directory.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace quern::fetch {

namespace {

using Repository = Handle<git_repository, git_repository_free>;
using Remote = Handle<git_remote, git_remote_free>;
using Commit = Handle<git_commit, git_commit_free>;
using Object = Handle<git_object, git_object_free>;
using Reference = Handle<git_reference, git_reference_free>;

constexpr std::uint64_t most_received = std::uint64_t{8} << 30U;
constexpr const char* head_of_remote = "refs/quern/HEAD";

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
    /// Brings what the request names, unless it is there.
    Result<void> fetch(Reporter& reporter);
    Result<void> choose_commit(std::vector<std::string>& warnings);
    Result<ChosenCommit> chosen() const;
    /// The commit with the request's cherry-picks on top.
    Result<ChosenCommit> picked(Reporter& reporter);

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
    bool has_commit(const std::string& hex) const;
    Result<void> choose_behind(const git_oid& tip);
    Result<void> choose_by_id();
    Result<void> bring(const std::vector<std::string>& refspecs, int depth, Reporter& reporter);
    Result<void> bring_once(
        const std::vector<std::string>& refspecs, int depth, Activity& activity
    );
    Result<void> bring_by_library(const std::vector<std::string>& refspecs, Activity& activity);
    bool is_on_this_machine() const;

    const GitRequest& request_;
    const CancelToken& cancel_;
    std::filesystem::path path_;
    std::optional<GitProgram> program_ = GitProgram::find();
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
    path_ = path;
    return {};
}

std::string Checkout::source_reference() const {
    if (!request_.tag.empty()) {
        return "refs/tags/" + request_.tag;
    }
    return request_.branch.empty() ? "HEAD" : "refs/heads/" + request_.branch;
}

std::string Checkout::local_reference() const {
    if (request_.is_by_id) {
        return "refs/quern/" + to_lower(request_.expected_commit);
    }
    return request_.tag.empty() && request_.branch.empty() ? head_of_remote : source_reference();
}

/// Whether the expected commit is at hand, so that nothing needs to be asked of the server: a
/// commit names its content.
bool Checkout::has_what_is_wanted() const {
    if (request_.expected_commit.empty() || request_.is_branch_tip) {
        return false;
    }
    if (request_.is_by_id) {
        return has_commit(request_.expected_commit);
    }
    // Of a shallow history we do not know how deep it is.
    if (git_repository_is_shallow(mirror_.get()) == 1 && effective_depth(request_) != 1) {
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

bool Checkout::has_commit(const std::string& hex) const {
    git_oid id;
    git_commit* found = nullptr;
    if (git_oid_fromstr(&id, hex.c_str()) < 0 ||
        git_commit_lookup(&found, mirror_.get(), &id) < 0) {
        return false;
    }
    const Commit commit(found);
    return true;
}

bool Checkout::is_on_this_machine() const {
    return request_.repository.starts_with('/') || request_.repository.starts_with("file:");
}

Result<void> Checkout::check_reference_name() const {
    int is_valid = 0;
    if (git_reference_name_is_valid(&is_valid, local_reference().c_str()) < 0 || is_valid == 0) {
        const std::string& name = request_.tag.empty() ? request_.branch : request_.tag;
        return Error(
            ErrorCode::invalid_recipe,
            fmt::format("git-checkout: '{}' is not a branch or a tag", printable(name))
        );
    }
    return {};
}

Result<void> Checkout::bring_by_library(
    const std::vector<std::string>& refspecs, Activity& activity
) {
    FetchState state{activity, cancel_};
    git_remote* made = nullptr;
    QUERN_CHECK(check(
        git_remote_create_anonymous(&made, mirror_.get(), request_.repository.c_str()),
        "opening it",
        ErrorCode::network
    ));
    const Remote remote(made);
    const std::string shown = redact_url(request_.repository);
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    options.callbacks.transfer_progress = &on_transfer;
    options.callbacks.sideband_progress = &on_sideband;
    options.callbacks.credentials = &on_credentials;
    options.callbacks.payload = &state;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_AUTO;
    // Credentials of the URL must not follow a redirect to another host.
    options.follow_redirects =
        shown == request_.repository ? GIT_REMOTE_REDIRECT_INITIAL : GIT_REMOTE_REDIRECT_NONE;
    std::vector<std::string> copies = refspecs;
    std::vector<char*> pointers;
    for (std::string& refspec : copies) {
        pointers.push_back(refspec.data());
    }
    const git_strarray list{pointers.data(), pointers.size()};
    const int status = git_remote_fetch(remote.get(), &list, &options, nullptr);
    if (state.is_too_large) {
        return Error(
            ErrorCode::limit,
            fmt::format("git repository {} is larger than {}", shown, human_size(most_received))
        );
    }
    return check(status, "fetching", ErrorCode::network);
}

// Repositories of this machine are read by libgit2, which minds neither their owner nor their
// settings.
Result<void> Checkout::bring_once(
    const std::vector<std::string>& refspecs, int depth, Activity& activity
) {
    if (!program_ || is_on_this_machine()) {
        return bring_by_library(refspecs, activity);
    }
    QUERN_CHECK(program_->fetch(request_, path_, refspecs, depth, cancel_));
    return open_mirror(path_);  // what another process wrote is not seen by an open one
}

Result<void> Checkout::bring(
    const std::vector<std::string>& refspecs, int depth, Reporter& reporter
) {
    const std::string shown = redact_url(request_.repository);
    Activity activity(reporter, "fetching " + shown);
    std::chrono::seconds pause = request_.initial_backoff;
    for (unsigned tries = 0;; ++tries) {
        auto done = bring_once(refspecs, depth, activity);
        const bool is_final = done || done.error().code() != ErrorCode::network ||
                              tries >= request_.max_retries || is_on_this_machine();
        if (done) {
            activity.outcome("done");
        }
        if (is_final) {
            return done;
        }
        reporter.warning(
            fmt::format("{}; trying again in {} s", done.error().message(), pause.count())
        );
        const auto end = std::chrono::steady_clock::now() + pause;
        while (std::chrono::steady_clock::now() < end) {
            QUERN_CHECK(cancel_.check());
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        pause = std::min(pause * 2, request_.max_backoff);
    }
}

Result<void> Checkout::fetch(Reporter& reporter) {
    if (has_what_is_wanted()) {
        return {};
    }
    if (request_.is_by_id) {
        const std::string commit = to_lower(request_.expected_commit);
        const std::string by_id = fmt::format("+{}:refs/quern/{}", commit, commit);
        // Servers may refuse what no branch ends at; then all branches are taken.
        if (program_ && !is_on_this_machine() &&
            program_->fetch(request_, path_, {by_id}, 1, cancel_)) {
            return open_mirror(path_);
        }
        return bring({"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}, -1, reporter);
    }
    QUERN_CHECK(check_reference_name());
    // An old reference must not pass for one that the server does not have any more.
    git_reference_remove(mirror_.get(), local_reference().c_str());
    return bring(
        {fmt::format("+{}:{}", source_reference(), local_reference())},
        effective_depth(request_),
        reporter
    );
}

Result<void> Checkout::choose_by_id() {
    git_oid_fromstr(&commit_, request_.expected_commit.c_str());
    target_ = commit_;
    if (has_commit(request_.expected_commit)) {
        return {};
    }
    return Error(
        ErrorCode::not_found,
        fmt::format(
            "git repository {} has no commit {}",
            redact_url(request_.repository),
            request_.expected_commit
        )
    );
}

Result<ChosenCommit> Checkout::picked(Reporter& reporter) {
    QUERN_TRY(ChosenCommit result, chosen());
    QUERN_TRY(const auto picks, parse_cherry_picks(request_.cherry_picks));
    for (const CherryPick& pick : picks) {
        if (!has_pick(mirror_.get(), pick)) {
            const std::string reference =
                pick.branch.empty() ? source_reference() : "refs/heads/" + pick.branch;
            const std::string local = pick.branch.empty() ? local_reference() : reference;
            QUERN_CHECK(bring({fmt::format("+{}:{}", reference, local)}, -1, reporter));
            result.mirror = mirror_.get();
        }
        QUERN_TRY(result.commit, apply_cherry_pick(result, pick));
        ++result.cherry_picks;
    }
    if (!picks.empty()) {
        result.tag_object.clear();
    }
    return result;
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
    if (request_.is_by_id) {
        return choose_by_id();
    }
    git_reference* found = nullptr;
    const std::string name = local_reference();
    if (git_reference_lookup(&found, mirror_.get(), name.c_str()) < 0) {
        const std::string shown = redact_url(request_.repository);
        return Error(
                   ErrorCode::not_found,
                   fmt::format("git repository {} has no {}", shown, printable(source_reference()))
        )
            .help(fmt::format("`git ls-remote {}` lists its branches and tags", shown));
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

Result<ChosenCommit> Checkout::chosen() const {
    const bool is_annotated = !request_.tag.empty() && git_oid_equal(&target_, &commit_) == 0;
    QUERN_TRY(SparseCone cone, SparseCone::parse(request_.sparse_paths));
    return ChosenCommit{
        mirror_.get(),
        request_,
        cancel_,
        hex_of(commit_),
        is_annotated ? hex_of(target_) : std::string(),
        std::move(cone),
        0};
}

}  // namespace

Result<void> with_commit(
    const GitRequest& request,
    const GitWatch& watch,
    std::vector<std::string>& warnings,
    const std::function<Result<void>(const ChosenCommit&)>& use
) {
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
        use_tree(request.cache_directory / (name + ".lock"), FileLock::Mode::exclusive)
    );
    Checkout checkout(request, watch.cancel);
    QUERN_CHECK(checkout.open_mirror(request.cache_directory / (name + ".git")));
    QUERN_CHECK(checkout.fetch(watch.reporter));
    QUERN_CHECK(checkout.choose_commit(warnings));
    QUERN_TRY(const ChosenCommit chosen, checkout.picked(watch.reporter));
    return use(chosen);
}

}  // namespace quern::fetch
