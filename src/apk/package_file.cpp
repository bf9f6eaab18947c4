// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A package of version 2 is three gzip members: signature, control, data (apk-format 1). The first
// two are small and read at once; the data section is streamed: file -> SHA-256 of the raw bytes ->
// inflate -> `visit_data`. Those of version 3 are read by `PackageV3`.
#include "quern/package_file.hpp"

#include "apk/data_visit.hpp"
#include "apk/file_source.hpp"
#include "apk/package_v3.hpp"
#include "apk/signature_section.hpp"
#include "archive/gzip_reader.hpp"
#include "archive/tar_entry.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarEntry;

constexpr std::string_view control_limit_flag = "raise the limit with --max-package-control-bytes";
constexpr std::string_view data_limit_flag =
    "raise the limit with --max-package-data-bytes or --max-package-entries";

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

Error with_flag(Error error, std::string_view section, std::string_view flag) {
    Error named = std::move(error).context(section);
    return named.code() == ErrorCode::limit ? std::move(named).help(std::string(flag)) : named;
}

Error with_next_move(Error error) {
    const bool is_damage =
        error.code() == ErrorCode::invalid_data || error.code() == ErrorCode::digest_mismatch;
    return is_damage && error.help().empty()
               ? std::move(error).help("the file is damaged: fetch or build it again")
               : std::move(error);
}

/// Reads the two small members in front.
class HeadReader {
 public:
    HeadReader(int fd, const PackageLimits& limits)
        : limits_(limits), source_(fd, 0), gzip_(source_, {.output_bytes = limits.control_bytes}) {}

    Result<PackageHead> read(std::uint64_t file_size);

 private:
    /// Inflated text of the next member; its raw bytes are in `raw_` then.
    Result<std::string> read_member();
    Result<void> take_control(std::string_view text);
    Result<void> take_control_file(const TarEntry& entry, std::string content);

    const PackageLimits& limits_;
    FileSource source_;
    archive::GzipReader gzip_;
    std::string raw_;
    PackageHead head_;
};

Result<std::string> HeadReader::read_member() {
    raw_.clear();
    QUERN_TRY(const bool any, gzip_.next_member());
    if (!any) {
        return invalid("the package ends before its control section");
    }
    std::string text;
    std::array<char, 8192> buffer;
    while (true) {
        QUERN_TRY(const std::size_t count, gzip_.read(buffer));
        if (count == 0) {
            return text;
        }
        text.append(buffer.data(), count);
        // Both sections hold files whose names begin with a dot: data that stand in their place are
        // not read on.
        if (!text.starts_with('.')) {
            return invalid("the package does not begin with a signature or control section");
        }
        // A gzip header has room for any amount of text that does not come out.
        if (raw_.size() > limits_.control_bytes) {
            return Error(
                ErrorCode::limit, fmt::format("more than {} bytes", limits_.control_bytes)
            );
        }
    }
}

Result<PackageHead> HeadReader::read(std::uint64_t file_size) {
    const std::uint64_t most = limits_.control_bytes;
    gzip_.set_raw_tap([this, most](std::string_view bytes) {
        if (raw_.size() <= most) {
            raw_.append(bytes);
        }
    });
    auto text = read_member();
    if (text && is_signature_name(*text)) {
        QUERN_TRY(head_.signatures, parse_signature_section(*text));
        head_.signature_bytes = std::move(raw_);
        text = read_member();
    }
    if (!text) {
        return with_flag(std::move(text).error(), "control section", control_limit_flag);
    }
    QUERN_CHECK(take_control(*text));
    head_.control_bytes = std::move(raw_);
    head_.checksum = "Q1" + digest_of(DigestKind::sha1, head_.control_bytes).base64();
    head_.data_offset = gzip_.source_offset();
    head_.file_size = file_size;
    if (head_.data_offset >= file_size) {
        return invalid("the package ends behind its control section: it has no data section");
    }
    return std::move(head_);
}

Result<void> HeadReader::take_control(std::string_view text) {
    const auto take = [this](const TarEntry& entry, std::string content) {
        return take_control_file(entry, std::move(content));
    };
    QUERN_CHECK(read_small_tar(text, "control", true, take));
    const auto info = head_.control_files.find(".PKGINFO");
    if (info == head_.control_files.end()) {
        return invalid("control section: no .PKGINFO");
    }
    QUERN_TRY(head_.info, PackageInfo::parse(info->second));
    if (head_.info.data_hash.empty()) {
        return invalid(".PKGINFO: no datahash: nothing says what the data section must be");
    }
    return {};
}

Result<void> HeadReader::take_control_file(const TarEntry& entry, std::string content) {
    const bool is_control = entry.path.starts_with('.') &&
                            entry.path.find('/') == std::string::npos && entry.path.size() > 1;
    if (!is_control || is_signature_name(entry.path)) {
        return invalid(fmt::format("control section: it holds '{}'", printable(entry.path)));
    }
    if (entry.path == ".PKGINFO") {
        head_.control_mtime = entry.mtime;
    }
    head_.control_files.emplace(entry.path, std::move(content));
    return {};
}

