// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/layer_writer.hpp"

#include "archive/gzip_writer.hpp"
#include "archive/hashing_sink.hpp"
#include "archive/tar_writer.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

namespace quern::image {
namespace {

std::string name_of(const std::map<std::uint32_t, std::string>& names, std::uint32_t id) {
    const auto name = names.find(id);
    return name == names.end() ? std::string() : name->second;
}

/// Gives further names of a file their targets. A link must follow what it links to, and names are
/// written in order: the first of them takes the content, whichever the package gave it.
class LinkTargets {
 public:
    /// What `planned` is to be a link to; empty where it is to be the file. Call it in order.
    std::string target_of(const LayerEntry& planned) {
        const std::string& file = planned.link_path.empty() ? planned.path : planned.link_path;
        const auto [holder, is_first] = holders_.emplace(file, planned.path);
        return is_first ? std::string() : holder->second;
    }

 private:
    std::map<std::string, std::string>
        holders_;  ///< path of a file → the name that has its content
};

archive::TarEntry header_of(
    const LayerEntry& planned, const std::string& link_path, const AccountNames& names
) {
    const Inode& inode = *planned.inode;
    archive::TarEntry entry;
    entry.path = planned.path;
    entry.type = inode.type;
    entry.link_target = inode.link_target;
    entry.mode = inode.mode;
    entry.mtime = planned.mtime;
    entry.device_major = inode.device_major;
    entry.device_minor = inode.device_minor;
    if (inode.is_file()) {
        entry.size = planned.has_text ? planned.text.size() : inode.content.size_bytes();
    }
    if (!link_path.empty()) {
        entry.type = archive::TarType::hard_link;
        entry.link_target = link_path;
        entry.size = 0;
    } else if (inode.is_file() || inode.is_directory()) {
        entry.records = inode.xattrs;
    }
    entry.uid = inode.uid;
    entry.gid = inode.gid;
    entry.user_name = name_of(names.users, inode.uid);
    entry.group_name = name_of(names.groups, inode.gid);
    return entry;
}

}  // namespace

Result<void> write_layer_tar(
    const LayerPlan& plan, const AccountNames& names, const Spool& spool, archive::ByteSink& sink
) {
    archive::TarWriter writer(sink, archive::TarForm::layer);
    LinkTargets links;
    for (const LayerEntry& planned : plan) {
        const std::string link_path =
            planned.inode->is_file() ? links.target_of(planned) : std::string();
        const archive::TarEntry entry = header_of(planned, link_path, names);
        QUERN_CHECK(writer.add(entry));
        if (entry.type != archive::TarType::file || entry.size == 0) {
            continue;
        }
        const FileContent& content = planned.inode->content;
        if (planned.has_text || !content.is_spooled) {
            QUERN_CHECK(writer.write_content(planned.has_text ? planned.text : content.text));
        } else {
            QUERN_CHECK(spool.read_at(content.offset, content.size, [&](std::string_view bytes) {
                return writer.write_content(bytes);
            }));
        }
    }
    return writer.finish_with_end_blocks();
}

Result<LayerDigests> write_layer(
    const LayerPlan& plan,
    const AccountNames& names,
    const Spool& spool,
    ThreadPool& pool,
    archive::ByteSink& file
) {
    archive::HashingSink compressed(file);
    archive::GzipWriter gzip(compressed, {.level = 0, .pool = &pool});
    archive::HashingSink tar(gzip);
    QUERN_CHECK(write_layer_tar(plan, names, spool, tar));
    QUERN_CHECK(gzip.finish());
    LayerDigests digests;
    digests.diff_id = tar.digest();
    digests.digest = compressed.digest();
    digests.size = compressed.size();
    return digests;
}

}  // namespace quern::image
