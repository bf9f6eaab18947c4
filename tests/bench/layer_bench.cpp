// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// layer_bench FILE OUTPUT
// Compresses a file with our own writer on all processors, and hashes it before and after, as a
// layer of an image is written: what an image of these bytes cannot be made faster than. Prints one
// line of JSON; seconds and bytes.

#include "archive/gzip_writer.hpp"
#include "archive/hashing_sink.hpp"
#include "measured.hpp"
#include "support/handle.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

using namespace quern;
using namespace quern::bench;

namespace {

Result<std::string> measure(const char* from, const char* to) {
    const auto start = std::chrono::steady_clock::now();
    const UniqueFd input(::open(from, O_RDONLY | O_CLOEXEC));
    const UniqueFd output(::open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!input || !output) {
        return Error(ErrorCode::io, "layer_bench: cannot open the files");
    }
    ThreadPool pool(0);
    archive::FdSource source(input.get());
    archive::FdSink file(output.get());
    archive::HashingSink compressed(file);
    archive::GzipWriter gzip(compressed, {.level = 0, .pool = &pool});
    archive::HashingSink plain(gzip);
    std::string buffer(std::size_t{256} << 10U, '\0');
    for (;;) {
        QUERN_TRY(const std::size_t count, source.read(buffer));
        if (count == 0) {
            break;
        }
        QUERN_CHECK(plain.write(std::string_view(buffer).substr(0, count)));
    }
    QUERN_CHECK(gzip.finish());
    const std::string digests = plain.digest().hex() + compressed.digest().hex();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return fmt::format(
        "{{\"seconds\": {:.3f}, \"bytes\": {}, \"compressed\": {}, \"digests\": \"{}\"}}\n",
        taken.count(),
        plain.size(),
        compressed.size(),
        digests
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: layer_bench FILE OUTPUT\n";
        return 2;
    }
    std::cout << value_of(measure(argv[1], argv[2]));
    return 0;
}
