// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_status.hpp"

namespace quern::cli {
namespace {

constexpr StatusMeaning meanings[] = {
    {0, "done"},
    {1, "the recipe is wrong, or no packages are what it asks for"},
    {status_usage, "the call is wrong"},
    {3, "a step failed; its own status is in the message"},
    {4, "the machine, the network or a file failed"},
    {5, "a signature or checksum is wrong"},
    {status_internal, "internal error"},
    {130, "interrupted"},
};

}  // namespace

int exit_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_recipe:
        case ErrorCode::unsatisfiable:
            return 1;
        case ErrorCode::usage:
            return status_usage;
        case ErrorCode::step_failed:
            return 3;
        case ErrorCode::io:
        case ErrorCode::not_found:
        case ErrorCode::invalid_data:
        case ErrorCode::sandbox:
        case ErrorCode::network:
        case ErrorCode::limit:
        case ErrorCode::unsupported:
            return 4;
        case ErrorCode::digest_mismatch:
        case ErrorCode::signature:
            return 5;
        case ErrorCode::interrupted:
            return 130;
    }
    return status_internal;
}

std::span<const StatusMeaning> status_meanings() {
    return meanings;
}

}  // namespace quern::cli
