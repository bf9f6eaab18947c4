// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/unpack_image.hpp"

#include "archive/tar_writer.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using namespace quern;
using archive::TarEntry;
using archive::TarType;
namespace fs = std::filesystem;

namespace {

struct Member {
    TarType type = TarType::file;
    std::string path;
    std::string text = {};  ///< content, or where a link leads
    std::uint32_t mode = 0644;
};

std::string tar_of(const std::vector<Member>& members) {
    archive::StringSink sink;
    archive::TarWriter writer(sink);
    for (const Member& member : members) {
        TarEntry entry;
        entry.type = member.type;
        entry.path = member.path;
        entry.mode = member.mode;
        entry.mtime = 1'000'000'000;
        const bool is_link = member.type == TarType::symlink || member.type == TarType::hard_link;
        entry.link_target = is_link ? member.text : "";
        entry.size = member.type == TarType::file ? member.text.size() : 0;
        REQUIRE(writer.add(entry, member.type == TarType::file ? member.text : ""));
    }
    REQUIRE(writer.finish_with_end_blocks());
    return sink.take();
}

/// A folder with an archive of docker, what it is unpacked to, and something that must not change.
class Place {
 public:
    Place() {
        auto made = TempDir::create(fs::temp_directory_path(), "unpack-image-");
        REQUIRE(made);
        scratch_.emplace(std::move(*made));
        fs::create_directory(path() / "root");
        fs::create_directory(path() / "victim");
        REQUIRE(write_file_atomically(path() / "victim/file", "as it was", 0600));
    }
    fs::path path() const { return scratch_->path(); }
    fs::path root() const { return path() / "root"; }

    Result<image::UnpackReport> unpack(const std::vector<std::vector<Member>>& layers) const {
        std::vector<Member> members = {{TarType::file, "config.json", "{}"}};
        std::string names;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            members.push_back({TarType::file, fmt::format("{}.tar", i), tar_of(layers[i])});
            names += fmt::format("{}\"{}.tar\"", names.empty() ? "" : ",", i);
        }
        members.push_back(
            {TarType::file,
             "manifest.json",
             fmt::format("[{{\"Config\": \"config.json\", \"Layers\": [{}]}}]", names)}
        );
        REQUIRE(write_file_atomically(path() / "image.tar", tar_of(members)));
        const auto opened = image::StoredImage::open(path() / "image.tar", "");
        REQUIRE(opened);
        const auto tree = FileTree::open(root());
        REQUIRE(tree);
        const CancelToken cancel;
        archive::ExtractLimits limits;
        limits.entries = 15;
        return image::unpack_image(*opened, *tree, {{::geteuid(), 1}, limits, cancel});
    }

    bool is_victim_unharmed() const {
        struct stat status = {};
        REQUIRE(::stat((path() / "victim/file").c_str(), &status) == 0);
        const auto names = fs::directory_iterator(path() / "victim");
        return (status.st_mode & 07777U) == 0600 && status.st_mtime != 1'000'000'000 &&
               std::distance(begin(names), end(names)) == 1 &&
               *read_file(path() / "victim/file") == "as it was";
    }

 private:
    std::optional<TempDir> scratch_;
};

const Member bin = {TarType::directory, "bin", "", 0755};

}  // namespace

