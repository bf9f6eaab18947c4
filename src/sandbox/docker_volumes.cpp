// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/docker_volumes.hpp"

#include "sandbox/docker_client.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

/// Where a volume is whose content a guest may see and not change.
std::string place_of(const Mount& mount) {
    return mount.forgets ? "/var/cache/.quern-kept/" + mount.kept_as : mount.target;
}

}  // namespace

std::vector<std::string> volume_options(const Guest& guest) {
    std::vector<std::string> words;
    for (const Mount& mount : guest.mounts) {
        if (!mount.kept_as.empty()) {
            QUERN_ASSERT(mount.target.find_first_of(",\"\n") == std::string::npos);
            words.push_back(fmt::format(
                "--mount=type=volume,src={},dst={},volume-label={}=1{}",
                mount.kept_as,
                place_of(mount),
                docker_cache_label,
                mount.forgets ? ",readonly" : ""
            ));
        }
    }
    return words;
}

Result<DockerVolumes> open_volumes(
    const std::string& container, const Guest& guest, const CancelToken& cancel
) {
    DockerVolumes volumes;
    std::vector<std::string> words = {
        "exec",
        container,
        "/bin/sh",
        "-c",
        "while [ $# -gt 0 ]; do mkdir -p -- \"$1\"; [ \"$1\" = \"$2\" ] || cp -a -- \"$2/.\" "
        "\"$1/\" || "
        "exit 1; chmod 1777 -- \"$1\"; shift 2; done",
        "sh"};
    const std::size_t without = words.size();
    for (const Mount& mount : guest.mounts) {
        if (!mount.kept_as.empty()) {
            words.push_back(mount.target);
            words.push_back(place_of(mount));
            volumes[place_of(mount)] = mount.kept_as;
        }
    }
    if (words.size() > without) {
        QUERN_CHECK(call_docker(std::move(words), cancel));
    }
    return volumes;
}

std::vector<std::string> empty_volumes(const std::string& container, const DockerVolumes& volumes) {
    std::vector<std::string> words = {
        "exec",
        container,
        "/bin/sh",
        "-c",
        "for place; do [ -n \"$(ls -A -- \"$place\")\" ] || echo \"$place\"; done",
        "sh"};
    for (const auto& [place, name] : volumes) {
        words.push_back(place);
    }
    std::vector<std::string> names;
    const CancelToken none;
    const auto listed =
        volumes.empty() ? Result<std::string>(std::string()) : call_docker(std::move(words), none);
    for (const std::string_view place : split(listed ? std::string_view(*listed) : "", '\n')) {
        if (const auto found = volumes.find(std::string(place)); found != volumes.end()) {
            names.push_back(found->second);
        }
    }
    return names;
}

void remove_volumes(std::vector<std::string> names) {
    if (names.empty()) {
        return;
    }
    names.insert(names.begin(), {"volume", "rm"});
    const CancelToken none;
    // Refused where another build uses one.
    std::ignore = call_docker(std::move(names), none);
}

}  // namespace quern::sandbox
