// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/unpack_image.hpp"

#include "archive/extract_stream.hpp"
#include "archive/tar_reader.hpp"
#include "archive/tree_unpacker.hpp"
#include "image/stored_paths.hpp"
#include "rootfs/guest_tree.hpp"
#include "support/atomic_file.hpp"
#include "support/beneath.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::image {
namespace {

using archive::TarEntry;
using archive::TarType;

/// Owners and modes are set when a layer is complete: before, they would keep us out.
struct Pending {
    std::string path;
    rootfs::Attributes attributes;
};

class LayerUnpacker {
 public:
    LayerUnpacker(const FileTree& tree, const GuestIds& ids, UnpackReport& report)
        : tree_(tree), guest_(tree.fd(), ids), unpacker_(tree, ids), report_(report) {}

    Result<void> add(const TarEntry& entry, archive::TarReader& reader) {
        const std::string path = plain_path(entry.path);
        if (path.empty()) {
            return {};
        }
        if (!is_confined_path(path)) {
            return refused(entry.path, "this path leaves the image");
        }
        if (const auto gone = whiteout_of(path)) {
            return remove(*gone);
        }
        if (entry.type != TarType::directory) {
            QUERN_CHECK(clear_directory(path));
        }
        return add_at({path, entry.mode, entry.mtime}, entry, reader);
    }

    Result<void> finish() {
        QUERN_CHECK(unpacker_.finish());
        // Children first: a directory's mode may close it.
        for (auto each = pending_.rbegin(); each != pending_.rend(); ++each) {
            QUERN_TRY(const auto place, guest_.open_parent(each->path));
            // What is there now may be another thing than the entry made: a link must not be
            // followed out of the tree.
            struct stat present = {};
            const int parent = place.first.get();
            if (::fstatat(parent, place.second.c_str(), &present, AT_SYMLINK_NOFOLLOW) != 0) {
                continue;  // a later entry took it away
            }
            QUERN_CHECK(guest_.set_attributes(
                parent, place.second, each->attributes, S_ISLNK(present.st_mode)
            ));
        }
        return {};
    }

 private:
    static Error refused(std::string_view path, std::string_view why) {
        return {ErrorCode::invalid_data, fmt::format("'{}': {}", printable(path), why)};
    }

    /// A layer may put a file where one below has a directory.
    Result<void> clear_directory(const std::string& path) {
        const auto present = tree_.status(path);
        return present && S_ISDIR(present->st_mode) ? tree_.remove(path) : Result<void>();
    }

    Result<void> remove(const Whiteout& gone) {
        if (!gone.is_opaque) {
            return gone.path.empty() ? Result<void>() : tree_.remove(gone.path);
        }
        if (gone.path.empty()) {
            return remove_all(tree_);
        }
        const auto directory = tree_.subtree(gone.path);
        return directory ? remove_all(*directory) : Result<void>();
    }

    static Result<void> remove_all(const FileTree& directory) {
        QUERN_TRY(const std::vector<std::string> names, list_names(directory.fd()));
        for (const std::string& name : names) {
            QUERN_CHECK(directory.remove(name));
        }
        return {};
    }

    Result<void> add_at(
        const archive::UnpackedEntry& place, const TarEntry& entry, archive::TarReader& reader
    ) {
        ++report_.files;
        switch (entry.type) {
            case TarType::directory:
                QUERN_CHECK(unpacker_.add_directory(place));
                break;
            case TarType::symlink:
                QUERN_CHECK(unpacker_.add_symlink(place, entry.link_target));
                break;
            case TarType::hard_link:
                return unpacker_.add_hard_link(place, plain_path(entry.link_target));
            case TarType::file:
                QUERN_CHECK(unpacker_.add_file(place, [&](int fd) {
                    return copy_content(reader, fd);
                }));
                break;
            case TarType::character_device:
            case TarType::block_device:
            case TarType::fifo:
                --report_.files;
                ++report_.devices;
                return {};
        }
        pending_.push_back({place.path, {entry.uid, entry.gid, entry.mode, entry.mtime}});
        return {};
    }

    static Result<void> copy_content(archive::TarReader& reader, int fd) {
        std::string buffer(std::size_t{64} << 10U, '\0');
        for (;;) {
            QUERN_TRY(const std::size_t count, reader.read(buffer));
            if (count == 0) {
                return {};
            }
            QUERN_CHECK(write_all(fd, std::string_view(buffer).substr(0, count)));
        }
    }

    const FileTree& tree_;
    rootfs::GuestTree guest_;
    archive::TreeUnpacker unpacker_;
    UnpackReport& report_;
    std::vector<Pending> pending_;
};

}  // namespace

Result<UnpackReport> unpack_image(
    const StoredImage& image, const FileTree& tree, const UnpackOptions& options
) {
    UnpackReport report;
    EntryCount count(options.limits);
    for (const StoredLayer& layer : image.layers()) {
        QUERN_CHECK(check_layer(layer));
        QUERN_TRY(
            const auto tar,
            archive::InflatedRange::open(
                {layer.file->get(), layer.offset, layer.size}, options.limits
            )
        );
        archive::TarReader reader(*tar);
        LayerUnpacker unpacker(tree, options.ids, report);
        for (;;) {
            QUERN_CHECK(options.cancel.check());
            QUERN_TRY(const auto entry, reader.next());
            if (!entry) {
                break;
            }
            QUERN_CHECK(count.add());
            QUERN_CHECK(unpacker.add(*entry, reader));
        }
        QUERN_CHECK(unpacker.finish());
    }
    return report;
}

}  // namespace quern::image
