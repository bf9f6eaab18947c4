// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace quern::package {

/// The text of a licence, or of the notice that puts a file under it, as codes of `license_words`.
struct LicenseReference {
    std::string_view id;  ///< SPDX; without -only or -or-later where the text does not say
    std::span<const std::uint16_t> words;
    std::size_t optional_words = 0;  ///< at the end, which copies may leave out
};

/// Made from references.txt, which holds one a line.
std::span<const LicenseReference> license_references();

}  // namespace quern::package
