// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/rsa_public_key.hpp"

#include "support/crypto_functions.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <string>

// Within, so that OpenSSL's functions are those that are loaded when they are called.
namespace quern::apk {

namespace {

inline constexpr LazyFunction<"libcrypto.so.3", "PEM_write_bio", decltype(::PEM_write_bio)>
    PEM_write_bio{};

/// The bytes in the PEM block of the test key: 9 + 15 bytes of heads, then modulus and exponent.
std::string key_bytes() {
    const std::string& pem = test::public_pem();
    BIO* const input = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    REQUIRE(PEM_read_bio(input, &name, &header, &bytes, &size) == 1);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    BIO_free(input);
    return der;
}

std::string pem_of(const std::string& der, const char* name = "PUBLIC KEY") {
    BIO* const output = BIO_new(BIO_s_mem());
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    REQUIRE(PEM_write_bio(output, name, "", bytes, static_cast<long>(der.size())) > 0);
    char* text = nullptr;
    const long size = BIO_get_mem_data(output, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(output);
    return pem;
}

bool reads(const std::string& der) {
    return read_rsa_public_key(pem_of(der)) != nullptr;
}

}  // namespace

TEST_CASE("rsa_public_key: a key is what OpenSSL reads", "[apk][rsa_public_key]") {
    const auto key = read_rsa_public_key(test::public_pem());
    REQUIRE(key);
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(key.get(), &bytes);
    REQUIRE(size > 0);
    CHECK(
        std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)) ==
        key_bytes()
    );
    OPENSSL_free(bytes);
}

TEST_CASE("rsa_public_key: what is not exactly one is left alone", "[apk][rsa_public_key]") {
    const std::string der = key_bytes();
    REQUIRE(reads(der));
    CHECK_FALSE(reads(der + '\0'));
    for (std::size_t size = 1; size < der.size(); ++size) {
        CHECK_FALSE(reads(der.substr(0, size)));
    }
    // Every head: tags, lengths, the algorithm, the number of bits left over.
    const std::size_t modulus = der.find(std::string_view("\x02\x82", 2)) + 4;
    for (std::size_t at = 0; at < modulus; ++at) {
        for (const int bit : {1, 128}) {
            std::string changed = der;
            changed[at] = static_cast<char>(changed[at] ^ bit);
            CHECK_FALSE(reads(changed));
        }
    }
    std::string negative = der;
    negative[modulus] = '\x80';
    CHECK_FALSE(reads(negative));
    CHECK_FALSE(read_rsa_public_key(pem_of(der, "RSA PUBLIC KEY")));
    CHECK_FALSE(read_rsa_public_key(test::private_pem()));
    CHECK_FALSE(read_rsa_public_key(""));
}

}  // namespace quern::apk
