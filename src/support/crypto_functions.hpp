// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/lazy_library.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace quern {

// The functions of OpenSSL that are used here. Loaded at the first call: relocating the library is
// a quarter of what a process that hashes nothing costs.
#define QUERN_CRYPTO(name) \
    inline constexpr LazyFunction<"libcrypto.so.3", #name, decltype(::name)> name {}

QUERN_CRYPTO(BIO_ctrl);
QUERN_CRYPTO(BIO_free);
QUERN_CRYPTO(BIO_new);
QUERN_CRYPTO(BIO_new_mem_buf);
QUERN_CRYPTO(BIO_s_mem);
QUERN_CRYPTO(BIO_s_secmem);
QUERN_CRYPTO(BN_bin2bn);
QUERN_CRYPTO(BN_free);
QUERN_CRYPTO(BN_is_odd);
QUERN_CRYPTO(BN_is_one);
QUERN_CRYPTO(BN_num_bits);
QUERN_CRYPTO(CRYPTO_free);
QUERN_CRYPTO(ERR_clear_error);
QUERN_CRYPTO(ERR_peek_last_error);
QUERN_CRYPTO(ERR_reason_error_string);
QUERN_CRYPTO(EVP_DigestFinal_ex);
QUERN_CRYPTO(EVP_DigestInit_ex2);
QUERN_CRYPTO(EVP_DigestUpdate);
QUERN_CRYPTO(EVP_MD_CTX_free);
QUERN_CRYPTO(EVP_MD_CTX_new);
QUERN_CRYPTO(EVP_MD_fetch);
QUERN_CRYPTO(EVP_MD_free);
QUERN_CRYPTO(EVP_PKEY_CTX_free);
QUERN_CRYPTO(EVP_PKEY_CTX_new);
QUERN_CRYPTO(EVP_PKEY_CTX_new_from_name);
QUERN_CRYPTO(EVP_PKEY_CTX_set_rsa_padding);
QUERN_CRYPTO(EVP_PKEY_CTX_set_signature_md);
QUERN_CRYPTO(EVP_PKEY_Q_keygen);
QUERN_CRYPTO(EVP_PKEY_free);
QUERN_CRYPTO(EVP_PKEY_fromdata);
QUERN_CRYPTO(EVP_PKEY_fromdata_init);
QUERN_CRYPTO(EVP_PKEY_get0_type_name);
QUERN_CRYPTO(EVP_PKEY_get_base_id);
QUERN_CRYPTO(EVP_PKEY_get_bits);
QUERN_CRYPTO(EVP_PKEY_get_bn_param);
QUERN_CRYPTO(EVP_PKEY_sign);
QUERN_CRYPTO(EVP_PKEY_sign_init);
QUERN_CRYPTO(EVP_PKEY_verify);
QUERN_CRYPTO(EVP_PKEY_verify_init);
QUERN_CRYPTO(EVP_aes_256_cbc);
QUERN_CRYPTO(EVP_sha1);
QUERN_CRYPTO(EVP_sha256);
QUERN_CRYPTO(EVP_sha512);
QUERN_CRYPTO(OPENSSL_cleanse);
QUERN_CRYPTO(OSSL_PARAM_BLD_free);
QUERN_CRYPTO(OSSL_PARAM_BLD_new);
QUERN_CRYPTO(OSSL_PARAM_BLD_push_BN);
QUERN_CRYPTO(OSSL_PARAM_BLD_to_param);
QUERN_CRYPTO(OSSL_PARAM_free);
QUERN_CRYPTO(PEM_read_bio);
QUERN_CRYPTO(PEM_read_bio_PUBKEY);
QUERN_CRYPTO(PEM_read_bio_PrivateKey);
QUERN_CRYPTO(PEM_write_bio_PKCS8PrivateKey);
QUERN_CRYPTO(PEM_write_bio_PUBKEY);
QUERN_CRYPTO(PEM_write_bio_PrivateKey_traditional);
QUERN_CRYPTO(i2d_PUBKEY);

#undef QUERN_CRYPTO

}  // namespace quern
