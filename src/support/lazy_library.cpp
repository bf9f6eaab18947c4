// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/lazy_library.hpp"

#include <fmt/format.h>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace quern {

Result<void> load_library(const char* soname, const char* package) {
    // Counted by the system: only the first call does anything.
    if (::dlopen(soname, RTLD_LAZY | RTLD_LOCAL) != nullptr) {
        return {};
    }
    return Error(ErrorCode::unsupported, fmt::format("the library {} cannot be loaded", soname))
        .help(fmt::format("install it: it is in the package {} or one of that name", package));
}

void* library_symbol(const char* soname, const char* name) {
    void* const library = ::dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
    void* const symbol = library == nullptr ? nullptr : ::dlsym(library, name);
    if (symbol == nullptr) {
        std::fprintf(stderr, "quern: %s\n", ::dlerror());
        std::abort();
    }
    return symbol;
}

}  // namespace quern
