// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/content_spool.hpp"

#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace quern::seed {

ContentSpool::~ContentSpool() {
    unmap_file();
}

void ContentSpool::unmap_file() {
    if (mapping_ != nullptr) {
        ::munmap(mapping_, static_cast<std::size_t>(file_bytes_));
        mapping_ = nullptr;
    }
}

bool ContentSpool::fits_in_memory(std::uint64_t size) {
    if (size > memory_limit_ - memory_.size()) {
        return false;
    }
    // The whole is asked for at once: pages that are not written cost nothing, growing would copy.
    memory_.reserve(static_cast<std::size_t>(memory_limit_));
    return true;
}

Result<void> ContentSpool::open_file() {
    if (file_) {
        return {};
    }
    file_ = UniqueFd(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file_) {
        return Error::system(
            errno, fmt::format("making a temporary file in {}", directory_.string())
        );
    }
    return {};
}

Result<ContentSpool::Place> ContentSpool::add(std::string_view content) {
    unmap_file();
    if (fits_in_memory(content.size())) {
        const Place place{memory_.size(), content.size(), false};
        memory_.append(content);
        return place;
    }
    QUERN_CHECK(open_file());
    const Place place{file_bytes_, content.size(), true};
    QUERN_CHECK(write_all(file_.get(), content));
    file_bytes_ += content.size();
    return place;
}

Result<ContentSpool::Place> ContentSpool::add(archive::TarReader& content, std::uint64_t size) {
    unmap_file();
    if (fits_in_memory(size)) {
        const std::size_t start = memory_.size();
        memory_.resize(start + static_cast<std::size_t>(size));
        std::span<char> rest(memory_.data() + start, static_cast<std::size_t>(size));
        while (!rest.empty()) {
            QUERN_TRY(const std::size_t count, content.read(rest));
            if (count == 0) {
                return Error(ErrorCode::invalid_data, "a file of the archive ends early");
            }
            rest = rest.subspan(count);
        }
        return Place{start, size, false};
    }
    QUERN_CHECK(open_file());
    const Place place{file_bytes_, size, true};
    std::vector<char> buffer(std::size_t{256} << 10U);
    std::uint64_t left = size;
    while (left != 0) {
        QUERN_TRY(const std::size_t count, content.read(buffer));
        if (count == 0) {
            return Error(ErrorCode::invalid_data, "a file of the archive ends early");
        }
        QUERN_CHECK(write_all(file_.get(), std::string_view(buffer.data(), count)));
        left -= count;
    }
    file_bytes_ += size;
    return place;
}

Result<void> ContentSpool::map_file() {
    void* address = ::mmap(
        nullptr, static_cast<std::size_t>(file_bytes_), PROT_READ, MAP_SHARED, file_.get(), 0
    );
    if (address == MAP_FAILED) {
        return Error::system(errno, "mapping a temporary file");
    }
    mapping_ = address;
    return {};
}

Result<std::string_view> ContentSpool::view(const Place& place) {
    if (!place.is_on_disk) {
        return std::string_view(memory_).substr(
            static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.size)
        );
    }
    if (place.size == 0) {
        return std::string_view();
    }
    if (mapping_ == nullptr) {
        QUERN_CHECK(map_file());
    }
    return std::string_view(
        static_cast<const char*>(mapping_) + place.offset, static_cast<std::size_t>(place.size)
    );
}

}  // namespace quern::seed
