// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/source_tree.hpp"

#include "build/ignore_file.hpp"
#include "build/workspace.hpp"
#include "support/digest.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

namespace quern::build {
namespace {

constexpr std::string_view ignore_file_name = ".melangeignore";

Result<void> copy_bytes(int from, int to, const std::string& path) {
    constexpr std::size_t piece = std::size_t{1} << 30U;
    for (;;) {
        const ssize_t count = ::sendfile(to, from, nullptr, piece);
        if (count < 0) {
            return Error::system(errno, fmt::format("copying {}", path));
        }
        if (count == 0) {
            return {};
        }
    }
}

using FileVisit = std::function<Result<void>(const std::string& path, mode_t mode)>;

/// The files of a source directory in byte order. Links are not followed.
class SourceWalk {
 public:
    static Result<SourceWalk> open(
        const std::filesystem::path& source, const SourceTreeOptions& options
    );
    const FileTree& tree() const { return source_; }

    Result<void> visit(
        const FileVisit& file, const std::string& directory = {}, std::size_t depth = 0
    ) const {
        constexpr std::size_t depth_limit = 256;
        if (depth > depth_limit) {
            return Error(
                ErrorCode::limit,
                fmt::format(
                    "the source directory is more than {} directories deep at {}",
                    depth_limit,
                    directory
                )
            );
        }
        QUERN_TRY(const FileTree tree, source_.subtree(directory));
        QUERN_TRY(const std::vector<std::string> names, names_in(tree));
        for (const std::string& name : names) {
            const std::string path = directory.empty() ? name : directory + "/" + name;
            QUERN_TRY(const struct stat status, tree.status(name));
            if (S_ISDIR(status.st_mode) && skipped_.count(path) == 0) {
                QUERN_CHECK(visit(file, path, depth + 1));
            } else if (S_ISREG(status.st_mode) && skipped_.count(path) == 0 && !ignored_.matches(path)) {
                QUERN_CHECK(file(path, status.st_mode & 0777U));
            }
        }
        return {};
    }

 private:
    explicit SourceWalk(FileTree source) : source_(std::move(source)) {}

