// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/data_section.hpp"
#include "apk/package_v3.hpp"
#include "apk/package_writer.hpp"
#include "apk/signature_section.hpp"
#include "quern/package_file.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>

namespace quern::apk {

Result<void> sign_package(const std::filesystem::path& path, const Signer& key) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int error = errno;
        return Error::system(error, fmt::format("opening {}", printable(path.string())));
    }
    const int second = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
    if (second < 0) {
        const int error = errno;
        return Error::system(error, fmt::format("opening {}", printable(path.string())));
    }
    auto package = PackageFile::open_fd(second);
    if (!package) {
        return std::move(package).error();
    }
    // A signature says that its maker stands for the package: a damaged one gets none.
    QUERN_CHECK(package->verify_data());
    const PackageHead& head = package->head();
    if (head.control_bytes.empty()) {
        return sign_package_v3(path, fd.get(), key);
    }
    SignedDigests digests;
    digests.update(head.control_bytes);
    QUERN_TRY(const Signature signature, key.sign(digests));
    PackageParts parts{
        .control = head.control_bytes,
        .data_fd = fd.get(),
        .data_offset = head.data_offset,
        .data_size = head.file_size - head.data_offset,
    };
    QUERN_TRY(parts.signature, make_signature_section(signature, head.control_mtime));
    return assemble_package(path, parts);
}

}  // namespace quern::apk
