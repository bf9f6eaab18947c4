// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/installer.hpp"
#include "image/root_tree.hpp"
#include "image/spool.hpp"
#include "quern/image.hpp"

#include <cstdint>
#include <vector>

namespace quern::image {

/// Adds the certificates of the specification, and those that packages provide, to the bundles that
/// are there, and puts a checksum beside each bundle. `created` dates what is made.
/// Errors: invalid_data. Source: image-and-resolver 4.5.
Result<void> add_certificates(
    RootTree& tree,
    const Spool& spool,
    const std::optional<Certificates>& certificates,
    const std::vector<Installed>& packages,
    std::int64_t created
);

/// Puts the keys of `runtime_keyring` in etc/apk/keys. Errors: invalid_data (a name that is there).
Result<void> add_runtime_keys(
    RootTree& tree, const std::vector<NamedText>& keys, std::int64_t created
);

}  // namespace quern::image
