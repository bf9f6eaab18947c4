// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/lazy_library.hpp"

#include <curl/curl.h>

namespace quern::fetch {

// The functions of libcurl that are used here; the library is loaded by `start_curl`.
#define QUERN_CURL(name) \
    inline constexpr LazyFunction<"libcurl.so.4", #name, decltype(::name)> name {}

QUERN_CURL(curl_easy_cleanup);
QUERN_CURL(curl_easy_getinfo);
QUERN_CURL(curl_easy_header);
QUERN_CURL(curl_easy_init);
QUERN_CURL(curl_easy_perform);
QUERN_CURL(curl_easy_reset);
QUERN_CURL(curl_easy_setopt);
QUERN_CURL(curl_easy_strerror);
QUERN_CURL(curl_free);
QUERN_CURL(curl_global_init);
QUERN_CURL(curl_slist_append);
QUERN_CURL(curl_slist_free_all);
QUERN_CURL(curl_url);
QUERN_CURL(curl_url_cleanup);
QUERN_CURL(curl_url_get);
QUERN_CURL(curl_url_set);
QUERN_CURL(curl_url_strerror);

#undef QUERN_CURL

/// Before any of these functions. Errors: unsupported (no such library), network (it does not
/// start). Thread safety: yes.
Result<void> start_curl();

}  // namespace quern::fetch
