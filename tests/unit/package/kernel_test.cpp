// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/kernel.hpp"

#include "archive/gzip_writer.hpp"
#include "package/content.hpp"
#include "package/scan/scan.hpp"
#include "subjects.hpp"
#include "support/digest.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace quern::package {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* version = "6.1.0-57-cloud-amd64";

std::string banner() {
    return std::string("Linux version ") + version + " (builder@example.org) (gcc-12)";
}

/// What a module has in its section .modinfo.
std::string module_text() {
    return std::string("\x7f") + "ELF" + std::string(300, '\0') + "license=GPL\0" +
           "vermagic=" + version + " SMP preempt mod_unload modversions " + std::string(40, '\0');
}

std::string gzip(const std::string& text) {
    const auto packed = archive::gzip_compress(text);
    REQUIRE(packed);
    return *packed;
}

/// A frame of one raw block, which all that read zstd read. Source: RFC 8878 3.1.1.
std::string zstd(const std::string& text) {
    REQUIRE((text.size() >= 256 && text.size() < 4096));
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xffU); };
    const std::size_t left = text.size() - 256;
    const std::size_t block = text.size() << 3U | 1U;
    return std::string("\x28\xb5\x2f\xfd\x60") + byte(left) + byte(left >> 8U) + byte(block) +
           byte(block >> 8U) + byte(block >> 16U) + text;
}

void put(std::string& bytes, std::size_t at, const std::string& what) {
    bytes.replace(at, what.size(), what);
}

std::string number(std::size_t value, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
        bytes += static_cast<char>(value >> (8 * i) & 0xffU);
    }
    return bytes;
}

/// The head of an image as x86 boots it. Source: Linux Documentation/arch/x86/boot.rst.
std::string x86_image() {
    std::string image(8192, '\0');
    put(image, 0, "MZ");
    put(image, 514, "HdrS");
    put(image, 526, number(0x1000, 2));
    put(image, 0x1200, std::string(version) + " (builder@example.org) #1 SMP");
    return image;
}

/// A PE file with the kernel in its section .linux behind another.
std::string unified_image() {
    std::string image(1024, '\0');
    put(image, 0, "MZ");
    put(image, 0x3c, number(0x80, 4));
    put(image, 0x80, std::string("PE\0\0", 4));
    put(image, 0x86, number(2, 2));
    put(image, 0x80 + 20, number(0x10, 2));
    const std::size_t table = 0x80 + 24 + 0x10;
    put(image, table, ".osrel");
    put(image, table + 40, ".linux");
    put(image, table + 40 + 20, number(1024, 4));
    return image + x86_image();
}

std::string image_version(const std::string& image) {
    Content content{std::string_view(image)};
    return kernel_image_version(content);
}

std::string module_version(const std::string& file) {
    Content content{std::string_view(file)};
    return kernel_module_version(content);
}

}  // namespace

TEST_CASE("kernel: images tell their version wherever it stands", "[package][kernel]") {
    CHECK(image_version(x86_image()) == version);
    CHECK(image_version(unified_image()) == version);
    CHECK(image_version(gzip(std::string(100'000, 'x') + banner())) == version);
    // As arm64 and others have it: a loader, and behind it a stream.
    CHECK(
        image_version(std::string(5'000, 'x') + gzip(banner() + std::string(900, 'y'))) == version
    );
    // The mark of a stream that is none stands before the stream.
    CHECK(image_version("x\x1f\x8b\x08 no stream " + gzip(banner())) == version);
    CHECK(image_version(std::string(200'000, '\0') + banner()) == version);
    CHECK(image_version("Linux version \xc3\xbc").empty());
    CHECK(image_version("CONFIG_LOCALVERSION=x").empty());
    CHECK(image_version("").empty());
}

TEST_CASE("kernel: the banner is found across the pieces of a file", "[package][kernel]") {
    for (const std::size_t before : {65'520U, 65'530U, 65'536U, 65'540U}) {
        CAPTURE(before);
        CHECK(image_version(std::string(before, 'x') + banner()) == version);
    }
}

TEST_CASE("kernel: modules tell what they were built for, compressed too", "[package][kernel]") {
    CHECK(module_version(module_text()) == version);
    CHECK(module_version(gzip(module_text())) == version);
    CHECK(module_version(zstd(module_text())) == version);
    const auto xz = from_base64(
        "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4ABdAFxdAD+RRYRsOnXQ26+CMUh7+SX9OdbYM0aC5ZFcVDau"
        "L1p5Ajz3d9BqE2MreivzOWz2hj+vUZgU6YkImd9OUkhuHGaThonIGX8k4bkBp2behkNsUgLZ4NgjS+0j"
        "l1wAAN/ezgUAAXReKnUG55BCmQ0BAAAAAAFZWg=="
    );
    REQUIRE(xz);
    CHECK(module_version(*xz) == version);
    CHECK(module_version(xz->substr(0, 40)).empty());
    CHECK(module_version("no module").empty());
}

TEST_CASE("kernel: an image gives what modules of its version need", "[package][kernel][scan]") {
    const std::string name = std::string("linux:") + version;
    const ScanOptions options = {"1-r0", {}, {}};
    std::vector<Subject> both;
    both.push_back(make_subject(
        "kernel",
        {{std::string("boot/vmlinuz-") + version, x86_image()},
         {std::string("boot/config-") + version, "CONFIG_X86=y\n"}}
    ));
    both.push_back(make_subject(
        "modules",
        {{"usr/lib/modules/v/kernel/a.ko", module_text()},
         {"lib/modules/v/kernel/b.ko.gz", gzip(module_text())},
         {"usr/share/modules/c.ko", module_text()},
         {"usr/lib/modules/v/modules.dep", "kernel/a.ko:\n"}}
    ));
    CHECK(scan(both, 0, options).texts(Relation::provides) == Texts{name});
    CHECK(scan(both, 0, options).texts(Relation::depends).empty());
    CHECK(scan(both, 1, options).texts(Relation::depends) == Texts{name});
    CHECK(scan(both, 1, options).texts(Relation::provides).empty());
    // Outside of the trees of modules a file is none, whatever it holds.
    const Subject elsewhere =
        make_subject("elsewhere", {{"usr/share/modules/c.ko", module_text()}});
    CHECK(scan({&elsewhere, 1}, 0, options).texts(Relation::depends).empty());
}

}  // namespace quern::package
