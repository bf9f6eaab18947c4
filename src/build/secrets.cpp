// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/secrets.hpp"

#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

constexpr std::uint64_t largest_secret = std::uint64_t{1} << 20U;
constexpr std::size_t shortest_hidden = 4;

bool is_name_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
}

void add_names(std::string_view text, std::set<std::string>& names) {
    const std::string prefix = std::string(secrets_in_guest) + "/";
    for (std::size_t at = text.find(prefix); at != std::string_view::npos;
         at = text.find(prefix, at)) {
        at += prefix.size();
        const auto* end = std::find_if_not(
            text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_name_byte
        );
        const std::string name(text.begin() + static_cast<std::ptrdiff_t>(at), end);
        if (is_confined_path(name)) {
            names.insert(name);
        }
    }
}

}  // namespace

std::vector<std::string> named_secrets(const pipeline::Step& step) {
    std::set<std::string> names;
    add_names(step.script, names);
    for (const auto& [name, value] : step.environment) {
        add_names(value, names);
    }
    return {names.begin(), names.end()};
}

StepSecrets::StepSecrets(StepSecrets&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      mounts_(std::move(other.mounts_)),
      hidden_(std::move(other.hidden_)) {}

StepSecrets::~StepSecrets() {
    if (!directory_.empty()) {
        std::ignore = remove_tree(directory_);  // it lies in a scratch that is removed as well
    }
}

Result<StepSecrets> StepSecrets::open(
    const std::vector<std::string>& names,
    const SecretFiles& given,
    const std::filesystem::path& scratch,
    std::uint32_t owner_on_disk,
    Reporter& reporter
) {
    StepSecrets secrets;
    if (names.empty()) {
        return secrets;
    }
    secrets.directory_ = scratch / "secrets";
    QUERN_CHECK(remove_tree(secrets.directory_));
    std::error_code failure;
    std::filesystem::create_directory(secrets.directory_, failure);
    for (const std::string& name : names) {
        const auto found = given.find(name);
        if (found == given.end()) {
            reporter.warning(fmt::format(
                "a step reads {0}/{1}, which is not there: --secret id={1},src=FILE gives it",
                secrets_in_guest,
                name
            ));
            continue;
        }
        QUERN_TRY(const std::string value, read_file(found->second, largest_secret));
        const std::filesystem::path file = secrets.directory_ / name;
        QUERN_CHECK(write_file_atomically(file, value, S_IRUSR));
        // Where the guest has a single id this is no change.
        if (::chown(file.c_str(), owner_on_disk, owner_on_disk) != 0 && ::geteuid() == 0) {
            const int err = errno;
            return Error::system(err, fmt::format("giving the secret '{}' to the step", name));
        }
        secrets.mounts_.push_back({file, fmt::format("{}/{}", secrets_in_guest, name), true});
        for (const std::string_view line : split(value, '\n')) {
            if (trim(line).size() >= shortest_hidden) {
                secrets.hidden_.emplace_back(trim(line));
            }
        }
    }
    return secrets;
}

}  // namespace quern::build
