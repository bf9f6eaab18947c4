// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "quern/error.hpp"
#include "quern/keyring.hpp"
#include "seed/deb.hpp"
#include "seed/description.hpp"
#include "seed/selection.hpp"
#include "support/cancel.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quern::seed {

/// gzip level of converted packages; see README.md of this layer for the measurement.
inline constexpr int conversion_level = 2;

/// All that the bytes of a converted or generated package depend on, besides what it is made of.
struct Conversion {
    const Selection* selection = nullptr;
    const Description* description =
        nullptr;               ///< none: paths and relations as the package has them
    std::string architecture;  ///< of the packages; empty: that of the .deb, "noarch" for "all"
    std::string layout;        ///< the package that all others depend on; empty: none
    const apk::Signer* key = nullptr;
    std::vector<std::string> extra_provides;
    const CancelToken* cancel = nullptr;
};

/// Makes a package from one .deb. Errors: invalid_data, limit, io, interrupted; the message names
/// the package.
Result<apk::WrittenPackage> convert_deb(
    const Deb& deb, const Conversion& conversion, const std::filesystem::path& directory
);

/// Makes a generated package.
Result<apk::WrittenPackage> generate_package(
    const std::string& name,
    const Contents& contents,
    const Conversion& conversion,
    const std::filesystem::path& directory
);

}  // namespace quern::seed
