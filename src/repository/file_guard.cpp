// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// One line a file: size, seconds, nanoseconds, inode, identity, path. Only the last can hold
// spaces; a path with a line break is not remembered.
#include "repository/file_guard.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <array>
#include <ctime>
#include <system_error>

namespace quern::repository {

namespace {

constexpr std::string_view header = "quern files 1";
constexpr std::int64_t settled_after = 2;  ///< seconds

/// The next word of `line`, which then begins behind it.
std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::string key_of(const std::filesystem::path& file) {
    std::error_code code;
    return std::filesystem::absolute(file, code).lexically_normal().string();
}

}  // namespace

std::optional<FileGuard::State> FileGuard::State::of(const std::filesystem::path& file) {
    struct stat status = {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    return State{status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
}

FileGuard FileGuard::read(const std::filesystem::path& path) {
    const auto text = read_file(path);
    return text ? parse(*text) : FileGuard();
}

FileGuard FileGuard::parse(std::string_view text) {
    FileGuard guard;
    if (!text.starts_with(header)) {
        return guard;
    }
    for (std::string_view line : split(text, '\n')) {
        std::array<std::optional<std::int64_t>, 4> numbers;
        for (auto& number : numbers) {
            number = parse_signed(take_word(line));
        }
        const std::string checksum(take_word(line));
        if (numbers[0] && numbers[1] && numbers[2] && numbers[3] && *numbers[3] >= 0 &&
            line.starts_with('/')) {
            const State state{
                *numbers[0], *numbers[1], *numbers[2], static_cast<std::uint64_t>(*numbers[3])};
            guard.files_[std::string(line)] = {state, checksum};
        }
    }
    return guard;
}

std::string FileGuard::to_string() const {
    std::string text(header);
    text += '\n';
    for (const auto& [file, known] : files_) {
        text += fmt::format(
            "{} {} {} {} {} {}\n",
            known.state.size,
            known.state.seconds,
            known.state.nanoseconds,
            known.state.inode,
            known.checksum,
            file
        );
    }
    return text;
}

Result<void> FileGuard::write(const std::filesystem::path& path) const {
    return write_file_atomically(path, to_string());
}

std::optional<std::string> FileGuard::checksum_of(const std::filesystem::path& file) const {
    const auto known = files_.find(key_of(file));
    const auto state = State::of(file);
    return known != files_.end() && state && *state == known->second.state
               ? std::optional(known->second.checksum)
               : std::nullopt;
}

void FileGuard::note(const std::filesystem::path& file, const std::string& checksum) {
    const std::string key = key_of(file);
    const auto state = State::of(file);
    const bool is_settled =
        state && state->seconds + settled_after < static_cast<std::int64_t>(std::time(nullptr));
    if (is_settled && key.find('\n') == std::string::npos) {
        files_[key] = {*state, checksum};
    } else {
        files_.erase(key);
    }
}

}  // namespace quern::repository
