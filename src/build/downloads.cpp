// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The downloads of a step are one directory of the workspace. It is kept as a tar file in the
// content store, whose reads are checked, and a small file that leads from the key of the step to
// the digest of the tar.

#include "build/downloads.hpp"

#include "archive/byte_stream.hpp"
#include "build/key_text.hpp"
#include "fetch/content_store.hpp"
#include "fetch/fetcher.hpp"
#include "sandbox/tree_stream.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

constexpr std::string_view digest_prefix = "sha256:";

std::filesystem::path record_path(const std::string& key, const Services& services) {
    return services.cache_directory / "downloads" / key;
}

// Nothing where nothing is kept, or what was kept is gone or damaged.
Result<std::optional<UniqueFd>> find_kept(const std::string& key, const Services& services) {
    constexpr std::uint64_t limit = 256;
    const auto text = read_file(record_path(key, services), limit);
    if (!text || !text->starts_with(digest_prefix)) {
        return std::optional<UniqueFd>();
    }
    const auto digest =
        Digest::from_hex(DigestKind::sha256, trim(*text).substr(digest_prefix.size()));
    return digest ? services.fetcher.store().find(*digest)
                  : Result<std::optional<UniqueFd>>(std::optional<UniqueFd>());
}

Result<void> give(const FileTree& tree, uid_t owner, gid_t group) {
    if (::fchown(tree.fd(), owner, group) != 0) {
        const int err = errno;
        return Error::system(err, "giving the folder of the downloads to the step");
    }
    return {};
}

// The empty directory that the script fills, and the one above it, for the user of the step.
Result<FileTree> make_place(
    const pipeline::Step& step, const ExecuteContext& context, const GuestIds& ids
) {
    const FileTree& home = context.workspace.home();
    const std::string& into = step.downloads->into;
    const std::string top = into.substr(0, into.find('/'));
    QUERN_CHECK(home.remove(into));
    QUERN_CHECK(home.make_directories(into));
    QUERN_TRY(FileTree place, home.subtree(into));
    if (ids.count > 1) {
        QUERN_TRY(const FailedStep described, describe_step(step, context.settings));
        const uid_t owner = ids.to_host(described.command.uid);
        const gid_t group = ids.to_host(described.command.gid);
        QUERN_TRY(const FileTree above, home.subtree(top));
        QUERN_CHECK(give(above, owner, group));
        QUERN_CHECK(give(place, owner, group));
    }
    return place;
}

Result<void> restore(const FileTree& place, int tar, const GuestIds& ids) {
    if (::lseek(tar, 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "reading the kept downloads");
    }
    archive::FdSource source(tar);
    return sandbox::replace_tree(place, ids, source, {});
}

Result<bool> is_empty(const FileTree& place) {
    bool is_empty = true;
    QUERN_CHECK(place.walk("", [&](const TreeEntry&) -> Result<void> {
        is_empty = false;
        return {};
    }));
    return is_empty;
}

// The tar is taken up again at once: what a kept file does not tell, the steps never see.
Result<void> keep(const std::string& key, const FileTree& place, const Services& services) {
    const fetch::ContentStore& store = services.fetcher.store();
    QUERN_TRY(const UniqueFd tar, store.temporary());
    archive::FdSink sink(tar.get());
    QUERN_CHECK(sandbox::write_tree(place, services.ids, sink, {}));
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, tar.get()));
    QUERN_CHECK(store.insert(digest, tar.get()));
    const std::filesystem::path record = record_path(key, services);
    QUERN_TRY(const FileTree folder, FileTree::create(record.parent_path()));
    QUERN_CHECK(
        write_file_atomically(record, std::string(digest_prefix) + digest.hex() + "\n", 0600)
    );
    return restore(place, tar.get(), services.ids);
}

// Variables that stand for inputs of a definition reach nothing but a script that names them.
bool decides(std::string_view variable, const pipeline::Step& step) {
    return variable != "SOURCE_DATE_EPOCH" &&
           (!variable.starts_with("INPUT_") || step.script.find(variable) != std::string::npos);
}

