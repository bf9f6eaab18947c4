// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/package_tree.hpp"

#include "deb_samples.hpp"
#include "seed/computed_names.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace quern;
using namespace quern::seed;

namespace {

/// A tree as a foreign archive of `samples` makes it.
class Sample {
 public:
    explicit Sample(const std::vector<TarSample>& samples)
        : directory_(
              std::move(*TempDir::create(std::filesystem::temp_directory_path(), "tree-test-"))
          ),
          tree(directory_.path()) {
        result = fill(make_tar(samples));
    }

    std::string listing() {
        std::string text;
        REQUIRE(tree.for_each(
            [&](const archive::TarEntry& entry, std::string_view content) -> Result<void> {
                static constexpr std::string_view kinds = "fhlcbdp";
                text += fmt::format(
                    "{} {:o} {}",
                    kinds[static_cast<std::size_t>(entry.type)],
                    entry.mode,
                    entry.path
                );
                text += entry.link_target.empty() ? std::string() : " -> " + entry.link_target;
                text += content.empty() ? std::string() : fmt::format(" '{}'", content);
                text += "\n";
                return {};
            }
        ));
        return text;
    }

 private:
    TempDir directory_;
    Result<void> fill(const std::string& bytes) {
        archive::StringSource source(bytes);
        archive::TarReader tar(source);
        while (true) {
            QUERN_TRY(const auto entry, tar.next());
            if (!entry) {
                return tree.finish();
            }
            QUERN_CHECK(tree.add(*entry, tar));
        }
    }

 public:
    PackageTree tree;
    Result<void> result;
};

}  // namespace

TEST_CASE("package_tree: top directories are merged into usr, in order", "[seed][package_tree]") {
    Sample sample({
        directory_at("bin"),
        file_at("bin/b", "bee", 0755),
        directory_at("lib64"),
        link_to("lib64/ld.so.2", "/lib/x/ld.so.2"),
        directory_at("usr"),
        directory_at("usr/bin"),
        file_at("usr/bin/a", "ay", 04755),
    });
    REQUIRE(sample.result);
    CHECK(
        sample.listing() ==
        "d 755 usr\n"
        "d 755 usr/bin\n"
        "f 4755 usr/bin/a 'ay'\n"
        "f 755 usr/bin/b 'bee'\n"
        "d 755 usr/lib64\n"
        "l 777 usr/lib64/ld.so.2 -> /lib/x/ld.so.2\n"
    );
}

TEST_CASE("package_tree: missing directories are made", "[seed][package_tree]") {
    Sample sample({file_at("etc/a/b", "x")});
    REQUIRE(sample.result);
    CHECK(sample.listing() == "d 755 etc\nd 755 etc/a\nf 644 etc/a/b 'x'\n");
}

TEST_CASE("package_tree: links that moved still lead to the same file", "[seed][package_tree]") {
    Sample sample({
        link_to("bin/near", "other"),
        link_to("lib/x/up", "../y"),
        link_to("bin/out", "../etc/tool"),
        link_to("bin/self", "/usr/bin/self"),
        link_to("usr/bin/also", "/bin/also"),
    });
    REQUIRE(sample.result);
    CHECK(
        sample.listing() ==
        "d 755 usr\nd 755 usr/bin\n"
        "l 777 usr/bin/near -> other\n"
        "l 777 usr/bin/out -> /etc/tool\n"
        "d 755 usr/lib\nd 755 usr/lib/x\n"
        "l 777 usr/lib/x/up -> ../y\n"
    );
}

TEST_CASE("package_tree: of hard links the first in order is the file", "[seed][package_tree]") {
    Sample sample(
        {file_at("usr/bin/m", "same", 0755),
         hard_link_to("usr/bin/z", "./usr/bin/m"),
         hard_link_to("bin/a", "usr/bin/z")}
    );
    REQUIRE(sample.result);
    CHECK(
        sample.listing() ==
        "d 755 usr\nd 755 usr/bin\n"
        "f 755 usr/bin/a 'same'\n"
        "h 755 usr/bin/m -> usr/bin/a\n"
        "h 755 usr/bin/z -> usr/bin/a\n"
    );
}