/// What is another file altogether gets no talk about sections.
Result<void> expect_gzip(int fd) {
    std::array<char, 2> head{};
    FileSource source(fd, 0);
    QUERN_TRY(const std::size_t count, source.read(head));
    if (std::string_view(head.data(), count) == "\x1f\x8b") {
        return {};
    }
    return invalid(count == 0 ? "an empty file, not a package" : "not a package (.apk)")
        .help("it was cut short on its way, or is another file: fetch or build it again");
}

}  // namespace

struct PackageFile::State {
    UniqueFd fd;
    PackageLimits limits;
    PackageHead head;
    std::optional<PackageV3> v3;  ///< of packages of version 3

    Result<void> read_data(const Visitor& visit) const;
};

Result<void> PackageFile::State::read_data(const Visitor& visit) const {
    if (v3) {
        return v3->read_data(fd.get(), limits, visit);
    }
    FileSource file(fd.get(), head.data_offset);
    archive::GzipReader gzip(file, {.output_bytes = limits.data_bytes});
    Hasher raw(DigestKind::sha256);
    gzip.set_raw_tap([&raw](std::string_view bytes) { raw.update(bytes); });
    auto any = gzip.next_member();
    if (!any || !*any) {
        return any ? invalid("no data section") : std::move(any).error().context("data section");
    }
    QUERN_CHECK(visit_data(gzip, limits, visit));
    QUERN_CHECK(gzip.skip_rest());
    if (head.data_offset + gzip.source_offset() != head.file_size) {
        return invalid("bytes or a further gzip member behind the data section, which apk 3 refuses"
        );
    }
    if (raw.finish().hex() != head.info.data_hash) {
        return Error(
            ErrorCode::digest_mismatch,
            "the data section is not the one that datahash in .PKGINFO names"
        );
    }
    return {};
}

PackageFile::PackageFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackageFile::PackageFile(PackageFile&&) noexcept = default;
PackageFile& PackageFile::operator=(PackageFile&&) noexcept = default;
PackageFile::~PackageFile() = default;

Result<PackageFile> PackageFile::open(
    const std::filesystem::path& path, const PackageLimits& limits
) {
    // A FIFO of that name must not stop us.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        const int error = errno;
        return Error::system(error, fmt::format("opening {}", printable(path.string())))
            .help("name the file of a package: `quern build` writes OUT_DIR/ARCH/NAME-VERSION.apk");
    }
    auto package = open_fd(fd, limits);
    if (!package) {
        return std::move(package).error().context(printable(path.string()));
    }
    return package;
}

const PackageLimits& PackageFile::limits() const {
    return state_->limits;
}

Result<PackageFile> PackageFile::open_fd(int fd, const PackageLimits& limits) {
    auto state = std::make_unique<State>();
    state->fd = UniqueFd(fd);
    state->limits = limits;
    struct stat status = {};
    if (::fstat(fd, &status) != 0) {
        const int error = errno;
        return Error::system(error, "looking at the package");
    }
    if (!S_ISREG(status.st_mode)) {
        return S_ISDIR(status.st_mode)
                   ? invalid("a directory, not a package")
                         .help("name the packages in it: DIR/*.apk")
                   : invalid("not a regular file").help("name the file of a package (.apk)");
    }
    const auto file_size = static_cast<std::uint64_t>(status.st_size);
    QUERN_TRY(const bool is_v3, is_package_v3(fd));
    if (is_v3) {
        auto v3 = PackageV3::read(fd, file_size, limits);
        if (!v3) {
            return with_next_move(
                with_flag(std::move(v3).error(), "package of version 3", control_limit_flag)
            );
        }
        state->v3 = std::move(*v3);
        QUERN_TRY(state->head, state->v3->head(file_size));
    } else {
        QUERN_CHECK(expect_gzip(fd));
        auto head = HeadReader(fd, limits).read(file_size);
        if (!head) {
            return with_next_move(std::move(head).error());
        }
        state->head = std::move(*head);
    }
    return PackageFile(std::move(state));
}

const PackageHead& PackageFile::head() const {
    return state_->head;
}

Result<std::string> PackageFile::verify_signature(const Keyring& keyring) const {
    SignedDigests digests;
    digests.update(head().control_bytes);
    auto key = state_->v3 ? state_->v3->verify_signature(keyring)
                          : keyring.verify(head().signatures, digests);
    if (!key) {
        return std::move(key).error().context(info().file_name());
    }
    return key;
}

Result<void> PackageFile::read_data(const Visitor& visit) const {
    auto read = state_->read_data(visit);
    if (!read) {
        return with_next_move(
            with_flag(std::move(read).error(), info().file_name(), data_limit_flag)
        );
    }
    return {};
}

Result<void> PackageFile::verify_data() const {
    return read_data({});
}

}  // namespace quern::apk
