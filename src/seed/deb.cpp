// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/deb.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <vector>

// A .deb is an ar(1) archive of three members in this order: "debian-binary" (the text "2.0"),
// "control.tar*", "data.tar*". Members whose name starts with
// '_' may stand between and are passed over. The two tar members are inflated straight from the
// file, so that nothing of a package is ever on disk unpacked.

namespace quern::seed {

namespace {

constexpr std::string_view ar_magic = "!<arch>\n";
constexpr std::size_t ar_header_bytes = 60;
constexpr std::size_t max_members = 64;
constexpr std::uint64_t max_control_bytes = std::uint64_t{4} << 20U;
constexpr std::size_t max_fields = 1'000;

struct Member {
    std::string name;
    archive::FdRange range;
};

Error damaged(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("not a Debian package: {}", what)};
}

Result<std::string> read_bytes(int fd, std::uint64_t offset, std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got =
            ::pread(fd, bytes.data() + done, count - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return Error::system(errno, "reading");
        }
        if (got == 0) {
            return damaged("it ends early");
        }
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

/// The member whose header is at `offset`. Source: ar(5); deb(5) allows a trailing slash in names.
Result<Member> read_member(int fd, std::uint64_t offset, std::uint64_t file_size) {
    QUERN_TRY(const std::string header, read_bytes(fd, offset, ar_header_bytes));
    if (std::string_view(header).substr(58, 2) != "`\n") {
        return damaged(fmt::format("no member header at byte {}", offset));
    }
    std::string_view name = trim(std::string_view(header).substr(0, 16));
    if (!name.empty() && name.back() == '/') {
        name.remove_suffix(1);
    }
    const std::optional<std::uint64_t> size =
        parse_unsigned(trim(std::string_view(header).substr(48, 10)));
    const std::uint64_t start = offset + ar_header_bytes;
    if (!size || *size > file_size - start) {
        return damaged(fmt::format("member '{}' is longer than the file", printable(name)));
    }
    return Member{std::string(name), {fd, start, *size}};
}

Result<std::vector<Member>> read_members(int fd, std::uint64_t file_size) {
    QUERN_TRY(
        const std::string magic,
        read_bytes(fd, 0, std::min<std::uint64_t>(file_size, ar_magic.size()))
    );
    if (magic != ar_magic) {
        return damaged("it does not start as an ar archive")
            .help("name the file of a Debian package (.deb), which `apt-get download` gets");
    }
    std::vector<Member> members;
    std::uint64_t offset = ar_magic.size();
    while (offset < file_size) {
        if (members.size() == max_members) {
            return damaged(fmt::format("it has more than {} members", max_members));
        }
        QUERN_TRY(Member member, read_member(fd, offset, file_size));
        offset = member.range.offset + member.range.size + member.range.size % 2;
        members.push_back(std::move(member));
    }
    return members;
}

const Member* find_member(const std::vector<Member>& members, std::string_view stem) {
    for (const Member& member : members) {
        if (member.name == stem ||
            (member.name.starts_with(stem) && member.name[stem.size()] == '.')) {
            return &member;
        }
    }
    return nullptr;
}

Result<ControlFields> read_control(const archive::FdRange& range) {
    archive::ExtractLimits limits;
    limits.total_bytes = max_control_bytes;
    QUERN_TRY(const auto stream, archive::InflatedRange::open(range, limits));
    archive::TarReader tar(*stream);
    while (true) {
        QUERN_TRY(const std::optional<archive::TarEntry> entry, tar.next());
        if (!entry) {
            return damaged("its control member has no file 'control'");
        }
        if (entry->type == archive::TarType::file &&
            (entry->path == "control" || entry->path == "./control")) {
            QUERN_TRY(const std::string text, tar.read_all(max_control_bytes));
            return ControlFields::parse(text);
        }
    }
}

/// A field's line "Name: value" or a continuation " more" put into `fields`; `last` is the field
/// that goes on.
Result<void> take_line(
    std::string_view line,
    std::map<std::string, std::string, std::less<>>& fields,
    std::string*& last
) {
    if (line.front() == ' ' || line.front() == '\t') {
        if (last == nullptr) {
            return Error(
                ErrorCode::invalid_data, "control file: it starts with a continuation line"
            );
        }
        last->append("\n").append(trim(line));
        return {};
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("control file: '{}' is no field", printable(line.substr(0, 80)))
        );
    }
    if (fields.size() == max_fields) {
        return Error(ErrorCode::invalid_data, "control file: too many fields");
    }
    const auto [place, is_new] =
        fields.emplace(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    if (!is_new) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("control file: '{}' is given twice", printable(place->first))
        );
    }
    last = &place->second;
    return {};
}

}  // namespace

