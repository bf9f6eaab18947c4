// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quern {

enum class DigestKind { sha1, sha256, sha512 };

/// Bytes of one digest: 20, 32 or 64 long.
class Digest {
 public:
    static constexpr std::size_t max_size = 64;

    Digest() = default;
    Digest(DigestKind kind, std::span<const std::uint8_t> bytes);

    DigestKind kind() const { return kind_; }
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }
    bool is_empty() const { return size_ == 0; }
    std::string hex() const;     ///< lower case
    std::string base64() const;  ///< with padding

    /// Exactly the right number of hex digits of either case, else nothing.
    static std::optional<Digest> from_hex(DigestKind kind, std::string_view text);
    static std::optional<Digest> from_base64(DigestKind kind, std::string_view text);

    friend bool operator==(const Digest& a, const Digest& b);

 private:
    DigestKind kind_ = DigestKind::sha256;
    std::size_t size_ = 0;
    std::array<std::uint8_t, max_size> bytes_{};
};

/// Computes a digest in pieces. The algorithm is looked up once a process; a hasher can be used
/// again after `finish`.
class Hasher {
 public:
    explicit Hasher(DigestKind kind);
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    ~Hasher();

    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes);
    /// The digest of everything since the construction or the last `finish`.
    Digest finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

Digest digest_of(DigestKind kind, std::string_view bytes);
/// Reads the file in pieces from its start. Errors: not_found, io.
Result<Digest> digest_of_fd(DigestKind kind, int fd);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_base64(std::span<const std::uint8_t> bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace quern
