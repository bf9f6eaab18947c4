// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// unpack_bench --packages FILE [--debs DIR] [--scratch DIR] [--threads N] [--runs N]
// FILE lists package files in install order, a path a line. Unpacks them into a fresh root as a
// cold environment is made, tells how much of that is reading, inflating and checking alone, and
// compares with `dpkg-deb -x` of every .deb in DIR, one after the other; taking turns, the best of
// the runs counts. Prints one line of JSON; seconds, of the clock and of all processors.

#include "measured.hpp"
#include "quern/package_file.hpp"
#include "rootfs/guest_tree.hpp"
#include "rootfs/placement.hpp"
#include "rootfs/unpack.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using namespace quern;
using namespace quern::bench;
using namespace quern::rootfs;

namespace {

struct Options {
    std::vector<std::string> packages;
    std::string debs;
    std::string scratch = "/tmp";
    std::size_t threads = 0;
    unsigned runs = 3;
};

struct Spent {
    double seconds = 1e9;
    double processor_seconds = 1e9;
};

[[noreturn]] void give_up(std::string_view why) {
    std::cerr << why << '\n';
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
}

void require(const Result<void>& result) {
    if (!result) {
        give_up(result.error().message());
    }
}

void measure(Spent& best, const std::function<void()>& work) {
    const double processor_start = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best.seconds = std::min(best.seconds, seconds.count());
    best.processor_seconds =
        std::min(best.processor_seconds, processor_seconds() - processor_start);
}

struct Unpacked {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

Unpacked unpack_all(const Options& options, const std::filesystem::path& place, ThreadPool& pool) {
    const auto root = FileTree::create(place / "root");
    const auto staging = FileTree::create(place / "staging");
    if (!root || !staging) {
        give_up("no scratch directory");
    }
    const GuestTree tree(root->fd(), {::geteuid(), 1});
    Placement placement(tree);
    const CancelToken cancel;
    const UnpackJob job = {
        .count = options.packages.size(),
        .open = [&](std::size_t i) { return apk::PackageFile::open(options.packages[i]); },
        .placed = {},
        .staging = place / "staging",
        .cancel = &cancel,
    };
    require(unpack(job, placement, tree.ids(), pool));
    return {placement.files(), placement.bytes()};
}

void verify_all(const Options& options, ThreadPool& pool) {
    require(pool.for_each_index(options.packages.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(const apk::PackageFile package, apk::PackageFile::open(options.packages[i]));
        return package.verify_data();
    }));
}

void run_dpkg(const Options& options, const std::filesystem::path& place) {
    const std::string command = fmt::format(
        "mkdir -p {1} && for d in {0}/*.deb; do dpkg-deb -x \"$d\" {1} || exit 1; done",
        shell_quote(options.debs),
        shell_quote((place / "debs").string())
    );
    if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): a benchmark
        give_up("dpkg-deb failed");
    }
}

std::vector<std::string> lines_of(const std::string& path) {
    const std::string text = read_file(path).value_or("");
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        if (!line.empty()) {
            lines.emplace_back(line);
        }
    }
    return lines;
}

Options parse(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        const std::string& value = words[i + 1];
        if (words[i] == "--packages") {
            options.packages = lines_of(value);
        } else if (words[i] == "--debs") {
            options.debs = value;
        } else if (words[i] == "--scratch") {
            options.scratch = value;
        } else if (words[i] == "--threads") {
            options.threads = parse_unsigned(value).value_or(0);
        } else if (words[i] == "--runs") {
            options.runs = static_cast<unsigned>(parse_unsigned(value).value_or(1));
        } else {
            give_up("unknown argument " + words[i]);
        }
    }
    if (options.packages.empty()) {
        give_up(
            "usage: unpack_bench --packages FILE [--debs DIR] [--scratch DIR] [--threads N] "
            "[--runs N]"
        );
    }
    return options;
}

std::string to_json(const Spent& spent) {
    return fmt::format(
        R"({{"seconds":{:.3f},"processor_seconds":{:.3f}}})", spent.seconds, spent.processor_seconds
    );
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(std::vector<std::string>(argv + 1, argv + argc));
    ThreadPool pool(options.threads);
    Spent check;
    Spent unpacking;
    Spent dpkg;
    Unpacked unpacked;
    for (unsigned run = 0; run < options.runs; ++run) {
        const auto place = TempDir::create(options.scratch, "quern-unpack-bench-");
        if (!place) {
            give_up(place.error().message());
        }
        if (!options.debs.empty()) {
            measure(dpkg, [&] { run_dpkg(options, place->path()); });
        }
        measure(check, [&] { verify_all(options, pool); });
        measure(unpacking, [&] { unpacked = unpack_all(options, place->path(), pool); });
    }
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::string comparison;
    if (!options.debs.empty()) {
        comparison = fmt::format(
            R"(,"dpkg_deb":{},"times_faster":{:.2f},"times_less_processor":{:.2f})",
            to_json(dpkg),
            dpkg.seconds / unpacking.seconds,
            dpkg.processor_seconds / unpacking.processor_seconds
        );
    }
    std::cout
        << fmt::format(
               R"({{"bench":"unpack","threads":{},"packages":{},"files":{},"bytes":{},"peak_kib":{},"unpack":{},"read_inflate_check_alone":{},"share_of_file_creation":{:.2f}{}}})",
               pool.size(),
               options.packages.size(),
               unpacked.files,
               unpacked.bytes,
               usage.ru_maxrss,
               to_json(unpacking),
               to_json(check),
               1 - check.processor_seconds / unpacking.processor_seconds,
               comparison
           )
        << '\n';
    return 0;
}
