// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The container's first process is a shell that waits for the end of its input, which a client of
// ours holds open: when this process ends, however it does, so does the container. Which files of
// the trees go in is decided by what changed here since the last time; the tree that comes out
// takes the place of ours.
#include "sandbox/docker_container.hpp"

#include "archive/tar_writer.hpp"
#include "sandbox/docker.hpp"
#include "sandbox/docker_client.hpp"
#include "sandbox/docker_volumes.hpp"
#include "sandbox/engine_arguments.hpp"
#include "sandbox/pipe.hpp"
#include "sandbox/tree_stream.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

constexpr const char* owner_label = "quern.owner";
constexpr std::string_view home = "home/build";
constexpr std::string_view home_name = "build";
constexpr std::array<std::string_view, 3> small_files = {
    "etc/passwd", "etc/group", "tmp/.quern-line"};

std::string boot_id() {
    constexpr std::uint64_t limit = 64;
    const auto text = read_file("/proc/sys/kernel/random/boot_id", limit);
    return text ? std::string(trim(*text)) : std::string("unknown");
}

Result<UniqueFd> rewound(UniqueFd file) {
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "rewinding a tree for docker");
    }
    return file;
}

/// A file for a tree on its way, and the tree in it.
Result<UniqueFd> pack(
    const std::filesystem::path& directory,
    const GuestIds& ids,
    const std::filesystem::path& scratch,
    const std::function<bool(const TreeEntry&)>& is_wanted
) {
    QUERN_TRY(UniqueFd file, make_unnamed_file(scratch));
    QUERN_TRY(const FileTree tree, FileTree::open(directory));
    archive::FdSink sink(file.get());
    QUERN_CHECK(write_tree(tree, ids, sink, is_wanted));
    return rewound(std::move(file));
}

/// One file under the name that it is to have.
Result<UniqueFd> pack_file(
    const Mount& mount, const GuestIds& ids, const std::filesystem::path& scratch
) {
    struct stat status = {};
    if (::stat(mount.source.c_str(), &status) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("looking at {}", mount.source.string()));
    }
    QUERN_TRY(const std::string content, read_file(mount.source));
    archive::TarEntry entry;
    entry.path = mount.target.substr(1);
    entry.mode = status.st_mode & 07777U;
    entry.uid = ids.to_guest(status.st_uid);
    entry.gid = ids.to_guest(status.st_gid);
    entry.size = content.size();
    QUERN_TRY(UniqueFd file, make_unnamed_file(scratch));
    archive::FdSink sink(file.get());
    archive::TarWriter writer(sink);
    QUERN_CHECK(writer.add(entry, content));
    QUERN_CHECK(writer.finish_with_end_blocks());
    return rewound(std::move(file));
}

Result<std::string> ensure_image(
    const Guest& guest,
    const GuestIds& ids,
    const std::filesystem::path& scratch,
    const CancelToken& cancel
) {
    const std::string image = fmt::format("quern-root:{}", guest.base_key);
    if (call_docker({"image", "inspect", "--format", "{{.Id}}", image}, cancel)) {
        return image;
    }
    QUERN_TRY(const UniqueFd tree, pack(guest.base, ids, scratch, {}));
    const std::string label = fmt::format("LABEL {}={}", docker_root_label, guest.base_key);
    QUERN_CHECK(call_docker({"import", "--change", label, "-", image}, cancel, tree.get()));
    return image;
}

