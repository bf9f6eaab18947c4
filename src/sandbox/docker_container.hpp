// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/docker_volumes.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"
#include "support/guest_ids.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quern::sandbox {

/// The container of one guest: exists as long as this object, and as long as this process holds its
/// standard input.
class DockerContainer {
 public:
    /// Makes the image if the engine does not have it. Errors: sandbox, io.
    static Result<DockerContainer> start(
        const Guest& guest,
        const Command& first,
        const GuestIds& ids,
        const std::filesystem::path& scratch,
        const CancelToken& cancel
    );
    DockerContainer(DockerContainer&&) noexcept = default;
    DockerContainer& operator=(DockerContainer&&) noexcept = default;
    ~DockerContainer();

    const std::string& id() const { return id_; }
    /// Takes there what changed here since the last time, and mounts that are new. Files among the
    /// mounts stay until `take_back`.
    Result<void> send(const Guest& guest, const CancelToken& cancel);
    Result<void> take_back(const Guest& guest, const CancelToken& cancel);
    /// Brings here what steps changed.
    Result<void> fetch(const Guest& guest, const CancelToken& cancel);
    /// Brings one directory among the mounts here. What a volume has stays there.
    Result<void> fetch_mount(const Mount& mount, const CancelToken& cancel);
    /// On or off, for the commands that follow.
    Result<void> use_network(bool is_wanted, const CancelToken& cancel);

 private:
    /// What tells that a file is another one, or was written to.
    struct Stamp {
        ino_t inode = 0;
        mode_t mode = 0;
        uid_t uid = 0;
        gid_t gid = 0;
        off_t size = 0;
        timespec changed = {};
        bool operator==(const Stamp& other) const;
    };
    using Stamps = std::map<std::string, Stamp>;

    DockerContainer(const GuestIds& ids, std::filesystem::path scratch)
        : ids_(ids), scratch_(std::move(scratch)) {}
    Result<void> hold(const CancelToken& cancel);
    Result<UniqueFd> read_home(const CancelToken& cancel);
    Result<Stamps> look_at(const std::filesystem::path& tree) const;
    Result<void> send_changes(const std::filesystem::path& tree, const CancelToken& cancel);
    Result<void> send_mount(const Mount& mount, const CancelToken& cancel);
    Result<void> remove(const std::vector<std::string>& paths, const CancelToken& cancel) const;
    Result<void> fetch_small_files(const Guest& guest, const CancelToken& cancel) const;

    GuestIds ids_;
    std::filesystem::path scratch_;
    std::string id_;
    UniqueFd held_input_;
    std::optional<ChildProcess> client_;
    Stamps known_;
    std::set<std::string> sent_mounts_;
    DockerVolumes volumes_;
    std::optional<bool> has_tar_;
    bool has_network_ = false;
};

/// Takes away containers of builds on this machine that were killed. Errors: sandbox.
Result<void> remove_abandoned_containers(const CancelToken& cancel);

}  // namespace quern::sandbox
