// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/deb.hpp"

#include "archive/gzip_writer.hpp"
#include "deb_samples.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using seed::ControlFields;
using seed::Deb;

namespace {

constexpr std::string_view control =
    "Package: demo\nVersion: 1.0-1\nArchitecture: amd64\nDescription: a demo\n more of it\n .\n "
    "and more\n";

Result<Deb> open_bytes(const TempDir& directory, std::string_view bytes) {
    const auto path = directory.path() / "x.deb";
    REQUIRE(write_file_atomically(path, bytes));
    return Deb::open(path);
}

std::string gzipped_control() {
    return *archive::gzip_compress(make_tar({file_at("./control", std::string(control))}));
}

}  // namespace

TEST_CASE("deb: control fields and files are read", "[seed][deb]") {
    const TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "deb-test-"));
    const auto deb = open_bytes(
        directory,
        make_deb(control, {directory_at("./"), directory_at("./usr"), file_at("./usr/x", "text")})
    );
    REQUIRE(deb);
    CHECK(deb->package() == "demo");
    CHECK(deb->control().value("version") == "1.0-1");
    CHECK(deb->control().value("description") == "a demo\nmore of it\n.\nand more");
    CHECK(deb->control().value("homepage").empty());

    std::string seen;
    REQUIRE(deb->read_data(
        [&](const archive::TarEntry& entry, archive::TarReader& content) -> Result<void> {
            QUERN_TRY(const std::string text, content.read_all(100));
            seen += entry.path + "=" + text + ";";
            return {};
        }
    ));
    CHECK(seen == "usr=;usr/x=text;");
}

TEST_CASE("deb: members with a slash and unknown ones are taken as they come", "[seed][deb]") {
    const TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "deb-test-"));
    const std::string data = make_tar({file_at("./x", "1")});
    CHECK(open_bytes(
        directory,
        make_ar(
            {{"debian-binary/", "2.0\n"},
             {"_gpgorigin", "x"},
             {"control.tar.gz/", gzipped_control()},
             {"data.tar", data}}
        )
    ));
}

TEST_CASE("deb: hostile archives are refused with their path", "[seed][deb]") {
    const TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "deb-test-"));
    const std::string good = make_deb(control, {file_at("./x", "1")});
    const std::string bad_tar = *archive::gzip_compress("no tar at all");
    std::string huge = good;
    huge.replace(8 + 48, 10, "9999999999");
    std::string no_number = good;
    no_number.replace(8 + 48, 10, "-5        ");
    const std::string no_control = *archive::gzip_compress(make_tar({file_at("./md5sums", "")}));
    const std::vector<std::pair<std::string, ErrorCode>> cases = {
        {"", ErrorCode::invalid_data},
        {"!<arch>\n", ErrorCode::invalid_data},
        {good.substr(0, 40), ErrorCode::invalid_data},
        {good.substr(0, good.size() / 2), ErrorCode::invalid_data},
        {"PK" + good, ErrorCode::invalid_data},
        {huge, ErrorCode::invalid_data},
        {no_number, ErrorCode::invalid_data},
        {make_ar({{"debian-binary", "2.0\n"}, {"data.tar", ""}}), ErrorCode::invalid_data},
        {make_ar(
             {{"debian-binary", "3.0\n"}, {"control.tar.gz", gzipped_control()}, {"data.tar", ""}}
         ),
         ErrorCode::unsupported},
        {make_ar({{"debian-binary", "2.0\n"}, {"control.tar.gz", bad_tar}, {"data.tar", ""}}),
         ErrorCode::invalid_data},
        {make_ar({{"debian-binary", "2.0\n"}, {"control.tar.gz", "\x1f\x8b\x08"}, {"data.tar", ""}}
         ),
         ErrorCode::invalid_data},
        {make_ar({{"debian-binary", "2.0\n"}, {"control.tar.gz", no_control}, {"data.tar", ""}}),
         ErrorCode::invalid_data},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        CAPTURE(i);
        const auto deb = open_bytes(directory, cases[i].first);
        REQUIRE(!deb);
        CHECK(deb.error().code() == cases[i].second);
        CHECK(deb.error().message().find("x.deb") != std::string::npos);
    }
}

TEST_CASE("deb: a data member that ends early is an error", "[seed][deb]") {
    const TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "deb-test-"));
    const std::string tar = make_tar({file_at("./x", std::string(5000, 'x'))});
    const std::string bytes = make_ar(
        {{"debian-binary", "2.0\n"},
         {"control.tar.gz", gzipped_control()},
         {"data.tar", tar.substr(0, 3000)}}
    );
    const auto deb = open_bytes(directory, bytes);
    REQUIRE(deb);
    const auto visit = [](const archive::TarEntry&, archive::TarReader&) -> Result<void> {
        return {};
    };
    CHECK(!deb->read_data(visit));
}

TEST_CASE("deb: a control paragraph that is none is refused", "[seed][deb]") {
    const auto* text = GENERATE(" continuation first\n", "no colon\n", ": value\n", "A: 1\na: 2\n");
    CAPTURE(text);
    CHECK(!ControlFields::parse(text));
}

TEST_CASE("deb: paragraphs are apart by empty lines", "[seed][deb]") {
    const auto paragraphs = seed::parse_paragraphs("A: 1\n\n\nA: 2\nB: 3\n");
    REQUIRE(paragraphs);
    REQUIRE(paragraphs->size() == 2);
    CHECK((*paragraphs)[1].value("b") == "3");
}