TEST_CASE(
    "unpack image: files, links, modes and times are those of the layers", "[image][unpack_image]"
) {
    const Place place;
    const auto report = place.unpack(
        {{bin,
          {TarType::file, "bin/a", "one", 04755},
          {TarType::hard_link, "bin/b", "bin/a"},
          {TarType::symlink, "bin/c", "a"},
          {TarType::character_device, "dev"}},
         {{TarType::file, "./bin/d", "two", 0600}}}
    );
    REQUIRE(report);
    CHECK(report->devices == 1);
    struct stat status = {};
    REQUIRE(::stat((place.root() / "bin/b").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 04755);
    CHECK(status.st_nlink == 2);
    CHECK(status.st_mtime == 1'000'000'000);
    CHECK(fs::read_symlink(place.root() / "bin/c") == "a");
    CHECK(*read_file(place.root() / "bin/d") == "two");
}

TEST_CASE(
    "unpack image: an upper layer takes away, and replaces of any kind", "[image][unpack_image]"
) {
    const Place place;
    const auto report = place.unpack(
        {{bin,
          {TarType::file, "bin/gone", "1"},
          {TarType::file, "bin/kept", "1"},
          {TarType::directory, "cleared", "", 0755},
          {TarType::file, "cleared/x", "1"},
          {TarType::directory, "was-folder/below", "", 0555},
          {TarType::file, "was-file", "1"}},
         {{TarType::file, "bin/.wh.gone", ""},
          {TarType::file, "cleared/.wh..wh..opq", ""},
          {TarType::file, "cleared/y", "2"},
          {TarType::file, "was-folder", "2"},
          {TarType::directory, "was-file", "", 0755}}}
    );
    INFO((report ? std::string() : report.error().message()));
    REQUIRE(report);
    CHECK(!fs::exists(place.root() / "bin/gone"));
    CHECK(fs::exists(place.root() / "bin/kept"));
    CHECK(!fs::exists(place.root() / "cleared/x"));
    CHECK(fs::exists(place.root() / "cleared/y"));
    CHECK(fs::is_regular_file(place.root() / "was-folder"));
    CHECK(fs::is_directory(place.root() / "was-file"));
}

TEST_CASE("unpack image: no path leads outside", "[image][unpack_image]") {
    const std::string path =
        GENERATE("../x", "bin/../../x", "a//b", "bin/..", "./../x", "a/./b", "bin/.wh...");
    CAPTURE(path);
    const Place place;
    const auto report = place.unpack({{bin, {TarType::file, path, "evil"}}});
    CHECK(!report);
    CHECK(!fs::exists(place.path() / "x"));
    CHECK(fs::exists(place.path() / "victim/file"));
}

TEST_CASE(
    "unpack image: nothing is written, changed or removed through a link", "[image][unpack_image]"
) {
    const Place place;
    const bool is_absolute = GENERATE(true, false);
    const std::string target = is_absolute ? (place.path() / "victim").string() : "../victim";
    const Member link = {TarType::symlink, "out", target};
    const auto second = GENERATE(
        Member{TarType::file, "out/new", "evil"},
        Member{TarType::directory, "out/new", "", 0777},
        Member{TarType::symlink, "out/new", "x"},
        Member{TarType::file, "out/.wh.file", ""},
        Member{TarType::file, "out/.wh..wh..opq", ""},
        Member{TarType::hard_link, "copy", "out/file"}
    );
    CAPTURE(target, second.path);
    const bool in_one_layer = GENERATE(true, false);
    // Some are refused, some find nothing to do; none does harm.
    std::ignore = in_one_layer ? place.unpack({{link, second}}) : place.unpack({{link}, {second}});
    CHECK(place.is_victim_unharmed());
}

TEST_CASE(
    "unpack image: a mode is not set through a link that came later", "[image][unpack_image]"
) {
    const Place place;
    const std::string victim = (place.path() / "victim/file").string();
    const auto report = place.unpack(
        {{{TarType::directory, "usr/lib", "", 0755},
          {TarType::symlink, "lib", "usr/lib"},
          {TarType::file, "usr/lib/x", "1", 04777},
          {TarType::symlink, "lib/x", victim},
          {TarType::file, "y", "1", 04777},
          {TarType::symlink, "y", victim}}}
    );
    REQUIRE(report);
    CHECK(fs::is_symlink(place.root() / "usr/lib/x"));
    CHECK(place.is_victim_unharmed());
}

TEST_CASE("unpack image: entries are counted over all layers", "[image][unpack_image]") {
    const Place place;
    const std::vector<Member> ten(10, bin);
    REQUIRE(place.unpack({ten}));
    const auto report = place.unpack({ten, ten});
    REQUIRE(!report);
    CHECK(report.error().code() == ErrorCode::limit);
    CHECK(report.error().help().find("--max-archive-entries") != std::string::npos);
}
