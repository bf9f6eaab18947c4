// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/rsa_public_key.hpp"

#include "support/crypto_functions.hpp"
#include "support/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace quern::apk {

namespace {

using Bio = Handle<BIO, BIO_free>;
using BigNumber = Handle<BIGNUM, BN_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using ParameterBuilder = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Handle<OSSL_PARAM, OSSL_PARAM_free>;

/// Tags of DER. Source: X.690 8.
enum Tag : unsigned char { integer = 0x02, bit_string = 0x03, sequence = 0x30 };

/// What names RSA in an AlgorithmIdentifier: the object 1.2.840.113549.1.1.1, and NULL.
constexpr std::string_view rsa_algorithm(
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13
);

/// Takes one value with its tag off the front of `rest`; nothing if there is no such one, or if its
/// length is not in the shortest form.
std::optional<std::string_view> take(std::string_view& rest, Tag tag) {
    const auto byte = [&rest](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
    if (rest.size() < 2 || byte(0) != tag) {
        return std::nullopt;
    }
    std::size_t head = 2;
    std::size_t size = byte(1);
    if (size >= 0x80) {
        const std::size_t more = size - 0x80;
        if (more == 0 || more > 2 || rest.size() < head + more) {
            return std::nullopt;
        }
        size = 0;
        for (; head < 2 + more; ++head) {
            size = size << 8U | byte(head);
        }
        if (size < (more == 1 ? 0x80U : 0x100U)) {
            return std::nullopt;
        }
    }
    if (rest.size() - head < size) {
        return std::nullopt;
    }
    const std::string_view value = rest.substr(head, size);
    rest.remove_prefix(head + size);
    return value;
}

/// Null unless it is above zero and in the shortest form.
BigNumber take_integer(std::string_view& rest) {
    const auto value = take(rest, integer);
    if (!value || value->empty() || static_cast<signed char>(value->front()) < 0 ||
        (value->front() == '\0' && (value->size() < 2 || static_cast<signed char>((*value)[1]) >= 0)
        )) {
        return nullptr;
    }
    return BigNumber(BN_bin2bn(
        reinterpret_cast<const unsigned char*>(value->data()),
        static_cast<int>(value->size()),
        nullptr
    ));
}

struct Numbers {
    BigNumber modulus;
    BigNumber exponent;
};

Numbers read_numbers(std::string_view der) {
    auto info = take(der, sequence);
    if (!info || !der.empty() || take(*info, sequence) != rsa_algorithm) {
        return {};
    }
    auto bits = take(*info, bit_string);
    if (!bits || !info->empty() || !bits->starts_with('\0')) {
        return {};
    }
    bits->remove_prefix(1);  // the number of bits that are left over
    auto key = take(*bits, sequence);
    if (!key || !bits->empty()) {
        return {};
    }
    Numbers numbers{take_integer(*key), take_integer(*key)};
    return key->empty() ? std::move(numbers) : Numbers();
}

std::shared_ptr<EVP_PKEY> make_key(const Numbers& numbers) {
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    if (!builder || !context ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, numbers.modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, numbers.exponent.get()) != 1) {
        return nullptr;
    }
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    EVP_PKEY* key = nullptr;
    if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    return {key, EVP_PKEY_free};
}

}  // namespace

std::shared_ptr<evp_pkey_st> read_rsa_public_key(std::string_view pem) {
    const Bio input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    if (!input || PEM_read_bio(input.get(), &name, &header, &bytes, &size) != 1) {
        return nullptr;
    }
    Numbers numbers;
    if (std::string_view(name) == PEM_STRING_PUBLIC && *header == '\0') {
        numbers =
            read_numbers({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    return numbers.modulus && numbers.exponent ? make_key(numbers) : nullptr;
}

}  // namespace quern::apk
