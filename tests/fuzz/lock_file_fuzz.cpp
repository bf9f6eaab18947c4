// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/lock_file.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern::repository;

/// What was read is printed and read to the same again; what can be opened stays in its repository.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto lock = LockFile::parse({reinterpret_cast<const char*>(data), size});
    if (!lock) {
        return 0;
    }
    const std::string text = lock->to_string();
    const auto again = LockFile::parse(text);
    QUERN_ASSERT(again.has_value());
    QUERN_ASSERT(again->to_string() == text && differences(*lock, *again).empty());
    for (const LockedPackage& package : lock->packages) {
        const std::string directory = package.directory_architecture();
        QUERN_ASSERT(directory.find('/') == std::string::npos && !directory.starts_with('.'));
        QUERN_ASSERT(package.name.find('/') == std::string::npos);
        QUERN_ASSERT(package.version.find('/') == std::string::npos);
        static_cast<void>(select_locked(*lock, directory, {}));
    }
    return 0;
}
