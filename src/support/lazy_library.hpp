// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <algorithm>
#include <cstddef>

namespace quern {

/// Text that can be an argument of a template.
template <std::size_t size>
struct FixedText {
    char text[size] = {};
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant
    constexpr FixedText(const char (&literal)[size]) { std::copy_n(literal, size, text); }
};

/// Loads a shared library by its soname ("libcurl.so.4"), if it is not loaded yet; it stays until
/// the process ends. Errors: unsupported, naming `package`, which has it. Thread safety: yes.
Result<void> load_library(const char* soname, const char* package);

/// A function of a library, which is loaded if it is not yet; aborts with a message where it is
/// missing.
void* library_symbol(const char* soname, const char* name);

/// A function of a library that is loaded when it is needed, and not when the process starts: the
/// libraries that few commands need bring forty others, which cost each command three times what it
/// takes itself. Declared in our namespace under the function's own name it is called like that
/// function. A library that a user may lack is loaded by `load_library` before the first call.
/// Example: inline constexpr LazyFunction<"libz.so.1", "crc32", decltype(::crc32)> crc32{};
template <FixedText soname, FixedText name, typename Function>
struct LazyFunction;

template <FixedText soname, FixedText name, typename Function>
Function* loaded_function() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): dlsym gives no other
    static auto* const function =
        reinterpret_cast<Function*>(library_symbol(soname.text, name.text));
    return function;
}

template <FixedText soname, FixedText name, typename Value, typename... Parameters>
struct LazyFunction<soname, name, Value(Parameters...)> {
    Value operator()(Parameters... parameters) const {
        return loaded_function<soname, name, Value(Parameters...)>()(parameters...);
    }
};

/// One with a variable number of arguments, as printf has.
template <FixedText soname, FixedText name, typename Value, typename... Parameters>
struct LazyFunction<soname, name, Value(Parameters..., ...)> {
    template <typename... More>
    Value operator()(Parameters... parameters, More... more) const {
        return loaded_function<soname, name, Value(Parameters..., ...)>()(parameters..., more...);
    }
};

}  // namespace quern