std::vector<std::string> create_words(
    const Guest& guest, const Command& first, const std::string& image
) {
    std::vector<std::string> words = {
        "create",
        "--interactive",
        "--rm",
        "--label",
        fmt::format("{}={}:{}", owner_label, boot_id(), ::getpid()),
        "--network=none",
        "--hostname=" + first.hostname,
        "--security-opt=no-new-privileges",
        fmt::format(
            "--pids-limit={}",
            first.limits.processes == 0 ? -1 : static_cast<std::int64_t>(first.limits.processes)
        ),
    };
    if (first.limits.memory_bytes != 0) {
        words.push_back(fmt::format("--memory={0}b", first.limits.memory_bytes));
        words.push_back(fmt::format("--memory-swap={0}b", first.limits.memory_bytes));
    }
    if (first.limits.cpu_thousandths != 0) {
        constexpr std::uint32_t one = 1000;
        words.push_back(fmt::format(
            "--cpus={}.{:03}",
            first.limits.cpu_thousandths / one,
            first.limits.cpu_thousandths % one
        ));
    }
    for (const std::string& option : engine_capabilities(first)) {
        words.push_back(option);
    }
    for (std::string& word : volume_options(guest)) {
        words.push_back(std::move(word));
    }
    words.insert(words.end(), {image, "/bin/sh", "-c", "while read -r x; do :; done"});
    return words;
}

}  // namespace

bool DockerContainer::Stamp::operator==(const Stamp& other) const {
    const auto parts = [](const Stamp& s) {
        return std::tuple(
            s.inode, s.mode, s.uid, s.gid, s.size, s.changed.tv_sec, s.changed.tv_nsec
        );
    };
    return parts(*this) == parts(other);
}

Result<DockerContainer> DockerContainer::start(
    const Guest& guest,
    const Command& first,
    const GuestIds& ids,
    const std::filesystem::path& scratch,
    const CancelToken& cancel
) {
    QUERN_TRY(const std::string image, ensure_image(guest, ids, scratch, cancel));
    DockerContainer container(ids, scratch);
    QUERN_TRY(const std::string made, call_docker(create_words(guest, first, image), cancel));
    container.id_ = std::string(trim(made));
    QUERN_CHECK(container.hold(cancel));
    QUERN_TRY(container.volumes_, open_volumes(container.id_, guest, cancel));
    return container;
}

/// Starts it, with its input in our hands.
Result<void> DockerContainer::hold(const CancelToken& cancel) {
    QUERN_TRY(Pipe input, make_pipe());
    ProcessOptions options = docker_call({"start", "--attach", "--interactive", id_});
    options.input_fd = input.read_end.get();
    QUERN_TRY(ChildProcess client, ChildProcess::spawn(options));
    client_.emplace(std::move(client));
    held_input_ = std::move(input.write_end);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
        QUERN_TRY(
            const std::string state,
            call_docker({"inspect", "--format", "{{.State.Status}} {{.State.Error}}", id_}, cancel)
        );
        if (state.starts_with("running")) {
            return {};
        }
        if (!state.starts_with("created ") || trim(state) != "created" ||
            std::chrono::steady_clock::now() > deadline) {
            return Error(
                       ErrorCode::sandbox,
                       fmt::format("docker did not start the guest: {}", printable(trim(state)))
            )
                .help("the guest needs /bin/sh: busybox or bash in environment.contents.packages");
        }
    }
}

DockerContainer::~DockerContainer() {
    if (id_.empty()) {
        return;
    }
    std::vector<std::string> unused = empty_volumes(id_, volumes_);
    held_input_ = UniqueFd();
    const CancelToken none;
    // It may be gone already; what is not is taken away by the next build.
    std::ignore = call_docker({"rm", "--force", id_}, none);
    remove_volumes(std::move(unused));
}

Result<DockerContainer::Stamps> DockerContainer::look_at(const std::filesystem::path& tree) const {
    Stamps stamps;
    QUERN_TRY(const FileTree root, FileTree::open(tree));
    QUERN_CHECK(root.walk("", [&](const TreeEntry& entry) -> Result<void> {
        const struct stat& status = entry.status;
        Stamp stamp = {
            status.st_ino,
            status.st_mode,
            status.st_uid,
            status.st_gid,
            status.st_size,
            status.st_ctim};
        if (S_ISDIR(status.st_mode)) {
            // Changes with what is in it.
            stamp.size = 0;
            stamp.changed = {};
        }
        stamps.emplace(entry.path, stamp);
        return {};
    }));
    return stamps;
}

