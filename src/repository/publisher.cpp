// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// At every instant each entry of the visible index must fit the file that it names. New files come
// first and the index after them: until then nothing names them. A file that a visible entry names
// must not change before its entry does, and no call replaces two names at once: so a directory is
// made aside, of hard links, with the new files and the new index, and changes places with the
// visible one (RENAME_EXCHANGE). Where the file system cannot do that, the entry is taken out of
// the index, the file replaced and the new entry put in: readers miss that package for a moment,
// but see no entry that lies.
#include "repository/publisher.hpp"

#include "apk/provenance_name.hpp"
#include "repository/arch_directory.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

/// Fills `buffer` unless the file ends before.
ssize_t read_fully(int fd, std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const ssize_t count = ::read(fd, buffer.data() + filled, buffer.size() - filled);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? count : static_cast<ssize_t>(filled);
        }
        filled += static_cast<std::size_t>(count);
    }
    return static_cast<ssize_t>(filled);
}

/// True if both files hold the same bytes; a file that cannot be read equals none.
bool is_same_content(const std::filesystem::path& a, const std::filesystem::path& b) {
    const UniqueFd first(::open(a.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const UniqueFd second(::open(b.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat first_status = {};
    struct stat second_status = {};
    if (!first || !second || ::fstat(first.get(), &first_status) != 0 ||
        ::fstat(second.get(), &second_status) != 0 ||
        first_status.st_size != second_status.st_size) {
        return false;
    }
    std::vector<char> left(std::size_t{1} << 17U);
    std::vector<char> right(left.size());
    while (true) {
        const ssize_t left_count = read_fully(first.get(), left);
        const ssize_t right_count = read_fully(second.get(), right);
        if (left_count < 0 || left_count != right_count) {
            return false;
        }
        if (left_count == 0) {
            return true;
        }
        if (std::memcmp(left.data(), right.data(), static_cast<std::size_t>(left_count)) != 0) {
            return false;
        }
    }
}

/// Makes the bytes durable and the mode that of a published file, whatever the umask was.
Result<void> settle_staged(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd || ::fchmod(fd.get(), 0644) != 0 || ::fdatasync(fd.get()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("publishing {}", path.string()));
    }
    return {};
}

Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("moving {} to {}", from.string(), to.string()));
    }
    return {};
}

bool has_entry(const std::filesystem::path& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0;
}

Result<void> remove_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        const int err = errno;
        return Error::system(err, fmt::format("removing {}", path.string()));
    }
    return {};
}

std::filesystem::path provenance_in(
    const std::filesystem::path& directory, const StagedPackage& package
) {
    return directory / (package.entry.file_name() + std::string(apk::provenance_suffix));
}

/// What a package says of how it was made comes before it, and never stays behind it.
Result<void> move_provenance(const StagedPackage& package, const std::filesystem::path& directory) {
    const std::filesystem::path target = provenance_in(directory, package);
    return package.provenance.empty() ? remove_file(target) : move(package.provenance, target);
}

/// A hard link in place of what stands there.
Result<void> link_over(const std::filesystem::path& from, const std::filesystem::path& to) {
    QUERN_CHECK(remove_file(to));
    if (!from.empty() && ::link(from.c_str(), to.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("publishing {}", from.string()));
    }
    return {};
}

/// One call of `publish` while it holds the lock.
class Publication {
 public:
    Publication(
        const ArchDirectory& directory,
        const PublishOptions& options,
        std::vector<StagedPackage> packages
    )
        : directory_(directory), options_(options), packages_(std::move(packages)) {}

    Result<void> run() {
        for (const StagedPackage& package : packages_) {
            QUERN_CHECK(settle_staged(package.path));
            if (!package.provenance.empty()) {
                QUERN_CHECK(settle_staged(package.provenance));
            }
        }
        QUERN_CHECK(drop_what_is_there());
        if (!options_.update_index) {
            return move_packages(directory_.path());
        }
        QUERN_TRY(apk::IndexDraft index, directory_.read_index(options_.key));
        if (packages_.empty() && names_all_present(index)) {
            return {};
        }
        if (replaces_a_named_file(index)) {
            return publish_by_exchange(index);
        }
        merge_into(index);
        return publish_in_place(index);
    }

