// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/emit.hpp"

#include "package/content.hpp"
#include "package/inspect.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quern::package {
namespace {

/// Files up to this size are read once, for packing and looking.
constexpr std::size_t piece_size = std::size_t{1} << 20U;

class Packer {
 public:
    Packer(const FileTree& root, Subject& subject, apk::DataSink& sink)
        : root_(root), subject_(subject), sink_(sink) {}

    Result<void> add(std::size_t index) {
        const archive::TarEntry& entry = subject_.entries()[index];
        if (entry.type != archive::TarType::file) {
            return sink_.add(entry);
        }
        QUERN_TRY(const UniqueFd file, root_.open_file(entry.path, O_NOFOLLOW));
        auto added =
            entry.size <= piece_size ? add_small(index, file.get()) : add_large(index, file.get());
        if (!added) {
            return std::move(added).error().context(fmt::format("packing {}", printable(entry.path))
            );
        }
        subject_.set_checksum(index, sink_.last_checksum());
        return {};
    }

 private:
    Result<void> add_small(std::size_t index, int fd) {
        const archive::TarEntry& entry = subject_.entries()[index];
        // One byte more than there should be: a file that grew is noticed by its size.
        buffer_.resize(entry.size + 1);
        std::size_t filled = 0;
        while (filled < buffer_.size()) {
            const ssize_t count = ::read(fd, buffer_.data() + filled, buffer_.size() - filled);
            if (count < 0) {
                const int error = errno;
                if (error == EINTR) {
                    continue;
                }
                return Error::system(error, "reading a file to pack");
            }
            if (count == 0) {
                break;
            }
            filled += static_cast<std::size_t>(count);
        }
        const std::string_view bytes = std::string_view(buffer_).substr(0, filled);
        QUERN_CHECK(sink_.add_file(entry, bytes));
        Content content(bytes);
        return look(index, content);
    }

    Result<void> add_large(std::size_t index, int fd) {
        const archive::TarEntry& entry = subject_.entries()[index];
        QUERN_CHECK(sink_.add_file(entry, fd));
        Content content(fd, entry.size);
        return look(index, content);
    }

    Result<void> look(std::size_t index, Content& content) {
        QUERN_TRY(auto facts, inspector_.look(subject_.entries()[index].path, content));
        subject_.set_facts(index, std::move(facts));
        return {};
    }

    const FileTree& root_;
    Subject& subject_;
    apk::DataSink& sink_;
    Inspector inspector_;
    std::string buffer_;
};

}  // namespace

Result<void> add_files(const FileTree& root, Subject& subject, apk::DataSink& sink) {
    Packer packer(root, subject, sink);
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        QUERN_CHECK(packer.add(i));
    }
    return {};
}

Result<apk::SpooledData> pack_data(
    const std::filesystem::path& directory,
    const FileTree& root,
    Subject& subject,
    const apk::PackageWriterOptions& options
) {
    const apk::DataWriter write_data = [&](apk::DataSink& sink) {
        return add_files(root, subject, sink);
    };
    return apk::spool_data(directory, write_data, options);
}

}  // namespace quern::package