    static Result<std::vector<std::string>> names_in(const FileTree& tree) {
        std::vector<std::string> names;
        std::error_code failure;
        for (const auto& entry : std::filesystem::directory_iterator(
                 fmt::format("/proc/self/fd/{}", tree.fd()), failure
             )) {
            names.push_back(entry.path().filename().string());
        }
        if (failure) {
            return Error::system(failure.value(), "listing the source directory");
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    FileTree source_;
    std::set<std::string> skipped_;  ///< directories not looked into and files left out
    IgnoreFile ignored_;
};

class SourceCopy {
 public:
    SourceCopy(const FileTree& source, const FileTree& home, const GuestIds& ids)
        : source_(source), home_(home), ids_(ids) {}

    Result<void> copy_file(const std::string& path, mode_t mode) {
        const std::size_t slash = path.rfind('/');
        if (slash != std::string::npos) {
            QUERN_CHECK(make_parents(path.substr(0, slash)));
        }
        QUERN_TRY(const UniqueFd from, source_.open_file(path, O_NOFOLLOW));
        QUERN_CHECK(home_.write(path, {}, 0600));
        QUERN_TRY(const auto parent, home_.open_parent(path));
        const UniqueFd to(
            ::openat(parent.first.get(), parent.second.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        );
        if (!to) {
            return Error::system(errno, fmt::format("writing {}", path));
        }
        QUERN_CHECK(copy_bytes(from.get(), to.get(), path));
        QUERN_CHECK(give(to.get(), path));
        if (::fchmod(to.get(), mode) != 0) {
            return Error::system(errno, fmt::format("setting the mode of {}", path));
        }
        return {};
    }

 private:
    Result<void> make_parents(const std::string& directory) {
        if (!made_.insert(directory).second) {
            return {};
        }
        if (const std::size_t slash = directory.rfind('/'); slash != std::string::npos) {
            QUERN_CHECK(make_parents(directory.substr(0, slash)));
        }
        QUERN_CHECK(home_.make_directories(directory));
        QUERN_TRY(const FileTree made, home_.subtree(directory));
        return give(made.fd(), directory);
    }

    Result<void> give(int fd, const std::string& path) const {
        if (ids_.count > 1 && ::fchown(fd, ids_.to_host(0), ids_.to_host(0)) != 0) {
            return Error::system(errno, fmt::format("giving {} to the guest", path));
        }
        return {};
    }

    const FileTree& source_;
    const FileTree& home_;
    const GuestIds& ids_;
    std::set<std::string> made_;
};

// Relative to `source`, or empty if `directory` lies elsewhere.
std::string path_inside(
    const std::filesystem::path& source, const std::filesystem::path& directory
) {
    std::error_code failure;
    const auto inner = std::filesystem::weakly_canonical(directory, failure);
    const auto outer = std::filesystem::weakly_canonical(source, failure);
    const std::string relative = inner.lexically_relative(outer).generic_string();
    return relative.empty() || relative == "." || relative.starts_with("..") ? std::string()
                                                                             : relative;
}

Result<SourceWalk> SourceWalk::open(
    const std::filesystem::path& source, const SourceTreeOptions& options
) {
    QUERN_TRY(FileTree tree, FileTree::open(source));
    SourceWalk walk(std::move(tree));
    if (options.obeys_ignore_file && walk.source_.exists(ignore_file_name)) {
        QUERN_TRY(const std::string text, walk.source_.read(ignore_file_name));
        walk.ignored_ = IgnoreFile::parse(text);
    }
    for (const std::filesystem::path& directory : options.skip) {
        if (const std::string inside = path_inside(source, directory); !inside.empty()) {
            walk.skipped_.insert(inside);
        }
    }
    return walk;
}

std::string escape_for(std::string_view text, std::string_view special) {
    std::string escaped;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

// An ELF note needs its sizes spelled out: owner "FDO", type 0xcafe1a7e.
// Source: systemd.io/ELF_PACKAGE_METADATA.
std::string note_header(const std::string& note) {
    return fmt::format(
        "/* Puts the package's name and version in the binaries that are made from it. */\n"
        "__asm__(\n"
        "    \".pushsection .note.package, \\\"a\\\", %note\\n\"\n"
        "    \".balign 4\\n\"\n"
        "    \".long 4, {}, 0xcafe1a7e\\n\"\n"
        "    \".asciz \\\"FDO\\\"\\n\"\n"
        "    \".asciz \\\"{}\\\"\\n\"\n"
        "    \".balign 4\\n\"\n"
        "    \".popsection\\n\");\n",
        note.size() + 1,
        escape_for(escape_for(note, "\"\\"), "\"\\")
    );
}

// Only where the guest has a clang of that version that would read them: it includes a file of the
// same directory name.
Result<void> write_clang_files(const FileTree& home, const FileTree& guest) {
    constexpr int first_version = 15;
    constexpr int last_version = 42;
    for (int version = first_version; version <= last_version; ++version) {
        if (!guest.exists(fmt::format("etc/clang-{}", version))) {
            continue;
        }
        const std::string directory = fmt::format(".config/clang-{}", version);
        QUERN_CHECK(home.make_directories(directory));
        for (const char* architecture : {"aarch64", "x86_64"}) {
            for (const char* driver : {"clang", "clang++"}) {
                const std::string name =
                    fmt::format("{}-unknown-linux-gnu-{}.cfg", architecture, driver);
                QUERN_CHECK(home.write(
                    fmt::format("{}/{}", directory, name),
                    fmt::format("@../../.melange.clang.cfg\n@/etc/clang-{}/{}\n", version, name)
                ));
            }
        }
    }
    return {};
}

std::string or_star(const recipe::Text& text) {
    return text.is_empty() ? "*" : text.value;
}

}  // namespace

std::string cpe_name(const recipe::Package& package) {
    const recipe::Cpe& cpe = package.cpe;
    if (cpe.vendor.is_empty() || cpe.product.is_empty()) {
        return {};
    }
    return fmt::format(
        "cpe:2.3:{}:{}:{}:{}:*:{}:{}:{}:{}:{}:{}",
        cpe.part.is_empty() ? "a" : cpe.part.value,
        cpe.vendor.value,
        cpe.product.value,
        package.version.value,
        or_star(cpe.edition),
        or_star(cpe.language),
        or_star(cpe.software_edition),
        or_star(cpe.target_software),
        or_star(cpe.target_hardware),
        or_star(cpe.other)
    );
}

std::string package_note(
    const recipe::Configuration& configuration,
    std::string_view namespace_name,
    std::string_view architecture
) {
    const recipe::Package& package = configuration.package;
    std::string note = fmt::format(
        R"({{"type":"apk","os":"{}","name":"{}","version":"{}","architecture":"{}")",
        namespace_name,
        package.name.value,
        package.full_version(),
        architecture
    );
    if (const std::string cpe = cpe_name(package); !cpe.empty()) {
        note += fmt::format(R"(,"appCpe":"{}")", cpe);
    }
    return note + "}";
}

Result<void> copy_source_tree(
    const std::filesystem::path& source,
    const FileTree& home,
    const GuestIds& ids,
    const SourceTreeOptions& options
) {
    QUERN_TRY(const SourceWalk walk, SourceWalk::open(source, options));
    std::vector<std::pair<std::string, mode_t>> files;
    QUERN_CHECK(walk.visit([&](const std::string& path, mode_t mode) -> Result<void> {
        files.emplace_back(path, mode);
        return {};
    }));
    if (options.is_reversed) {
        std::reverse(files.begin(), files.end());
    }
    SourceCopy copy(walk.tree(), home, ids);
    for (const auto& [path, mode] : files) {
        QUERN_CHECK(copy.copy_file(path, mode));
    }
    return {};
}

Result<std::string> digest_source_tree(
    const std::filesystem::path& source, const SourceTreeOptions& options
) {
    QUERN_TRY(const SourceWalk walk, SourceWalk::open(source, options));
    Hasher hasher(DigestKind::sha256);
    const auto visit = [&](const std::string& path, mode_t mode) -> Result<void> {
        QUERN_TRY(const UniqueFd file, walk.tree().open_file(path, O_NOFOLLOW));
        QUERN_TRY(const Digest content, digest_of_fd(DigestKind::sha256, file.get()));
        hasher.update(fmt::format("{}:{}:{:o}:{}\n", path.size(), path, mode, content.hex()));
        return {};
    };
    QUERN_CHECK(walk.visit(visit));
    return hasher.finish().hex();
}

Result<void> write_compiler_files(
    const FileTree& home, const std::string& note, const FileTree& guest, const GuestIds& ids
) {
    QUERN_CHECK(home.write(
        ".melange.gcc.spec",
        fmt::format("*link:\n+ %{{!r:--package-metadata={}}}\n", escape_for(note, "\\"))
    ));
    QUERN_CHECK(home.write(
        ".melange.clang.cfg",
        fmt::format("-Xlinker --package-metadata={}\n", escape_for(note, "\"\\"))
    ));
    QUERN_CHECK(home.write(".melange.fdo.h", note_header(note)));
    QUERN_CHECK(write_clang_files(home, guest));
    for (const char* path :
         {".melange.gcc.spec", ".melange.clang.cfg", ".melange.fdo.h", ".config"}) {
        if (home.exists(path)) {
            QUERN_CHECK(give_to_guest(home, path, ids));
        }
    }
    return {};
}

}  // namespace quern::build
