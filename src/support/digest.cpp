// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/digest.hpp"

#include "support/crypto_functions.hpp"
#include "support/handle.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace quern {

namespace {

using Algorithm = Handle<EVP_MD, EVP_MD_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::size_t size_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha1:
            return 20;
        case DigestKind::sha256:
            return 32;
        case DigestKind::sha512:
            return 64;
    }
    QUERN_ASSERT(false);
}

/// Looking an algorithm up takes longer than hashing a small file, hence once a process.
const EVP_MD* algorithm(DigestKind kind) {
    static const Algorithm sha1(EVP_MD_fetch(nullptr, "SHA1", nullptr));
    static const Algorithm sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    static const Algorithm sha512(EVP_MD_fetch(nullptr, "SHA512", nullptr));
    switch (kind) {
        case DigestKind::sha1:
            return sha1.get();
        case DigestKind::sha256:
            return sha256.get();
        case DigestKind::sha512:
            return sha512.get();
    }
    QUERN_ASSERT(false);
}

std::optional<std::uint8_t> hex_value(char c) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto index = hex_digits.find(lower);
    if (index == std::string_view::npos) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(index);
}

}  // namespace

struct Hasher::State {
    const EVP_MD* algorithm = nullptr;
    DigestKind kind = DigestKind::sha256;
    DigestContext context;
};

Digest::Digest(DigestKind kind, std::span<const std::uint8_t> bytes)
    : kind_(kind), size_(bytes.size()) {
    QUERN_ASSERT(bytes.size() == size_of(kind));
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

std::string Digest::hex() const {
    return to_hex(bytes());
}

std::string Digest::base64() const {
    return to_base64(bytes());
}

std::optional<Digest> Digest::from_hex(DigestKind kind, std::string_view text) {
    if (text.size() != 2 * size_of(kind)) {
        return std::nullopt;
    }
    std::array<std::uint8_t, max_size> bytes{};
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_value(text[i]);
        const auto low = hex_value(text[i + 1]);
        if (!high || !low) {
            return std::nullopt;
        }
        bytes[i / 2] = static_cast<std::uint8_t>(*high * 16U + *low);
    }
    return Digest(kind, std::span(bytes).first(size_of(kind)));
}

std::optional<Digest> Digest::from_base64(DigestKind kind, std::string_view text) {
    const auto bytes = text.size() <= 2 * max_size ? quern::from_base64(text) : std::nullopt;
    if (!bytes || bytes->size() != size_of(kind)) {
        return std::nullopt;
    }
    std::array<std::uint8_t, max_size> copy{};
    std::transform(bytes->begin(), bytes->end(), copy.begin(), [](char c) {
        return static_cast<std::uint8_t>(c);
    });
    return Digest(kind, std::span(copy).first(bytes->size()));
}

bool operator==(const Digest& a, const Digest& b) {
    return a.kind_ == b.kind_ && a.size_ == b.size_ && a.bytes_ == b.bytes_;
}

Hasher::Hasher(DigestKind kind) : state_(std::make_unique<State>()) {
    state_->algorithm = algorithm(kind);
    state_->kind = kind;
    state_->context.reset(EVP_MD_CTX_new());
    QUERN_ASSERT(state_->algorithm != nullptr && state_->context != nullptr);
    QUERN_ASSERT(EVP_DigestInit_ex2(state_->context.get(), state_->algorithm, nullptr) == 1);
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
    QUERN_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

void Hasher::update(std::string_view bytes) {
    update(std::as_bytes(std::span(bytes)));
}

Digest Hasher::finish() {
    std::array<std::uint8_t, Digest::max_size> bytes{};
    unsigned size = 0;
    EVP_MD_CTX* context = state_->context.get();
    QUERN_ASSERT(EVP_DigestFinal_ex(context, bytes.data(), &size) == 1);
    QUERN_ASSERT(EVP_DigestInit_ex2(context, nullptr, nullptr) == 1);
    return Digest(state_->kind, std::span(bytes).first(size));
}

Digest digest_of(DigestKind kind, std::string_view bytes) {
    Hasher hasher(kind);
    hasher.update(bytes);
    return hasher.finish();
}

Result<Digest> digest_of_fd(DigestKind kind, int fd) {
    constexpr std::size_t piece_size = std::size_t{256} << 10U;
    Hasher hasher(kind);
    std::vector<char> piece(piece_size);
    for (off_t offset = 0;;) {
        const ssize_t count = ::pread(fd, piece.data(), piece.size(), offset);
        if (count < 0) {
            const int err = errno;
            if (err == EINTR) {
                continue;
            }
            return Error::system(err, "reading a file for its digest");
        }
        if (count == 0) {
            return hasher.finish();
        }
        hasher.update(std::string_view(piece.data(), static_cast<std::size_t>(count)));
        offset += count;
    }
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(hex_digits[byte >> 4U]);
        text.push_back(hex_digits[byte & 15U]);
    }
    return text;
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8U | (j < count ? bytes[i + j] : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            const auto digit = group >> (18U - 6U * j) & 63U;
            text.push_back(j <= count ? base64_digits[digit] : '=');
        }
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with('=') ? 1 : 0);
    text.remove_suffix(padding);
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const auto digit = base64_digits.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        group = (group << 6U | static_cast<std::uint32_t>(digit)) & 0xFFFFU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>(group >> bits & 0xFFU));
        }
    }
    // Only one spelling is taken: the bits that encode nothing are zero.
    const bool has_stray_bits = (group & ((1U << bits) - 1U)) != 0;
    return has_stray_bits ? std::nullopt : std::optional(std::move(bytes));
}

}  // namespace quern
