// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// usage: make_packages DIRECTORY PREFIX COUNT BYTES VERSION [KEY]
// Writes PREFIX-0-VERSION.apk to PREFIX-<COUNT-1>-VERSION.apk, each with one file of BYTES that do
// not compress, signed if a private key is named. For tests of the finished program.
#include "apk/package_writer.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iostream>
#include <optional>
#include <random>
#include <string>

using namespace quern;

namespace {

std::string noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 generator(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(generator());
    }
    return bytes;
}

Result<void> make(const std::vector<std::string>& words) {
    std::optional<apk::PrivateKey> key;
    if (words.size() > 5) {
        QUERN_TRY(apk::PrivateKey loaded, apk::PrivateKey::load(words[5]));
        key.emplace(std::move(loaded));
    }
    const std::size_t size = std::stoul(words[3]);
    for (std::uint32_t i = 0; i < std::stoul(words[2]); ++i) {
        apk::PackageInfo info;
        info.name = fmt::format("{}-{}", words[1], i);
        info.version = words[4];
        info.architecture = "x86_64";
        info.origin = words[1];
        info.description = "a package for tests";
        info.licenses = {"Apache-2.0"};
        const auto write = [&](apk::DataSink& sink) -> Result<void> {
            archive::TarEntry entry;
            entry.path = info.name;
            entry.mode = 0644;
            entry.user_name = entry.group_name = "root";
            entry.size = size;
            return sink.add_file(entry, noise(size, i));
        };
        apk::PackageWriterOptions options;
        options.key = key ? &*key : nullptr;
        options.compression_level = 1;
        QUERN_TRY(const auto written, apk::write_package(words[0], info, {}, write, options));
        std::cout << written.path.string() << '\n';
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 5) {
        std::cerr << "usage: make_packages DIRECTORY PREFIX COUNT BYTES VERSION [KEY]\n";
        return 2;
    }
    if (const auto made = make(words); !made) {
        std::cerr << made.error().message() << '\n';
        return 1;
    }
    return 0;
}