Result<void> DockerContainer::remove(
    const std::vector<std::string>& paths, const CancelToken& cancel
) const {
    std::vector<std::string> words = {"exec", id_, "/bin/sh", "-c", "exec rm -rf -- \"$@\"", "sh"};
    for (const std::string& path : paths) {
        words.push_back("/" + path);
    }
    if (!paths.empty()) {
        QUERN_CHECK(call_docker(std::move(words), cancel));
    }
    return {};
}

Result<void> DockerContainer::send_changes(
    const std::filesystem::path& tree, const CancelToken& cancel
) {
    QUERN_TRY(Stamps now, look_at(tree));
    std::vector<std::string> gone;
    for (const auto& [path, stamp] : known_) {
        const auto found = now.find(path);
        const bool is_other_kind =
            found != now.end() && (found->second.mode & S_IFMT) != (stamp.mode & S_IFMT);
        const bool is_below_gone =
            !gone.empty() && path.starts_with(gone.back()) && path[gone.back().size()] == '/';
        if ((found == now.end() || is_other_kind) && !is_below_gone) {
            gone.push_back(path);
        }
    }
    QUERN_CHECK(remove(gone, cancel));
    bool has_changes = false;
    const auto is_changed = [&](const std::string& path, const Stamp& stamp) {
        const auto found = known_.find(path);
        return found == known_.end() || !(found->second == stamp);
    };
    for (const auto& [path, stamp] : now) {
        has_changes = has_changes || is_changed(path, stamp);
    }
    if (has_changes) {
        QUERN_TRY(const UniqueFd packed, pack(tree, ids_, scratch_, [&](const TreeEntry& entry) {
                      const auto found = now.find(entry.path);
                      return found != now.end() && is_changed(entry.path, found->second);
                  }));
        QUERN_CHECK(call_docker({"cp", "-", id_ + ":/"}, cancel, packed.get()));
    }
    known_ = std::move(now);
    return {};
}

Result<void> DockerContainer::send_mount(const Mount& mount, const CancelToken& cancel) {
    if (!mount.kept_as.empty()) {
        sent_mounts_.insert(mount.target);
        return {};
    }
    std::error_code failure;
    if (!std::filesystem::is_directory(mount.source, failure)) {
        QUERN_TRY(const UniqueFd packed, pack_file(mount, ids_, scratch_));
        QUERN_CHECK(call_docker({"cp", "-", id_ + ":/"}, cancel, packed.get()));
        return {};
    }
    if (!sent_mounts_.insert(mount.target).second) {
        return {};
    }
    QUERN_TRY(const UniqueFd packed, pack(mount.source, ids_, scratch_, {}));
    struct stat status = {};
    if (::stat(mount.source.c_str(), &status) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("looking at {}", mount.source.string()));
    }
    QUERN_CHECK(call_docker(
        {"exec",
         id_,
         "/bin/sh",
         "-c",
         "mkdir -p -- \"$1\" && exec chmod \"$2\" -- \"$1\"",
         "sh",
         mount.target,
         fmt::format("{:o}", status.st_mode & 07777U)},
        cancel
    ));
    QUERN_CHECK(
        call_docker({"cp", "-", fmt::format("{}:{}", id_, mount.target)}, cancel, packed.get())
    );
    return {};
}

Result<void> DockerContainer::send(const Guest& guest, const CancelToken& cancel) {
    QUERN_CHECK(send_changes(guest.root, cancel));
    for (const Mount& mount : guest.mounts) {
        QUERN_CHECK(send_mount(mount, cancel));
    }
    return {};
}

Result<void> DockerContainer::take_back(const Guest& guest, const CancelToken& cancel) {
    std::vector<std::string> files;
    for (const Mount& mount : guest.mounts) {
        if (!sent_mounts_.contains(mount.target)) {
            files.push_back(mount.target.substr(1));
        }
    }
    return remove(files, cancel);
}