 private:
    /// Staged files whose bytes are published already are not needed; their entries stay, in case
    /// the index lacks them.
    Result<void> drop_what_is_there() {
        std::vector<StagedPackage> needed;
        for (StagedPackage& package : packages_) {
            if (is_same_content(package.path, directory_.path() / package.entry.file_name())) {
                QUERN_CHECK(remove_file(package.path));
                if (!package.provenance.empty()) {
                    QUERN_CHECK(move_provenance(package, directory_.path()));
                }
                present_.push_back(std::move(package.entry));
            } else {
                needed.push_back(std::move(package));
            }
        }
        packages_ = std::move(needed);
        return {};
    }

    /// Whether the index says already what it would say after this call.
    bool names_all_present(const apk::IndexDraft& index) const {
        const auto is_named = [&index](const apk::IndexEntry& wanted) {
            const apk::IndexRecord* record = index.find(wanted.name, wanted.version);
            return record != nullptr && record->text == wanted.to_string() + "\n";
        };
        return has_entry(directory_.index_path()) &&
               std::all_of(present_.begin(), present_.end(), is_named);
    }

    void merge_into(apk::IndexDraft& index) const {
        std::vector<apk::IndexEntry> entries = present_;
        for (const StagedPackage& package : packages_) {
            entries.push_back(package.entry);
        }
        index.merge(entries);
    }

    bool replaces_a_named_file(const apk::IndexDraft& index) const {
        return std::any_of(packages_.begin(), packages_.end(), [&](const StagedPackage& package) {
            const apk::IndexEntry& entry = package.entry;
            return index.find(entry.name, entry.version) != nullptr &&
                   has_entry(directory_.path() / entry.file_name());
        });
    }

    Result<void> move_packages(const std::filesystem::path& target) const {
        for (const StagedPackage& package : packages_) {
            QUERN_CHECK(move_provenance(package, target));
            QUERN_CHECK(move(package.path, target / package.entry.file_name()));
        }
        return {};
    }

    Result<void> publish_in_place(const apk::IndexDraft& fresh) const {
        QUERN_CHECK(move_packages(directory_.path()));
        return directory_.write_index(fresh, options_.key);
    }

    Result<void> publish_by_exchange(apk::IndexDraft& old) const {
        apk::IndexDraft fresh = old;
        merge_into(fresh);
        auto successor = directory_.make_successor();
        if (successor && !packages_.empty()) {
            QUERN_CHECK(link_packages(*successor));
            QUERN_CHECK(directory_.write_index_to(*successor, fresh, options_.key));
            QUERN_TRY(const bool is_exchanged, directory_.exchange(*successor));
            if (is_exchanged) {
                for (const StagedPackage& package : packages_) {
                    ::unlink(package.path.c_str());
                    ::unlink(package.provenance.c_str());
                }
                return remove_tree(*successor);
            }
        }
        QUERN_CHECK(remove_tree(directory_.beside("next")));
        return publish_in_steps(old, fresh);
    }

    /// The staged files stay where they are until the exchange has worked.
    Result<void> link_packages(const std::filesystem::path& successor) const {
        for (const StagedPackage& package : packages_) {
            QUERN_CHECK(link_over(package.path, successor / package.entry.file_name()));
            QUERN_CHECK(link_over(package.provenance, provenance_in(successor, package)));
        }
        return {};
    }

    Result<void> publish_in_steps(apk::IndexDraft& old, const apk::IndexDraft& fresh) const {
        old.erase_if([this](const apk::IndexRecord& record) {
            return std::any_of(packages_.begin(), packages_.end(), [&](const auto& package) {
                return package.entry.name == record.name && package.entry.version == record.version;
            });
        });
        QUERN_CHECK(directory_.write_index(old, options_.key));
        return publish_in_place(fresh);
    }

    const ArchDirectory& directory_;
    const PublishOptions& options_;
    std::vector<StagedPackage> packages_;
    std::vector<apk::IndexEntry> present_;
};

}  // namespace

Result<void> publish(
    const std::filesystem::path& repository,
    std::string_view architecture,
    std::vector<StagedPackage> packages,
    const PublishOptions& options
) {
    const std::filesystem::path path = repository / architecture;
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", path.string()));
    }
    QUERN_TRY(const ArchDirectory directory, ArchDirectory::lock(path));
    return Publication(directory, options, std::move(packages)).run();
}

}  // namespace quern::repository
