// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A file is a table and behind it the SHA-256 of what the table was made of. It is looked into
// where it lies: reading a copy would be half of the time that a resolution takes.
#include "repository/index_table_cache.hpp"

#include "support/atomic_file.hpp"
#include "support/cache_directory.hpp"
#include "support/handle.hpp"
#include "support/unnamed_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::size_t digest_size = 32;
constexpr std::uint64_t largest_file = std::uint64_t{1} << 30U;
/// Of all tables together: some thousand repositories, or a hundred of the largest.
constexpr std::uint64_t size_limit = std::uint64_t{512} << 20U;

std::string_view text_of(const Digest& digest) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
    return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

/// Nobody else can have written it.
bool is_ours(const struct stat& status) {
    return S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022U) == 0;
}

/// A file in memory, as long as it is.
class Mapping {
 public:
    /// Empty if the file is not there, not ours or cannot be read.
    static std::shared_ptr<const Mapping> of(const std::filesystem::path& path) {
        const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct stat status = {};
        if (!fd || ::fstat(fd.get(), &status) != 0 || !is_ours(status) || status.st_size <= 0 ||
            static_cast<std::uint64_t>(status.st_size) > largest_file) {
            return std::make_shared<const Mapping>();
        }
        const auto size = static_cast<std::size_t>(status.st_size);
        void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
        return address == MAP_FAILED ? std::make_shared<const Mapping>()
                                     : std::make_shared<const Mapping>(address, size);
    }

    Mapping() = default;
    Mapping(void* address, std::size_t size) : address_(address), size_(size) {}
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (address_ != nullptr) {
            ::munmap(address_, size_);
        }
    }
    std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

 private:
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace

std::filesystem::path IndexTableCache::path_of(std::string_view place) const {
    return directory_ / digest_of(DigestKind::sha256, place).hex();
}

std::optional<apk::IndexTable> IndexTableCache::find(
    std::string_view place, const Digest& bytes, const apk::IndexLimits& limits
) const {
    const auto file = Mapping::of(path_of(place));
    std::string_view content = file->bytes();
    if (!content.ends_with(text_of(bytes))) {
        return std::nullopt;
    }
    content.remove_suffix(digest_size);
    return apk::IndexTable::from_bytes(file, content, limits);
}

void IndexTableCache::keep(
    std::string_view place, const Digest& bytes, const apk::IndexTable& table
) const {
    const auto file = make_unnamed_file(directory_);
    const auto append = [&file](std::string_view piece) { return write_all(file->get(), piece); };
    // Not flushed: a torn table is found like a damaged one.
    if (file && table.write(append) && append(text_of(bytes)) &&
        give_name(file->get(), path_of(place), {.is_durable = false})) {
        static_cast<void>(trim(directory_, size_limit));
    }
}

}  // namespace quern::repository