TEST_CASE(
    "package_tree: a file wins over a compatibility link of its name", "[seed][package_tree]"
) {
    Sample sample({file_at("bin/x", "text"), link_to("usr/bin/x", "elsewhere")});
    REQUIRE(sample.result);
    CHECK_THAT(sample.listing(), Catch::Contains("f 644 usr/bin/x 'text'"));
}

TEST_CASE("package_tree: devices are passed over", "[seed][package_tree]") {
    TarSample device = file_at("dev/null", "");
    device.entry.type = archive::TarType::character_device;
    Sample sample({device});
    REQUIRE(sample.result);
    CHECK(sample.listing().empty());
}

TEST_CASE("package_tree: hostile entries are refused", "[seed][package_tree]") {
    const auto samples = GENERATE(
        std::vector<TarSample>{file_at("../x", "")},
        std::vector<TarSample>{file_at("/etc/x", "")},
        std::vector<TarSample>{file_at("a/../../x", "")},
        std::vector<TarSample>{file_at("x", "1"), file_at("x", "2")},
        std::vector<TarSample>{file_at("bin/x", "1"), file_at("usr/bin/x", "2")},
        std::vector<TarSample>{hard_link_to("x", "nowhere")},
        std::vector<TarSample>{hard_link_to("x", "y"), hard_link_to("y", "x")},
        std::vector<TarSample>{link_to("x", "/etc"), file_at("x/passwd", "")},
        std::vector<TarSample>{link_to("l", "t"), hard_link_to("x", "l")}
    );
    Sample sample(samples);
    REQUIRE(!sample.result);
    CHECK(sample.result.error().code() == ErrorCode::invalid_data);
}

TEST_CASE(
    "content_spool: what does not fit in memory comes back from disk", "[seed][content_spool]"
) {
    const TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "spool-test-"));
    ContentSpool spool(directory.path(), 10);
    const auto small = spool.add("12345");
    const auto large = spool.add("a long text on disk");
    const auto empty = spool.add("");
    REQUIRE((small && large && empty));
    CHECK(large->is_on_disk);
    CHECK(*spool.view(*large) == "a long text on disk");
    const auto later = spool.add("another text on disk");
    REQUIRE(later);
    CHECK(*spool.view(*small) == "12345");
    CHECK(*spool.view(*later) == "another text on disk");
    CHECK(*spool.view(*large) == "a long text on disk");
    CHECK(spool.view(*empty)->empty());
}

TEST_CASE(
    "computed_names: libraries, commands and pkg-config files are provided",
    "[seed][computed_names]"
) {
    Sample sample({
        file_at("usr/bin/tool", "#!/bin/sh\n", 0755),
        file_at("usr/bin/private", "", 0750),
        link_to("usr/bin/link", "tool"),
        file_at("usr/libexec/hidden", "", 0755),
        file_at(
            "lib/x86_64-linux-gnu/libdemo.so.1.2", make_shared_object("libdemo.so.1", {"libc.so.6"})
        ),
        link_to("lib/x86_64-linux-gnu/libdemo.so.1", "libdemo.so.1.2"),
        file_at("usr/lib/libodd.so", make_shared_object("libodd-2.so", {})),
        file_at("usr/lib/demo/libplugin.so.1", make_shared_object("libplugin.so.1", {})),
        file_at("usr/lib/libtext.so", "INPUT(libdemo.so)"),
        file_at("usr/lib/x86_64-linux-gnu/pkgconfig/demo.pc", ""),
        file_at("usr/share/pkgconfig/data.pc", ""),
        file_at("usr/share/other/no.pc", ""),
    });
    REQUIRE(sample.result);
    const auto names = computed_names(sample.tree, "1.2-r0", "x86_64-linux-gnu");
    REQUIRE(names);
    CHECK(
        *names ==
        std::set<std::string>{
            "cmd:tool=1.2-r0",
            "pc:data=1.2-r0",
            "pc:demo=1.2-r0",
            "so:libdemo.so.1=1",
            "so:libodd-2.so=0"}
    );
}
