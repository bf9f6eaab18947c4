// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/guest_changes.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::build {

TEST_CASE("guest changes: parts that only name binary files are left out", "[build]") {
    const std::string first = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n";
    const std::string binary =
        "diff --git a/o b/o\nnew file mode 100644\nBinary files /dev/null "
        "and b/o differ\n";
    const std::string last =
        "diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1,2 @@\n 1\n+Binary files a and b differ\n";
    CHECK(without_binary_files(first + binary + last) == first + last);
    CHECK(without_binary_files(binary) == "");
    CHECK(without_binary_files("") == "");
}

}  // namespace quern::build
