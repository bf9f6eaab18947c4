// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// pack_bench --tree DIR [--threads N] [--runs N] [--level N]...
// Packs a tree as a package's data section is packed (walk, SHA-1 of each file, tar, gzip, SHA-256
// of the output) and compares with `tar | pigz -6` over the same tree on as many threads, taking
// turns; the best of the runs counts. Sizes are compared for the same tar stream, which is what
// `pigz_size` is made of. Prints one line of JSON; seconds and bytes.

#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "measured.hpp"
#include "support/digest.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace quern;
using namespace quern::bench;
using namespace quern::archive;

namespace {

/// Counts and hashes what it is given, as a package's data hash is made.
class HashingSink final : public ByteSink {
 public:
    Result<void> write(std::string_view bytes) override {
        hasher_.update(bytes);
        size_ += bytes.size();
        return {};
    }
    std::uint64_t size() const { return size_; }
    std::string hex() { return hasher_.finish().hex(); }

 private:
    Hasher hasher_{DigestKind::sha256};
    std::uint64_t size_ = 0;
};

struct Options {
    std::string tree;
    std::size_t threads = 0;
    unsigned runs = 3;
    std::vector<int> levels;
};

TarEntry entry_of(const TreeEntry& found) {
    TarEntry entry;
    entry.path = found.path;
    entry.mode = found.status.st_mode & 07777U;
    if (S_ISDIR(found.status.st_mode)) {
        entry.type = TarType::directory;
    } else if (S_ISLNK(found.status.st_mode)) {
        entry.type = TarType::symlink;
        entry.link_target = found.link_target;
    }
    return entry;
}

/// Reads the whole file first: its checksum stands in front of it in the stream.
Result<void> add_file(TarWriter& writer, const FileTree& tree, TarEntry entry, Hasher& hasher) {
    QUERN_TRY(const std::string content, tree.read(entry.path, std::uint64_t{1} << 32U));
    hasher.update(content);
    entry.size = content.size();
    entry.records.emplace_back("APK-TOOLS.checksum.SHA1", hasher.finish().hex());
    return writer.add(entry, content);
}

Result<void> write_tar(const FileTree& tree, ByteSink& sink) {
    TarWriter writer(sink);
    Hasher hasher(DigestKind::sha1);
    QUERN_CHECK(tree.walk("", [&](const TreeEntry& found) -> Result<void> {
        TarEntry entry = entry_of(found);
        if (S_ISREG(found.status.st_mode)) {
            return add_file(writer, tree, std::move(entry), hasher);
        }
        return writer.add(entry);
    }));
    return writer.finish_with_end_blocks();
}

struct Packed {
    double seconds = 0;
    double processor_seconds = 0;  ///< of all threads and programs: less shaken by what else runs
    std::uint64_t size = 0;
    std::string digest;
};

template <typename Work>
void measure(Packed& packed, const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    const double processor_start = processor_seconds();
    work();
    packed.processor_seconds = processor_seconds() - processor_start;
    packed.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void give_up(std::string_view why) {
    std::cerr << why << '\n';
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
}

Packed pack(const FileTree& tree, const GzipOptions& options) {
    HashingSink sink;
    Packed packed;
    measure(packed, [&] {
        GzipWriter gzip(sink, options);
        if (!write_tar(tree, gzip) || !gzip.finish()) {
            give_up("packing failed");
        }
    });
    packed.size = sink.size();
    packed.digest = sink.hex();
    return packed;
}

/// Runs a pipeline that ends in a count of bytes.
Packed run_shell(const std::string& command) {
    Packed packed;
    measure(packed, [&] {
        FILE* const pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a benchmark
        std::array<char, 64> line{};
        if (pipe == nullptr || std::fgets(line.data(), line.size(), pipe) == nullptr ||
            ::pclose(pipe) != 0) {
            give_up("this failed: " + command);
        }
        packed.size = parse_unsigned(trim(line.data())).value_or(0);
    });
    return packed;
}

struct Comparison {
    std::map<int, Packed> ours;  ///< by level
    Packed pigz;
};

void keep_best(Packed& best, Packed candidate) {
    const bool is_first = best.seconds == 0;
    const double seconds = is_first ? candidate.seconds : std::min(best.seconds, candidate.seconds);
    const double processor = is_first
                                 ? candidate.processor_seconds
                                 : std::min(best.processor_seconds, candidate.processor_seconds);
    best = std::move(candidate);
    best.seconds = seconds;
    best.processor_seconds = processor;
}

Comparison compare(const Options& options, const FileTree& tree, ThreadPool& pool) {
    const std::string pigz = fmt::format(
        "tar -C {} --sort=name -cf - . | pigz -6 -n -p {} | wc -c",
        shell_quote(options.tree),
        pool.size()
    );
    Comparison comparison;
    for (unsigned run = 0; run < options.runs; ++run) {
        keep_best(comparison.pigz, run_shell(pigz));
        for (const int level : options.levels) {
            keep_best(comparison.ours[level], pack(tree, {.level = level, .pool = &pool}));
        }
    }
    return comparison;
}

/// Bytes that `pigz -6` makes of exactly our tar stream; and the size of the stream.
std::pair<std::uint64_t, std::uint64_t> pigz_size(const FileTree& tree, std::size_t threads) {
    const auto directory =
        TempDir::create(std::filesystem::temp_directory_path(), "quern-pack-bench-");
    if (!directory) {
        give_up(directory.error().message());
    }
    const std::filesystem::path path = directory->path() / "tar";
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    FdSink sink(file.get());
    if (!file || !write_tar(tree, sink)) {
        give_up("writing the tar stream failed");
    }
    const std::string command =
        fmt::format("pigz -6 -n -p {} -c {} | wc -c", threads, shell_quote(path.string()));
    return {run_shell(command).size, std::filesystem::file_size(path)};
}

Options parse(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t index = 0; index + 1 < words.size(); index += 2) {
        const auto number = parse_unsigned(words[index + 1]);
        if (words[index] == "--tree") {
            options.tree = words[index + 1];
        } else if (words[index] == "--threads" && number) {
            options.threads = *number;
        } else if (words[index] == "--runs" && number) {
            options.runs = static_cast<unsigned>(*number);
        } else if (words[index] == "--level" && number) {
            options.levels.push_back(static_cast<int>(*number));
        } else {
            give_up("unknown argument " + words[index]);
        }
    }
    if (options.tree.empty()) {
        give_up("usage: pack_bench --tree DIR [--threads N] [--runs N] [--level N]...");
    }
    if (options.levels.empty()) {
        options.levels.push_back(default_gzip_level);
    }
    return options;
}

std::string to_json(const Packed& packed) {
    return fmt::format(
        R"("seconds":{:.3f},"processor_seconds":{:.3f},"bytes":{},"sha256":"{}")",
        packed.seconds,
        packed.processor_seconds,
        packed.size,
        packed.digest
    );
}

/// Our side, and how it compares with pigz: above 1 is faster, or larger.
std::string to_json(int level, const Packed& ours, const Packed& pigz) {
    return fmt::format(
        R"({{"level":{},{},"times_faster":{:.2f},"times_less_processor":{:.2f},"size_ratio":{:.4f}}})",
        level,
        to_json(ours),
        pigz.seconds / ours.seconds,
        pigz.processor_seconds / ours.processor_seconds,
        static_cast<double>(ours.size) / static_cast<double>(pigz.size)
    );
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(std::vector<std::string>(argv + 1, argv + argc));
    const auto tree = FileTree::open(options.tree);
    if (!tree) {
        give_up(tree.error().message());
    }
    ThreadPool pool(options.threads);
    Comparison comparison = compare(options, *tree, pool);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::uint64_t tar_bytes = 0;
    std::tie(comparison.pigz.size, tar_bytes) = pigz_size(*tree, pool.size());
    std::string levels;
    for (const auto& [level, packed] : comparison.ours) {
        levels += levels.empty() ? "" : ",";
        levels += to_json(level, packed, comparison.pigz);
    }
    std::cout
        << fmt::format(
               R"({{"bench":"pack","threads":{},"tar_bytes":{},"peak_kib":{},"pigz":{{{}}},"quern":[{}]}})",
               pool.size(),
               tar_bytes,
               usage.ru_maxrss,
               to_json(comparison.pigz),
               levels
           )
        << '\n';
    return 0;
}
