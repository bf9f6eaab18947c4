// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"
#include "package/content.hpp"
#include "package/inspect.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace quern::package {
namespace {

/// Files up to this size are held in memory.
constexpr std::uint64_t largest_held = std::uint64_t{1} << 20U;
const std::string checksum_record = "APK-TOOLS.checksum.SHA1";

Result<UniqueFd> open_spool() {
    std::error_code failure;
    std::string name =
        (std::filesystem::temp_directory_path(failure) / "quern-look-XXXXXX").string();
    UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd) {
        const int error = errno;
        return Error::system(error, "making a temporary file");
    }
    ::unlink(name.c_str());
    return fd;
}

class PackageReader {
 public:
    Result<void> visit(const archive::TarEntry& entry, archive::TarReader& reader) {
        std::unique_ptr<FileFacts> facts;
        if (entry.type == archive::TarType::file) {
            QUERN_TRY(
                facts,
                entry.size <= largest_held ? look_in_memory(entry, reader)
                                           : look_on_disk(entry, reader)
            );
        }
        facts_.push_back(std::move(facts));
        tree_.entries.push_back(entry);
        return {};
    }

    Subject finish(const apk::PackageInfo& info) {
        tree_.installed_size = info.installed_size;
        Subject subject(info.name, std::move(tree_));
        for (std::size_t i = 0; i < facts_.size(); ++i) {
            subject.set_facts(i, std::move(facts_[i]));
            const std::string* checksum = subject.entries()[i].record(checksum_record);
            subject.set_checksum(i, checksum == nullptr ? std::string() : *checksum);
        }
        return subject;
    }

 private:
    Result<std::unique_ptr<FileFacts>> look_in_memory(
        const archive::TarEntry& entry, archive::TarReader& reader
    ) {
        QUERN_TRY(const std::string text, reader.read_all(largest_held));
        Content content(text);
        return inspector_.look(entry.path, content);
    }

    Result<std::unique_ptr<FileFacts>> look_on_disk(
        const archive::TarEntry& entry, archive::TarReader& reader
    ) {
        if (!spool_) {
            QUERN_TRY(spool_, open_spool());
        }
        if (::ftruncate(spool_.get(), 0) != 0 || ::lseek(spool_.get(), 0, SEEK_SET) != 0) {
            const int error = errno;
            return Error::system(error, "emptying a temporary file");
        }
        buffer_.resize(Content::largest_read);
        while (true) {
            QUERN_TRY(const std::size_t count, reader.read(buffer_));
            if (count == 0) {
                break;
            }
            QUERN_CHECK(write_all(spool_.get(), std::string_view(buffer_).substr(0, count)));
        }
        Content content(spool_.get(), entry.size);
        return inspector_.look(entry.path, content);
    }

    Inspector inspector_;
    Tree tree_;
    std::vector<std::unique_ptr<FileFacts>> facts_;
    UniqueFd spool_;
    std::string buffer_;
};

}  // namespace

Result<Subject> inspect_package(const apk::PackageFile& package) {
    PackageReader reader;
    QUERN_CHECK(package.read_data([&](const archive::TarEntry& entry, archive::TarReader& content) {
        return reader.visit(entry, content);
    }));
    return reader.finish(package.info());
}

}  // namespace quern::package
