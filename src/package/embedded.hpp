// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/package_file.hpp"
#include "quern/recipe.hpp"

#include <optional>

namespace quern::package {

/// The configuration that a package was built from: its `.melange.yaml`, loaded as a recipe is.
/// Nothing if there is none or it does not load; then `diagnostics` says why.
std::optional<recipe::Configuration> embedded_configuration(
    const apk::PackageHead& head, Diagnostics& diagnostics
);

}  // namespace quern::package