Result<void> DockerContainer::fetch_small_files(const Guest& guest, const CancelToken& cancel)
    const {
    std::string script;
    for (const std::string_view file : small_files) {
        script += fmt::format("[ -f /{0} ] && head -c 1000000 /{0}; printf '\\0';", file);
    }
    QUERN_TRY(const std::string text, call_docker({"exec", id_, "/bin/sh", "-c", script}, cancel));
    QUERN_TRY(const FileTree root, FileTree::open(guest.root));
    const auto contents = split(text, '\0');
    for (std::size_t i = 0; i < small_files.size() && i < contents.size(); ++i) {
        QUERN_CHECK(root.remove(small_files[i]));
        if (!contents[i].empty()) {
            QUERN_CHECK(root.write(small_files[i], contents[i]));
        }
    }
    return {};
}

/// What the engine's own copy leaves out are attributes of files other than capabilities. GNU tar
/// has them, where the guest has it; nothing is believed of either stream.
Result<UniqueFd> DockerContainer::read_home(const CancelToken& cancel) {
    if (!has_tar_) {
        const CancelToken none;
        const auto told = call_docker({"exec", id_, "tar", "--version"}, none);
        has_tar_ = told && told->starts_with("tar (GNU tar)");
    }
    if (*has_tar_) {
        auto packed = call_docker_for_file(
            {"exec",
             id_,
             "tar",
             "--create",
             "--xattrs",
             "--xattrs-include=*",
             "--numeric-owner",
             "--directory=/home",
             "build"},
            scratch_,
            cancel
        );
        if (packed || cancel.is_requested()) {
            return packed;
        }
    }
    return call_docker_for_file({"cp", fmt::format("{}:/{}", id_, home), "-"}, scratch_, cancel);
}

Result<void> DockerContainer::fetch(const Guest& guest, const CancelToken& cancel) {
    QUERN_TRY(const UniqueFd packed, read_home(cancel));
    QUERN_TRY(const FileTree root, FileTree::open(guest.root));
    QUERN_TRY(const FileTree place, root.subtree(home));
    archive::FdSource source(packed.get());
    QUERN_CHECK(replace_tree(place, ids_, source, home_name));
    QUERN_CHECK(fetch_small_files(guest, cancel));
    QUERN_TRY(known_, look_at(guest.root));
    return {};
}

Result<void> DockerContainer::fetch_mount(const Mount& mount, const CancelToken& cancel) {
    if (mount.read_only || !mount.kept_as.empty() || !sent_mounts_.contains(mount.target)) {
        return {};
    }
    QUERN_TRY(
        const UniqueFd packed,
        call_docker_for_file({"cp", fmt::format("{}:{}", id_, mount.target), "-"}, scratch_, cancel)
    );
    QUERN_TRY(const FileTree place, FileTree::open(mount.source));
    archive::FdSource source(packed.get());
    const std::string name = std::filesystem::path(mount.target).filename();
    return replace_tree(place, ids_, source, name);
}

Result<void> DockerContainer::use_network(bool is_wanted, const CancelToken& cancel) {
    if (is_wanted == has_network_) {
        return {};
    }
    // A container without network is in one called "none", and in no other beside it.
    const char* const from = is_wanted ? "none" : "bridge";
    const char* const to = is_wanted ? "bridge" : "none";
    QUERN_CHECK(call_docker({"network", "disconnect", from, id_}, cancel));
    QUERN_CHECK(call_docker({"network", "connect", to, id_}, cancel));
    has_network_ = is_wanted;
    return {};
}

Result<void> remove_abandoned_containers(const CancelToken& cancel) {
    QUERN_TRY(
        const std::string list,
        call_docker(
            {"ps",
             "--all",
             "--filter",
             fmt::format("label={}", owner_label),
             "--format",
             fmt::format("{{{{.ID}}}} {{{{.Label \"{}\"}}}}", owner_label)},
            cancel
        )
    );
    const std::string here = boot_id() + ":";
    for (const std::string_view line : split(list, '\n')) {
        const auto words = split_words(line);
        if (words.size() != 2 || !words[1].starts_with(here)) {
            continue;
        }
        const auto pid = parse_unsigned(words[1].substr(here.size()));
        if (pid && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) {
            // Another build may be at the same.
            std::ignore = call_docker({"rm", "--force", std::string(words[0])}, cancel);
        }
    }
    return {};
}

}  // namespace quern::sandbox