Result<void> add_file(KeyText& key, const FileTree& home, const std::string& path) {
    const auto file = home.open_file(path);
    key.add(path);
    if (!file) {
        key.add("missing");
        return {};
    }
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, file->get()));
    key.add(digest.hex());
    return {};
}

// "file:/home/build/x.tgz" or "file:x": what is installed is what lies there. Places outside of the
// workspace are those of the environment.
Result<void> add_named_file(KeyText& key, const FileTree& home, std::string_view value) {
    constexpr std::string_view scheme = "file:";
    if (!value.starts_with(scheme)) {
        return {};
    }
    value.remove_prefix(scheme.size());
    value.remove_prefix(value.starts_with("//") ? std::size_t{2} : std::size_t{0});
    const std::filesystem::path place = std::filesystem::path(guest_home) / value;
    const std::string path =
        place.lexically_normal().lexically_relative(guest_home).generic_string();
    if (!is_confined_path(path)) {
        return {};
    }
    const auto status = home.status(path);
    if (!status || !S_ISDIR(status->st_mode)) {
        return add_file(key, home, path);
    }
    return home.walk(path, [&](const TreeEntry& entry) {
        return S_ISREG(entry.status.st_mode) ? add_file(key, home, entry.path) : Result<void>();
    });
}

}  // namespace

Result<std::string> downloads_key(
    const pipeline::Step& step, const StepSettings& settings, const FileTree& home
) {
    KeyText key;
    key.add("quern downloads 1");
    key.add(step.script);
    for (const auto& [name, value] : step_environment(step, settings)) {
        if (decides(name, step)) {
            key.add(name);
            key.add(value);
            QUERN_CHECK(add_named_file(key, home, value));
        }
    }
    key.add(step.downloads->of_environment ? settings.root_key : "");
    for (const std::string& lock : step.downloads->locks) {
        auto content = home.read(lock);
        if (!content && content.error().code() != ErrorCode::not_found) {
            return std::move(content).error().context(fmt::format("reading {}", lock));
        }
        key.add(content ? "there" : "missing");
        key.add(content ? *content : std::string());
    }
    return key.finish();
}

Result<bool> run_downloads(
    const pipeline::Step& step,
    const ExecuteContext& context,
    const RunScript& run,
    const Services& services
) {
    QUERN_CHECK(services.sandbox.fetch(context.guest, services.cancel));
    std::string key;
    std::optional<UniqueFd> kept;
    if (step.downloads->may_be_kept) {
        QUERN_TRY(key, downloads_key(step, context.settings, context.workspace.home()));
        QUERN_TRY(kept, find_kept(key, services));
    }
    QUERN_TRY(const FileTree place, make_place(step, context, services.ids));
    if (kept) {
        context.log.write_heading(fmt::format("downloads of \"{}\" are kept ones", step.name));
        QUERN_CHECK(restore(place, kept->get(), services.ids));
        return true;
    }
    pipeline::Step open = step;
    open.network = !services.fetcher.is_offline();
    const std::string state = fmt::format(
        "\"{}\" of {} {}",
        step.name,
        step.package,
        !open.network                 ? "is offline, and nothing is kept"
        : step.downloads->may_be_kept ? "has the network; what it gets is kept"
                                      : "has the network; its lock files lie outside of the "
                                        "workspace, so what it gets is not kept"
    );
    context.log.write_heading(state);
    services.reporter.note(state);
    auto done = run(open);
    if (!done) {
        return open.network ? std::move(done)
                            : Result<bool>(std::move(done).error().context(
                                  "what it downloads is not in the cache, and --offline is given"
                              ));
    }
    QUERN_CHECK(services.sandbox.fetch(context.guest, services.cancel));
    QUERN_TRY(const FileTree filled, context.workspace.home().subtree(step.downloads->into));
    QUERN_TRY(const bool has_nothing, is_empty(filled));
    if (*done && !has_nothing && step.downloads->may_be_kept) {
        QUERN_CHECK(keep(key, filled, services));
    }
    return done;
}

}  // namespace quern::build
