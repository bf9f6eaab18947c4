// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/trust.hpp"

#include "image/pem.hpp"
#include "quern/keyring.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace quern::image {
namespace {

constexpr std::array<std::string_view, 3> bundle_paths = {
    "etc/ssl/certs/ca-certificates.crt",
    "var/lib/ecs/deps/execute-command/certs/tls-ca-bundle.pem",
    "kaniko/ssl/certs/ca-certificates.crt",
};
constexpr std::string_view local_directory = "usr/local/share/ca-certificates";

/// "text of the certificate" for each file of certificates that a package with one of the wanted
/// provides brings, by path.
Result<std::map<std::string, std::string>> provided_certificates(
    const RootTree& tree,
    const Spool& spool,
    const std::vector<std::string>& providers,
    const std::vector<Installed>& packages
) {
    std::map<std::string, std::string> found;
    for (const Installed& package : packages) {
        const auto& provides = package.info.provides;
        const bool is_wanted =
            std::any_of(provides.begin(), provides.end(), [&](const std::string& provide) {
                return std::find(providers.begin(), providers.end(), provide) != providers.end();
            });
        for (const DataEntry& data : package.entries) {
            const std::string& path = data.entry.path;
            if (!is_wanted || !path.starts_with(local_directory) ||
                !(path.ends_with(".crt") || path.ends_with(".pem"))) {
                continue;
            }
            const Inode* file = tree.find(path);
            if (file == nullptr || !file->is_file()) {
                continue;
            }
            QUERN_TRY(std::string text, read_content(spool, file->content));
            if (parse_certificate(text)) {
                found[path] = std::move(text);
            }
        }
    }
    return found;
}

Result<void> append_to_bundles(RootTree& tree, const Spool& spool, std::string_view certificates) {
    for (const std::string_view path : bundle_paths) {
        const Inode* bundle = tree.find(path);
        if (bundle == nullptr || !bundle->is_file() || certificates.empty()) {
            continue;
        }
        QUERN_TRY(std::string text, read_content(spool, bundle->content));
        text += certificates;
        QUERN_CHECK(tree.write(path, std::move(text)));
    }
    return {};
}

Result<void> write_checksums(RootTree& tree, const Spool& spool, std::int64_t created) {
    for (const std::string_view path : bundle_paths) {
        const Inode* bundle = tree.find(path);
        if (bundle == nullptr || !bundle->is_file()) {
            continue;
        }
        QUERN_TRY(const std::string text, read_content(spool, bundle->content));
        const std::size_t slash = path.rfind('/');
        const std::string_view name = path.substr(slash + 1);
        QUERN_TRY(
            Inode * made,
            tree.write(
                fmt::format("{}/.{}.sha256", path.substr(0, slash), name),
                fmt::format("{}  {}\n", digest_of(DigestKind::sha256, text).hex(), name),
                0444
            )
        );
        made->mode = 0444;
        made->mtime = created;
    }
    return {};
}

}  // namespace

Result<void> add_certificates(
    RootTree& tree,
    const Spool& spool,
    const std::optional<Certificates>& certificates,
    const std::vector<Installed>& packages,
    std::int64_t created
) {
    std::string added;
    if (certificates) {
        for (const NamedText& each : certificates->additional) {
            const auto block = parse_certificate(each.content);
            QUERN_ASSERT(block.has_value());
            const std::string text = to_pem(*block);
            const std::string digest = digest_of(DigestKind::sha256, block->der).hex();
            QUERN_CHECK(tree.make_directories(local_directory));
            QUERN_TRY(
                Inode * made,
                tree.write(fmt::format("{}/{}-{}.crt", local_directory, each.name, digest), text)
            );
            made->mtime = created;
            added += text + "\n";
        }
        QUERN_TRY(
            const auto provided,
            provided_certificates(tree, spool, certificates->providers, packages)
        );
        for (const auto& [path, text] : provided) {
            added += text + "\n";
        }
    }
    QUERN_CHECK(append_to_bundles(tree, spool, added));
    return write_checksums(tree, spool, created);
}

Result<void> add_runtime_keys(
    RootTree& tree, const std::vector<NamedText>& keys, std::int64_t created
) {
    for (const NamedText& key : keys) {
        const std::string path = fmt::format("etc/apk/keys/{}", key.name);
        QUERN_TRY(const apk::PublicKey parsed, apk::PublicKey::parse(key.content));
        if (tree.find(path, false) != nullptr) {
            return Error(
                       ErrorCode::invalid_data,
                       fmt::format("runtime_keyring: the image has a key {} already", key.name)
            )
                .help("give it another name");
        }
        QUERN_TRY(Inode * made, tree.write(path, parsed.to_pem()));
        made->mtime = created;
    }
    return {};
}

}  // namespace quern::image
