// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/http_exchange.hpp"
#include "image/reference.hpp"
#include "image/registry_auth.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// "https://host", or "http://" for this machine, for private networks and for `.local` names.
/// Source: image-and-resolver 6, "publish".
std::string registry_url(const std::string& registry);

struct RegistryOptions {
    std::filesystem::path upload_state;  ///< directory in which begun uploads are remembered
    std::vector<std::string> trusted_hosts;
    int retries = 4;
    std::chrono::milliseconds first_backoff{500};
    std::uint64_t piece_bytes = std::uint64_t{32} << 20U;  ///< of an upload, at a time
};

/// One repository of a registry, to push to. Source: OCI distribution-spec 1.1, "Push".
/// Thread safety: all methods.
class Registry {
 public:
    Registry(
        const Reference& reference,
        Credentials credentials,
        RegistryOptions options,
        fetch::HttpExchanger& http,
        const CancelToken& cancel
    );

    Result<bool> has_blob(const std::string& digest);
    /// Sends `size` bytes of `fd`, unless they are there; goes on where a broken upload ended, even
    /// that of another process. `mount_from`: a repository of the same registry that has the blob;
    /// empty for none. Errors: network, digest_mismatch (the registry stored something else).
    Result<void> push_blob(
        const std::string& digest, int fd, std::uint64_t size, const std::string& mount_from
    );
    /// `name` is a tag or the digest.
    Result<void> push_manifest(
        const std::string& name, std::string_view media_type, const std::string& text
    );
    /// "registry/team/img"
    const std::string& name() const { return name_; }

 private:
    Result<fetch::HttpAnswer> ask(fetch::HttpCall call);
    Result<fetch::HttpAnswer> ask_with_retries(const fetch::HttpCall& call);
    Result<std::string> begin_upload(const std::string& digest, const std::string& mount_from);
    Result<std::uint64_t> upload_offset(std::string& location);
    Result<void> send(const std::string& digest, int fd, std::uint64_t size, std::string location);
    Result<void> finish_upload(const std::string& digest, const std::string& location);
    Result<std::string> location_of(const fetch::HttpAnswer& answer) const;
    std::filesystem::path state_path(const std::string& digest) const;
    Error unexpected(const fetch::HttpAnswer& answer, std::string_view action) const;
    std::string url(std::string_view path) const;

    Reference reference_;
    std::string name_;
    std::string base_;
    std::string scope_;
    RegistryOptions options_;
    fetch::HttpExchanger& http_;
    const CancelToken& cancel_;
    RegistryAuth auth_;
};

}  // namespace quern::image
