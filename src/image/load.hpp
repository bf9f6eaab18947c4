// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/image.hpp"

namespace quern::image {

/// `own` on top of the file that it includes: lists are joined, the base's part first; texts, maps'
/// keys and sections are the own ones where they are there. Source: image-and-resolver 2, "Include
/// merge".
Specification merge(Specification base, Specification own);

/// The package that a bundle of services implies.
inline constexpr std::string_view services_package = "s6";

/// Fills in what a specification means without saying it: the command and the package of a bundle
/// of services. Done once; again for the list of packages after it was pinned.
void add_implied(Specification& specification);

}  // namespace quern::image
