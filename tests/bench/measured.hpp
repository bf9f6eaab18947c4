// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <iostream>
#include <utility>

namespace quern::bench {

/// Of all threads and programs so far: less shaken by what else runs than the clock.
inline double processor_seconds() {
    double seconds = 0;
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
            seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
        }
    }
    return seconds;
}

/// The value, or the end of the program with the error.
template <typename T>
T value_of(Result<T> result) {
    if (!result) {
        std::cerr << result.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
    return std::move(*result);
}

}  // namespace quern::bench
