// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/sandbox.hpp"

#include <catch2/catch.hpp>

TEST_CASE("sandbox: a finding that does not work has a cause and a fix", "[sandbox]") {
    const auto findings = quern::sandbox::examine_machine();
    REQUIRE(findings.size() >= 4);
    for (const auto& finding : findings) {
        CAPTURE(finding.subject, finding.detail);
        CHECK_FALSE(finding.subject.empty());
        CHECK_FALSE(finding.detail.empty());
        CHECK(finding.fix.empty() == finding.works);
    }
}
