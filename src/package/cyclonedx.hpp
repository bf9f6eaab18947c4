// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::package {

/// The same facts as an SPDX document of ours, as CycloneDX 1.5 JSON: two spaces of indentation,
/// newline at the end. `spdx` is what to_spdx_json gave. Same input, same bytes. Source:
/// CycloneDX 1.5, bom-1.5.schema.json.
std::string to_cyclonedx_json(std::string_view spdx);

}  // namespace quern::package
