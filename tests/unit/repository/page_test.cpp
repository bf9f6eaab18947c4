// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/page.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;

namespace {

apk::IndexEntry entry_of(const std::string& name, const std::string& version) {
    apk::IndexEntry entry;
    entry.name = name;
    entry.version = version;
    entry.file_size = 2048;
    entry.description = "about " + name;
    entry.provides = {"cmd:" + name + "=" + version};
    return entry;
}

std::string page_of(std::vector<apk::IndexEntry> entries) {
    apk::Index index;
    index.entries = std::move(entries);
    return make_page(
        index,
        {.repository_url = "https://user:canary@example.org/os",
         .architecture = "x86_64",
         .key_name = "team.rsa.pub"}
    );
}

}  // namespace

TEST_CASE("page: it says how to use the repository", "[repository][page]") {
    const std::string page = page_of({entry_of("hello", "1-r0")});
    CHECK_THAT(
        page,
        Catch::Contains("wget -O /etc/apk/keys/team.rsa.pub https://example.org/os/team.rsa.pub") &&
            Catch::Contains("echo https://example.org/os &gt;&gt; /etc/apk/repositories")
    );
    CHECK_THAT(page, !Catch::Contains("canary"));
    CHECK_THAT(page, Catch::Contains("2.0 KiB") && Catch::Contains("cmd:hello=1-r0"));
    CHECK_THAT(page, Catch::Contains("href=\"hello-1-r0.apk\""));
}

TEST_CASE("page: names in order, newest versions first", "[repository][page]") {
    const std::string page =
        page_of({entry_of("b", "1-r0"), entry_of("a", "9-r0"), entry_of("a", "10-r0")});
    const std::size_t newest = page.find("id=\"a-10-r0\"");
    const std::size_t older = page.find("id=\"a-9-r0\"");
    const std::size_t last = page.find("id=\"b-1-r0\"");
    REQUIRE(last != std::string::npos);
    CHECK(newest < older);
    CHECK(older < last);
}

TEST_CASE("page: nothing of a package is markup or a script", "[repository][page]") {
    apk::IndexEntry entry = entry_of("x", "1-r0");
    entry.description = "<script>alert('1')</script>\x1b[31m\"&";
    entry.url = "javascript:alert(1)";
    entry.provides = {"<img src=x onerror=alert(2)>"};
    const std::string page = page_of({entry});
    CHECK_THAT(page, !Catch::Contains("<script") && !Catch::Contains("<img"));
    CHECK_THAT(page, !Catch::Contains("javascript:") && !Catch::Contains("\x1b"));
    CHECK_THAT(page, Catch::Contains("&lt;script&gt;alert(&#39;1&#39;)"));
    CHECK_THAT(page, Catch::Contains("default-src 'none'"));
    entry.url = "https://example.org/\"onclick=\"x";
    CHECK_THAT(page_of({entry}), Catch::Contains("https://example.org/&quot;onclick=&quot;x"));
}
