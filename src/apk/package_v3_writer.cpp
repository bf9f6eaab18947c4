// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The list of files stands in front and in another order than in a tar, so content waits in a file
// of its own: data section -> spool, SHA-256 -> list -> payload, signature -> content from the
// spool.
#include "apk/package_v3_writer.hpp"

#include "apk/adb_container.hpp"
#include "apk/adb_info.hpp"
#include "apk/adb_writer.hpp"
#include "apk/file_source.hpp"
#include "apk/package_v3.hpp"
#include "apk/script_names.hpp"
#include "apk/spool.hpp"
#include "archive/tar_reader.hpp"
#include "quern/index.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace quern::apk {

namespace {

using archive::TarEntry;
using archive::TarType;
using Value = AdbWriter::Value;

std::string_view text_of(const Digest& digest) {
    const auto bytes = digest.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file of the package and where its content waits.
struct Held {
    TarEntry entry;
    std::uint64_t offset = 0;  ///< in the spool
    Digest hash;               ///< of files and of what hard links lead to; of a link's text
};

/// Files of one directory by name.
struct Folder {
    TarEntry entry;
    std::map<std::string, Held, std::less<>> files;
};

/// What `package` holds, in the order of version 3: directories by path, files by name.
class Holding {
 public:
    explicit Holding(int spool_fd) : spool_fd_(spool_fd), spool_(spool_fd) {
        TarEntry root;
        root.type = TarType::directory;
        root.mode = 0755;
        folders_[""].entry = root;
    }

    Result<void> take_all(const PackageFile& package) {
        QUERN_CHECK(package.read_data([this](const TarEntry& entry, archive::TarReader& content) {
            return entry.path.starts_with('.') ? Result<void>() : take(entry, content);
        }));
        settle_links();
        return {};
    }

    const std::map<std::string, Folder, std::less<>>& folders() const { return folders_; }

    /// Calls `write` with the content of a file in pieces.
    template <typename Write>
    Result<void> read(const Held& file, const Write& write) const {
        FileSource source(spool_fd_, file.offset);
        std::vector<char> buffer(std::size_t{128} << 10U);
        for (std::uint64_t left = file.entry.size; left != 0;) {
            const std::size_t wanted = std::min<std::uint64_t>(left, buffer.size());
            QUERN_TRY(const std::size_t count, source.read(std::span<char>(buffer).first(wanted)));
            if (count == 0) {
                return Error(ErrorCode::io, "the content that was kept became shorter");
            }
            QUERN_CHECK(write(std::string_view(buffer.data(), count)));
            left -= count;
        }
        return {};
    }

 private:
    static std::string_view folder_of(std::string_view path) {
        const std::size_t slash = path.rfind('/');
        return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    }
    static std::string name_of(std::string_view path) {
        return std::string(path.substr(path.rfind('/') + 1));
    }

    /// A parent that has no entry is as clients make it.
    Folder& folder(std::string_view path) {
        const auto found = folders_.find(path);
        if (found != folders_.end()) {
            return found->second;
        }
        folder(folder_of(path));
        Folder& made = folders_[std::string(path)];
        made.entry = folders_.at("").entry;
        return made;
    }

    Held& find(std::string_view path) { return folder(folder_of(path)).files.at(name_of(path)); }

    Result<void> take(const TarEntry& entry, archive::TarReader& content) {
        if (entry.type == TarType::directory) {
            folder(entry.path).entry = entry;
            return {};
        }
        Held held;
        held.entry = entry;
        held.offset = size_;
        if (entry.type == TarType::file) {
            QUERN_TRY(held.hash, keep(content));
        } else if (entry.type == TarType::symlink) {
            held.hash = digest_of(DigestKind::sha256, entry.link_target);
        } else if (entry.type == TarType::hard_link) {
            if (entry.link_target.starts_with('.')) {
                return Error(
                    ErrorCode::invalid_data,
                    fmt::format(
                        "'{}' is a hard link to '{}', which clients do not install",
                        printable(entry.path),
                        printable(entry.link_target)
                    )
                );
            }
            links_.push_back(entry.path);
        }
        folder(folder_of(entry.path)).files[name_of(entry.path)] = std::move(held);
        return {};
    }

    Result<Digest> keep(archive::TarReader& content) {
        while (true) {
            QUERN_TRY(const std::size_t count, content.read(buffer_));
            if (count == 0) {
                return hasher_.finish();
            }
            const std::string_view bytes(buffer_.data(), count);
            hasher_.update(bytes);
            QUERN_CHECK(spool_.write(bytes));
            size_ += count;
        }
    }

    /// The first name in this order holds the content, whatever held it in the tar.
    void settle_links() {
        const auto order = [](const std::string& a, const std::string& b) {
            return std::pair(folder_of(a), name_of(a)) < std::pair(folder_of(b), name_of(b));
        };
        std::map<std::string, std::vector<std::string>> groups;
        for (const std::string& link : links_) {
            // Its target stands before it, and is settled if it is a link itself.
            std::string target = find(link).entry.link_target;
            while (find(target).entry.type == TarType::hard_link) {
                target = find(target).entry.link_target;
            }
            groups[target].push_back(link);
        }
        for (auto& [holder, names] : groups) {
            names.push_back(holder);
            const Held content = find(holder);
            const std::string first = *std::min_element(names.begin(), names.end(), order);
            for (const std::string& name : names) {
                Held& held = find(name);
                held = content;
                held.entry.path = name;
                if (name != first) {
                    held.entry.type = TarType::hard_link;
                    held.entry.link_target = first;
                }
            }
        }
    }

    int spool_fd_;
    archive::FdSink spool_;
    std::uint64_t size_ = 0;
    Hasher hasher_{DigestKind::sha256};
    std::vector<char> buffer_ = std::vector<char>(std::size_t{128} << 10U);
    std::map<std::string, Folder, std::less<>> folders_;
    std::vector<std::string> links_;
};

/// Builds the payload. Collects what is wrong, so that building an object is a list of fields.
class PackageBuilder {
 public:
    Result<std::string> build(const PackageHead& head, const Holding& holding) {
        // The package's own id is a digest of the payload with zeros in its place.
        const std::string zeros(id_size, '\0');
        const Value id = writer_.blob(zeros);
        const IndexEntry entry = make_index_entry(head.info, "", 0);
        const Value info = info_.add(entry, head.info.replaces, id);
        const Value package = writer_.object({
            info,
            paths(holding),
            scripts(head),
            triggers(head.info),
            head.info.replaces_priority ? writer_.number(*head.info.replaces_priority)
                                        : AdbWriter::null,
        });
        if (!info_.problem().empty() || !problem_.empty() || writer_.is_too_large()) {
            const std::string& problem = problem_.empty() ? info_.problem() : problem_;
            return Error(
                ErrorCode::invalid_data,
                problem.empty() ? "more files than a package of version 3 holds" : problem
            );
        }
        std::string payload = writer_.finish(package);
        const Digest digest = digest_of(DigestKind::sha256, payload);
        payload.replace(
            AdbWriter::offset_of_short_blob(id), id_size, text_of(digest).substr(0, id_size)
        );
        return payload;
    }

 private:
    static constexpr std::size_t id_size = 20;

    Value paths(const Holding& holding) {
        std::vector<Value> list;
        for (const auto& [path, folder] : holding.folders()) {
            std::vector<Value> files;
            for (const auto& [name, held] : folder.files) {
                files.push_back(file(name, held));
            }
            list.push_back(
                writer_.object({writer_.blob(path), owner(folder.entry), writer_.array(files)})
            );
        }
        return writer_.array(list);
    }

    Value file(const std::string& name, const Held& held) {
        const TarEntry& entry = held.entry;
        return writer_.object({
            writer_.blob(name),
            owner(entry),
            entry.size == 0 ? AdbWriter::null : writer_.number(entry.size),
            entry.mtime <= 0 ? AdbWriter::null
                             : writer_.number(static_cast<std::uint64_t>(entry.mtime)),
            held.hash.is_empty() ? AdbWriter::null : writer_.blob(text_of(held.hash)),
            target(entry),
        });
    }

    Value target(const TarEntry& entry) {
        constexpr std::size_t type_size = 2;
        constexpr std::size_t device_size = 8;
        const auto device = [&entry] {
            return little_endian(makedev(entry.device_major, entry.device_minor), device_size);
        };
        switch (entry.type) {
            case TarType::symlink:
                return writer_.blob(little_endian(S_IFLNK, type_size) + entry.link_target);
            case TarType::hard_link:
                return writer_.blob(little_endian(S_IFREG, type_size) + entry.link_target);
            case TarType::character_device:
                return writer_.blob(little_endian(S_IFCHR, type_size) + device());
            case TarType::block_device:
                return writer_.blob(little_endian(S_IFBLK, type_size) + device());
            case TarType::fifo:
                return writer_.blob(little_endian(S_IFIFO, type_size) + device());
            case TarType::file:
            case TarType::directory:
                break;
        }
        return AdbWriter::null;
    }

    Value owner(const TarEntry& entry) {
        constexpr std::string_view prefix = "SCHILY.xattr.";
        std::vector<std::string> attributes;
        for (const auto& [key, value] : entry.records) {
            if (key.starts_with(prefix)) {
                attributes.push_back(key.substr(prefix.size()) + '\0' + value);
            }
        }
        std::sort(attributes.begin(), attributes.end());
        std::vector<Value> list;
        for (const std::string& attribute : attributes) {
            list.push_back(writer_.blob(attribute));
        }
        return writer_.object({
            writer_.number(entry.mode),
            writer_.blob(name_of(entry.user_name, entry.uid, entry)),
            writer_.blob(name_of(entry.group_name, entry.gid, entry)),
            writer_.array(list),
        });
    }

    /// Version 3 knows owners by name alone.
    std::string name_of(const std::string& name, std::uint32_t id, const TarEntry& entry) {
        if (!name.empty()) {
            return name;
        }
        if (id != 0 && problem_.empty()) {
            problem_ = fmt::format(
                "'{}' belongs to {}, for whom the package has no name: version 3 needs one",
                printable(entry.path),
                id
            );
        }
        return "root";
    }

    Value scripts(const PackageHead& head) {
        std::vector<Value> list;
        for (const std::string_view name : script_names) {
            const auto script = head.control_files.find(std::string(name));
            list.push_back(
                script == head.control_files.end() ? AdbWriter::null : writer_.blob(script->second)
            );
        }
        return writer_.object(list);
    }

    Value triggers(const PackageInfo& info) {
        std::vector<Value> list;
        for (const std::string& trigger : info.triggers) {
            list.push_back(writer_.blob(trigger));
        }
        return writer_.array(list);
    }

    AdbWriter writer_;
    AdbInfo info_{writer_};
    std::string problem_;
};

/// Content of all files behind the payload, each with its place in the list.
Result<void> write_contents(const Holding& holding, archive::ByteSink& sink) {
    constexpr std::size_t number = 4;
    std::uint32_t directory = 0;
    for (const auto& [path, folder] : holding.folders()) {
        ++directory;
        std::uint32_t index = 0;
        for (const auto& [name, held] : folder.files) {
            ++index;
            if (held.entry.type != TarType::file || held.entry.size == 0) {
                continue;
            }
            const std::uint64_t size = held.entry.size + 2 * number;
            QUERN_CHECK(sink.write(adb_block_head(AdbBlock::data, size)));
            QUERN_CHECK(sink.write(little_endian(directory, number) + little_endian(index, number))
            );
            QUERN_CHECK(holding.read(held, [&sink](std::string_view piece) {
                return sink.write(piece);
            }));
            QUERN_CHECK(sink.write(adb_block_padding(size)));
        }
    }
    return {};
}

Result<void> write_file(
    int fd, const std::string& payload, const Holding& holding, const PackageWriterOptions& options
) {
    archive::FdSink file(fd);
    AdbSink sink(file, {.level = options.compression_level, .pool = options.pool});
    QUERN_CHECK(sink.write("ADB."));
    QUERN_CHECK(sink.write(package_schema));
    QUERN_CHECK(sink.write(adb_block(AdbBlock::payload, payload)));
    if (options.key != nullptr) {
        QUERN_TRY(const std::string signature, sign_adb(package_schema, payload, *options.key));
        QUERN_CHECK(sink.write(adb_block(AdbBlock::signature, signature)));
    }
    QUERN_CHECK(write_contents(holding, sink));
    return sink.finish();
}

}  // namespace

Result<WrittenPackage> write_package_v3(
    const PackageFile& package,
    const std::filesystem::path& directory,
    const PackageWriterOptions& options
) {
    QUERN_TRY(const UniqueFd spool, open_spool(directory));
    Holding holding(spool.get());
    QUERN_CHECK(holding.take_all(package));
    auto payload = PackageBuilder().build(package.head(), holding);
    if (!payload) {
        return std::move(payload).error().context(package.info().file_name());
    }
    WrittenPackage written;
    written.path = directory / package.info().file_name();
    written.info = package.info();
    written.info.data_hash.clear();
    written.checksum = "Q2" + digest_of(DigestKind::sha256, *payload).base64();
    QUERN_TRY(AtomicFile file, AtomicFile::create(written.path));
    QUERN_CHECK(write_file(file.fd(), *payload, holding, options));
    struct stat status = {};
    if (::fstat(file.fd(), &status) != 0) {
        const int error = errno;
        return Error::system(error, "looking at the package");
    }
    written.file_size = static_cast<std::uint64_t>(status.st_size);
    QUERN_CHECK(file.commit());
    return written;
}

}  // namespace quern::apk
