// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::package {

class Content;

/// Whether kernels or their modules lie at such a path.
bool is_kernel_path(std::string_view path);
/// Whether a module may lie at such a path: it is in a tree of modules and is called ".ko" or,
/// compressed, ".ko.xz".
bool is_module_path(std::string_view path);

/// The version that a kernel image tells of itself: "6.1.0-17-amd64"; empty if it is no image.
/// Looks at the header of x86, into a unified image (PE with a section .linux), into gzip streams
/// and for the banner "Linux version". At most 256 MiB are inflated. Source: recipe-and-build 8.9;
/// Linux Documentation/arch/x86/boot.rst.
std::string kernel_image_version(Content& file);
/// The kernel that a module was built for, by its vermagic; empty if it is no module.
std::string kernel_module_version(Content& file);

}  // namespace quern::package