Result<ControlFields> ControlFields::parse(std::string_view text) {
    ControlFields result;
    std::string* last = nullptr;
    for (const std::string_view raw : split(text, '\n')) {
        if (trim(raw).empty()) {
            if (!result.fields_.empty()) {
                break;
            }
            continue;
        }
        if (raw.front() != '#') {
            QUERN_CHECK(take_line(raw, result.fields_, last));
        }
    }
    return result;
}

std::string_view ControlFields::value(std::string_view name) const {
    const auto found = fields_.find(name);
    return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

Result<std::vector<ControlFields>> parse_paragraphs(std::string_view text) {
    std::vector<ControlFields> paragraphs;
    while (!text.empty()) {
        const std::size_t end = text.find("\n\n");
        const std::string_view paragraph = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
        if (!trim(paragraph).empty()) {
            QUERN_TRY(ControlFields fields, ControlFields::parse(paragraph));
            paragraphs.push_back(std::move(fields));
        }
    }
    return paragraphs;
}

Result<Deb> Deb::open(const std::filesystem::path& path) {
    Deb deb;
    deb.path_ = path;
    deb.file_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!deb.file_) {
        return Error::system(errno, fmt::format("opening {}", path.string()));
    }
    struct stat status = {};
    if (::fstat(deb.file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return damaged("it is no regular file").context(path.string());
    }
    auto members = read_members(deb.file_.get(), static_cast<std::uint64_t>(status.st_size));
    if (!members) {
        return std::move(members).error().context(path.string());
    }
    const Member* version = find_member(*members, "debian-binary");
    const Member* control = find_member(*members, "control.tar");
    const Member* data = find_member(*members, "data.tar");
    if (version == nullptr || control == nullptr || data == nullptr) {
        return damaged("it lacks 'debian-binary', 'control.tar' or 'data.tar'")
            .context(path.string());
    }
    const std::size_t version_bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(version->range.size, 16));
    QUERN_TRY(
        const std::string version_text,
        read_bytes(deb.file_.get(), version->range.offset, version_bytes)
    );
    if (!version_text.starts_with("2.")) {
        return Error(
            ErrorCode::unsupported,
            fmt::format(
                "{}: format version '{}' is not known", path.string(), printable(trim(version_text))
            )
        );
    }
    auto fields = read_control(control->range);
    if (!fields) {
        return std::move(fields).error().context(path.string());
    }
    deb.control_ = std::move(*fields);
    deb.data_ = data->range;
    return deb;
}

Result<void> Deb::read_data(const Visitor& visit) const {
    QUERN_TRY(const auto stream, archive::InflatedRange::open(data_));
    archive::TarReader tar(*stream);
    while (true) {
        QUERN_TRY(std::optional<archive::TarEntry> entry, tar.next());
        if (!entry) {
            return {};
        }
        while (entry->path.starts_with("./")) {
            entry->path.erase(0, 2);
        }
        if (entry->path.empty() || entry->path == ".") {
            continue;
        }
        QUERN_CHECK(visit(*entry, tar));
    }
}

}  // namespace quern::seed
