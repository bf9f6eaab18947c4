// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/key_flags.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/git.hpp"
#include "quern/build.hpp"
#include "quern/error.hpp"
#include "quern/keyring.hpp"
#include "quern/reporter.hpp"
#include "repository/package_store.hpp"
#include "sandbox/runner.hpp"
#include "support/file_reader.hpp"
#include "support/thread_pool.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quern::cli {

/// Where quern keeps what it can make again: --cache-root, QUERN_CACHE_DIR, XDG_CACHE_HOME/quern,
/// ~/.cache/quern. Errors: usage (none of them).
Result<std::filesystem::path> cache_directory(const GlobalOptions& global);

/// What makes a command that uses the network and packages.
struct SessionOptions {
    bool needs_guest = false;  ///< readies what runs steps, which may enter namespaces
    std::string runner;        ///< --runner; empty: auto
    bool offline = false;
    std::vector<std::filesystem::path>
        content_directories;  ///< --cache-dir, searched for sources too
};

/// The long-lived objects of one command, made in an order that suits them: namespaces before
/// threads, threads before what uses them.
class Session {
 public:
    static Result<std::unique_ptr<Session>> create(
        const Invocation& invocation, const SessionOptions& options
    );
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    Reporter& reporter();
    ThreadPool& pool();
    fetch::Fetcher& fetcher();
    const fetch::GitLibrary& git() const;
    const FileReader& reader() const;
    repository::PackageStore& packages();
    const CancelToken& cancel() const;
    const std::filesystem::path& cache() const;
    const InputLimits& limits() const;
    /// Without `needs_guest` the sandbox only says that there is none.
    build::Services services(pipeline::Library& library);

 private:
    struct State;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quern::cli
