// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/go_format.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace quern;
using recipe::Value;

namespace {

std::string formatted(const std::string& format, std::vector<Value> values = {}) {
    auto text = recipe::go::printf(format, values);
    return text ? *text : text.error().message();
}

const Value name = Value::borrowed("d\xC3\xA9mo");
const Value four = Value(std::int64_t{4});
const Value less = Value(std::int64_t{-255});

}  // namespace

TEST_CASE("go_format: verbs, widths and flags follow Go's fmt", "[recipe][go_format]") {
    CHECK(
        formatted("%s|%8s|%-8s|%.2s", {name, name, name, name}) ==
        "d\xC3\xA9mo|    d\xC3\xA9mo|d\xC3\xA9mo    |d\xC3\xA9"
    );
    CHECK(
        formatted(
            "%d %05d %+d %x %X %#x %o %b", {four, less, four, less, less, less, four, four}
        ) == "4 -0255 +4 -ff -FF -0xff 4 100"
    );
    CHECK(
        formatted(
            "%c %q %U %t",
            {Value(std::int64_t{97}), Value(std::int64_t{97}), Value(std::int64_t{97}), Value(true)}
        ) == "a 'a' U+0061 true"
    );
    CHECK(
        formatted("%v %.2f %e %g", {Value(1.0), Value(1.0), Value(1500.0), Value(1e-7)}) ==
        "1 1.00 1.500000e+03 1e-07"
    );
    CHECK(formatted("%*d|%-*d|%[2]d %[1]d", {four, four, four, four}) == "   4|4   |4 4");
    CHECK(
        formatted(
            "%v %d",
            {Value(std::chrono::nanoseconds(90'000'000'000)), Value(std::chrono::nanoseconds(5))}
        ) == "1m30s 5"
    );
    CHECK(formatted("%T %T %T", {name, four, Value(true)}) == "string int bool");
    CHECK(formatted("%+v %+d", {four, four}) == "4 +4");
    CHECK(formatted("100%% %x", {Value::borrowed("hi")}) == "100% 6869");
}

TEST_CASE("go_format: what does not fit is told in the text", "[recipe][go_format]") {
    CHECK(formatted("%d", {name}) == "%!d(string=d\xC3\xA9mo)");
    CHECK(formatted("%d %d", {four}) == "4 %!d(MISSING)");
    CHECK(formatted("%d", {four, name}) == "4%!(EXTRA string=d\xC3\xA9mo)");
    CHECK(formatted("%z %", {four}) == "%!z(int=4) %!(NOVERB)");
    CHECK(formatted("%[3]d", {four}) == "%!d(BADINDEX)");
    CHECK(formatted("%v %s", {Value(), Value()}) == "<nil> %!s(<nil>)");
    CHECK(formatted("%p", {four}) == "%p is not supported");
}

TEST_CASE("go_format: quotes take Go's escapes", "[recipe][go_format]") {
    CHECK(
        recipe::go::quote("a\"\\\n\t\x01\x7F\xFF\xC3\xA9\xE2\x80\xA8") ==
        "\"a\\\"\\\\\\n\\t\\x01\\x7f\\xff\xC3\xA9\\u2028\""
    );
}
