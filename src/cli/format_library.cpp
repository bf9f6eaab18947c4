// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The functions of fmt, as its library has them, so that the program needs no shared library in
// C++ (static_cpp in meson_options.txt): Debian has no archive of them. Another version of fmt may
// have more; the shared library gives what is missing then.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template thousands_sep_result<char> thousands_sep_impl<char>(locale_ref);
template char decimal_point_impl<char>(locale_ref);
}  // namespace detail
FMT_END_NAMESPACE
