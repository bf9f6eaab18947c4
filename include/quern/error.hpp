// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace quern {

/// What kind of thing failed. Programs decide by it; the command line maps it to an exit status.
enum class ErrorCode {
    io,               ///< the file system or another system call
    not_found,        ///< something named by the user does not exist
    invalid_recipe,   ///< the user's text is wrong; its diagnostics have been reported already
    invalid_data,     ///< a package, index, archive or other file is malformed
    step_failed,      ///< recipe code ran and failed
    sandbox,          ///< the sandbox could not be made
    network,          ///< a server or the way to it
    digest_mismatch,  ///< bytes are not those that were promised
    signature,        ///< a signature is missing, unknown or wrong
    unsatisfiable,    ///< no set of packages fits
    limit,            ///< a bound on size, count or time was passed; the message names the flag
    interrupted,      ///< the user asked to stop
    unsupported,      ///< understood, but not done here
    usage,            ///< the call itself is wrong
};

/// What failed and what we were doing. `code` is for programs, `message` for people.
class [[nodiscard]] Error {
 public:
    Error(ErrorCode code, std::string message);

    /// An error of a system call. `err` is errno, read on the very next line after the call.
    /// `action` says what was tried: "opening keys/x.pub". ENOENT gives ErrorCode::not_found, every
    /// other number ErrorCode::io.
    static Error system(int err, std::string_view action);

    /// Puts `what` in front of the message: "reading keys/x.pub" first, then "recipe hello.yaml".
    Error&& context(std::string_view what) &&;

    /// What the user can do next, shown on a line of its own. Empty if nothing is known.
    Error&& help(std::string text) &&;

    ErrorCode code() const { return code_; }
    const std::string& message() const { return message_; }
    const std::string& help() const { return help_; }
    /// errno of what `system` made; 0 for others.
    int system_number() const { return system_number_; }

 private:
    ErrorCode code_;
    std::string message_;
    std::string help_;
    int system_number_ = 0;
};

/// Prints `file:line: broken invariant: text` to stderr and aborts. Used through QUERN_ASSERT.
[[noreturn]] void abort_on_broken_invariant(const char* file, int line, const char* text) noexcept;

/// What `pointer` points to; a look at the wrong side of a Result aborts.
template <typename T>
T& held(T* pointer) noexcept {
    if (pointer == nullptr) {
        abort_on_broken_invariant(
            __FILE__, __LINE__, "a Result was read on the side that it does not hold"
        );
    }
    return *pointer;
}

/// A value or an Error; spelled like std::expected. Never ignored: the class is [[nodiscard]].
template <typename T>
class [[nodiscard]] Result {
 public:
    using value_type = T;
    // NOLINTBEGIN(google-explicit-constructor)
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }  // implicit, so that `return value;` makes a result
    Result(Error error)
        : state_(std::in_place_index<1>, std::move(error)) {
    }  // implicit, so that `return Error(...);` makes one too
    // NOLINTEND(google-explicit-constructor)
    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& operator*() & noexcept { return held(std::get_if<0>(&state_)); }
    const T& operator*() const& noexcept { return held(std::get_if<0>(&state_)); }
    T&& operator*() && noexcept { return std::move(held(std::get_if<0>(&state_))); }
    T* operator->() noexcept { return &held(std::get_if<0>(&state_)); }
    const T* operator->() const noexcept { return &held(std::get_if<0>(&state_)); }

    Error& error() & noexcept { return held(std::get_if<1>(&state_)); }
    const Error& error() const& noexcept { return held(std::get_if<1>(&state_)); }
    Error&& error() && noexcept { return std::move(held(std::get_if<1>(&state_))); }

    T value_or(T other) && { return has_value() ? std::move(**this) : std::move(other); }

 private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
    Result() = default;
    Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    Error& error() & noexcept { return held(std::get_if<1>(&state_)); }
    const Error& error() const& noexcept { return held(std::get_if<1>(&state_)); }
    Error&& error() && noexcept { return std::move(held(std::get_if<1>(&state_))); }

 private:
    std::variant<std::monostate, Error> state_;
};

}  // namespace quern

#define QUERN_CONCAT_(a, b) a##b
#define QUERN_CONCAT(a, b) QUERN_CONCAT_(a, b)

/// Declares or assigns `target` from a Result, or returns its error: QUERN_TRY(const auto text,
/// read_file(path)).
#define QUERN_TRY(target, ...) \
    QUERN_TRY_(QUERN_CONCAT(quern_result_, __LINE__), target, __VA_ARGS__)
#define QUERN_TRY_(result, target, ...)   \
    auto result = (__VA_ARGS__);          \
    if (!result) {                        \
        return std::move(result).error(); \
    }                                     \
    target = std::move(*result) /* NOLINT(bugprone-macro-parentheses) */

/// Returns the error of a Result<void>, if it holds one. Each use names its own result: uses nest
/// where the argument is a lambda.
#define QUERN_CHECK(...) QUERN_CHECK_(QUERN_CONCAT(quern_checked_, __COUNTER__), __VA_ARGS__)
#define QUERN_CHECK_(result, ...)                   \
    do {                                            \
        if (auto result = (__VA_ARGS__); !result) { \
            return std::move(result).error();       \
        }                                           \
    } while (false)

/// Holds in every build. For our own mistakes only, never for input.
#define QUERN_ASSERT(condition)         \
    ((condition) ? static_cast<void>(0) \
                 : ::quern::abort_on_broken_invariant(__FILE__, __LINE__, #condition))
