// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/ownership_calls.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <linux/audit.h>

#include <initializer_list>

using quern::sandbox::decode_ownership_call;
using quern::sandbox::OwnershipCall;

#if defined(__x86_64__)
namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr std::uint64_t address = 0x7F00'1234'5678;

std::optional<OwnershipCall> decoded(
    std::uint32_t architecture, int number, std::initializer_list<std::uint64_t> arguments
) {
    seccomp_data data = {};
    data.arch = architecture;
    data.nr = number;
    std::copy(arguments.begin(), arguments.end(), data.args);
    return decode_ownership_call(data);
}

}  // namespace

TEST_CASE("ownership calls: a path is followed by chown only", "[sandbox][ownership_calls]") {
    const auto chown = decoded(AUDIT_ARCH_X86_64, 92, {address, 1000, 50});
    REQUIRE(chown);
    CHECK(chown->path == address);
    CHECK(chown->descriptor == AT_FDCWD);
    CHECK(chown->follows);
    CHECK_FALSE(chown->may_be_empty);
    CHECK((chown->uid == 1000U && chown->gid == 50U));
    const auto lchown = decoded(AUDIT_ARCH_X86_64, 94, {address, 1000, 50});
    REQUIRE(lchown);
    CHECK_FALSE(lchown->follows);
}

TEST_CASE("ownership calls: fchown names a descriptor and no path", "[sandbox][ownership_calls]") {
    const auto call = decoded(AUDIT_ARCH_X86_64, 93, {7, all, 50});
    REQUIRE(call);
    CHECK(call->descriptor == 7);
    CHECK_FALSE(call->path);
    CHECK_FALSE(call->uid);
    CHECK(call->gid == 50U);
}

TEST_CASE("ownership calls: fchownat by its flags", "[sandbox][ownership_calls]") {
    const auto [flags, is_known, follows, may_be_empty] =
        GENERATE(table<std::uint64_t, bool, bool, bool>({
            {0, true, true, false},
            {AT_SYMLINK_NOFOLLOW, true, false, false},
            {AT_EMPTY_PATH, true, true, true},
            {AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, true, false, true},
            {AT_SYMLINK_FOLLOW, false, false, false},
            {0x8000'0000, false, false, false},
            {0xFF'0000'0000, true, true, false},  // the kernel looks at 32 bits
        }));
    CAPTURE(flags);
    const auto call = decoded(
        AUDIT_ARCH_X86_64, 260, {static_cast<std::uint32_t>(AT_FDCWD), address, 1, 2, flags}
    );
    REQUIRE(call.has_value() == is_known);
    if (call) {
        CHECK(call->descriptor == AT_FDCWD);
        CHECK((call->path == address && call->uid == 1U && call->gid == 2U));
        CHECK(call->follows == follows);
        CHECK(call->may_be_empty == may_be_empty);
    }
}

TEST_CASE("ownership calls: short ids say by 65535 that they stay", "[sandbox][ownership_calls]") {
    const auto narrow = decoded(AUDIT_ARCH_I386, 182, {address, 0xFFFF, 0x1'0007});
    REQUIRE(narrow);
    CHECK_FALSE(narrow->uid);
    CHECK(narrow->gid == 7U);
    const auto wide = decoded(AUDIT_ARCH_I386, 212, {address, 0xFFFF, 0xFFFF'FFFF});
    REQUIRE(wide);
    CHECK(wide->uid == 0xFFFFU);
    CHECK_FALSE(wide->gid);
    CHECK_FALSE(decoded(AUDIT_ARCH_I386, 92, {address, 1, 1}));
}
#endif
