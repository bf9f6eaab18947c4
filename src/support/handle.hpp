// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

namespace quern {

/// Calls `Release` on a C object.
template <auto Release>
struct Releaser {
    template <typename T>
    void operator()(T* object) const noexcept {
        static_cast<void>(Release(object));
    }
};

/// Owns a C object: `using DigestContext = Handle<EVP_MD_CTX, &EVP_MD_CTX_free>;`
template <typename T, auto Release>
using Handle = std::unique_ptr<T, Releaser<Release>>;

/// Owns a file descriptor. -1 is none.
class UniqueFd {
 public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd();

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes now and gives errno, 0 on success: for descriptors that were written to.
    int close() noexcept;

 private:
    int fd_ = -1;
};

/// Runs a function when the scope is left. Only for begin/end pairs of other libraries.
template <typename Function>
class [[nodiscard]] ScopeExit {
 public:
    explicit ScopeExit(Function function) : function_(std::move(function)) {}
    ScopeExit(const ScopeExit&) = delete;
    ScopeExit& operator=(const ScopeExit&) = delete;
    ~ScopeExit() {
        if (armed_) {
            function_();
        }
    }
    void dismiss() noexcept { armed_ = false; }

 private:
    Function function_;
    bool armed_ = true;
};

}  // namespace quern
