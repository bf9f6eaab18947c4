// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// Puts a filter of system calls together, instruction by instruction.
class FilterProgram {
 public:
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
    void refuse(int err) {
        add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(err));
    }
    /// Leaves the call to whoever listens.
    void notify() { add(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF); }
    /// Runs what follows up to `end` only if the loaded word equals `value`.
    [[nodiscard]] std::size_t begin_if_equal(std::uint32_t value) {
        return begin(BPF_JMP | BPF_JEQ | BPF_K, value);
    }
    [[nodiscard]] std::size_t begin_if_any_bit(std::uint32_t bits) {
        return begin(BPF_JMP | BPF_JSET | BPF_K, bits);
    }
    void end(std::size_t jump) {
        words_[jump].jf = static_cast<std::uint8_t>(words_.size() - jump - 1);
    }
    std::vector<sock_filter> take() { return std::move(words_); }

 private:
    std::size_t begin(int code, std::uint32_t value) {
        add(code, value);
        return words_.size() - 1;
    }
    void add(int code, std::uint32_t value) {
        words_.push_back({.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = value});
    }
    std::vector<sock_filter> words_;
};

}  // namespace quern::sandbox
