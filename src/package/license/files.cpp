// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/files.hpp"

#include "package/license/words.hpp"
#include "support/text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <tuple>
#include <utility>

namespace quern::package {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t shallow_depth = 2;
/// Names that are looked at in all: a tree may be made of nothing else.
constexpr std::size_t most_entries = 1'000'000;
constexpr int root_bonus = 50;
/// REUSE keeps the texts of a project there.
constexpr int weight_in_licenses = 50;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "rust-1.80.0-src" is "rust-src".
std::string without_version(std::string_view name) {
    const std::size_t digit = name.find_first_of("0123456789");
    if (digit == std::string_view::npos || digit == 0 || name[digit - 1] != '-') {
        return std::string(name);
    }
    const std::size_t end = std::min(name.find_first_not_of("0123456789.", digit), name.size());
    return end < name.size() && name[end] == '-'
               ? std::string(name.substr(0, digit)) + std::string(name.substr(end + 1))
               : std::string(name);
}

bool is_left_out(std::string_view directory, bool is_deep) {
    return is_one_of(
               without_version(directory),
               {"melange-out",
                ".git",
                ".virtualenv",
                "env",
                "node_modules",
                "rust-src",
                "rustc-src",
                "venv"}
           ) ||
           (!is_deep && directory == "vendor");
}

/// What stands before and behind a dash or underscore.
bool has_affix(std::string_view stem, std::string_view word) {
    return stem.size() > word.size() + 1 && stem.starts_with(word) &&
           (stem[word.size()] == '-' || stem[word.size()] == '_');
}

bool has_suffix_word(std::string_view stem, std::string_view word) {
    return stem.size() > word.size() + 1 && stem.ends_with(word) &&
           stem[stem.size() - word.size() - 1] == '-';
}

struct DirectoryCloser {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

class Finder {
 public:
    Finder(const FileTree& tree, const LicenseSearch& search) : tree_(tree), search_(search) {}

    Result<std::vector<LicenseFile>> run() {
        if (!search_.only_named) {
            UniqueFd root(::openat(tree_.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            if (!root) {
                return Error::system(errno, "reading the sources");
            }
            look_in(std::move(root), "", 0);
        }
        for (const std::string& path : search_.named) {
            const bool is_known =
                std::any_of(files_.begin(), files_.end(), [&](const LicenseFile& each) {
                    return each.path == path;
                });
            if (!is_known && is_confined_path(path)) {
                files_.push_back({path, root_bonus});
            }
        }
        std::sort(files_.begin(), files_.end(), [](const LicenseFile& a, const LicenseFile& b) {
            return std::tuple(-a.weight, std::string_view(a.path)) <
                   std::tuple(-b.weight, std::string_view(b.path));
        });
        files_.resize(std::min(files_.size(), search_.most_files));
        return std::move(files_);
    }

 private:
    void look_in(UniqueFd directory, const std::string& path, std::size_t depth) {
        for (const auto& [name, is_directory] : names_in(std::move(directory))) {
            const std::string whole = path.empty() ? name : path + "/" + name;
            if (!is_directory) {
                note_file(whole, name, path);
            } else if (depth < (search_.is_deep ? deepest : shallow_depth) &&
                       !is_left_out(name, search_.is_deep)) {
                if (auto below = tree_.open_file(whole, O_DIRECTORY)) {
                    look_in(std::move(*below), whole, depth + 1);
                }
            }
        }
    }

    // Directories and regular files, in byte order.
    std::vector<std::pair<std::string, bool>> names_in(UniqueFd fd) {
        std::vector<std::pair<std::string, bool>> names;
        const int raw = fd.release();
        const Directory directory(::fdopendir(raw));
        if (!directory) {
            ::close(raw);
            return names;
        }
        while (const dirent* entry = ::readdir(directory.get())) {
            const std::string name = entry->d_name;
            struct stat status = {};
            if (name == "." || name == ".." || ++entries_ > most_entries ||
                ::fstatat(raw, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
                continue;
            }
            if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode)) {
                names.emplace_back(name, S_ISDIR(status.st_mode));
            }
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    void note_file(const std::string& path, const std::string& name, const std::string& parent) {
        int weight = license_file_weight(name);
        const std::string_view directory =
            std::string_view(parent).substr(parent.rfind('/') + 1);  // npos + 1 is 0
        if (weight == 0 && directory == "LICENSES") {
            weight = weight_in_licenses;
        }
        if (weight != 0) {
            files_.push_back({path, weight + (parent.empty() ? root_bonus : 0)});
        }
    }

    const FileTree& tree_;
    const LicenseSearch& search_;
    std::vector<LicenseFile> files_;
    std::size_t entries_ = 0;
};

bool read_into(const FileTree& tree, LicenseFile& file) {
    const auto fd = tree.open_file(file.path);
    if (!fd) {
        return false;
    }
    std::string text(largest_license_text + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(fd->get(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        size += static_cast<std::size_t>(count);
    }
    file.is_cut = size > largest_license_text;
    text.resize(std::min(size, largest_license_text));
    file.matches = match_licenses(text);
    return true;
}

}  // namespace

int license_file_weight(std::string_view name) {
    const std::string lower = to_lower(name);
    const std::size_t dot = lower.rfind('.');
    const bool has_dot = dot != std::string::npos && dot != 0;
    const std::string_view stem = std::string_view(lower).substr(0, has_dot ? dot : lower.size());
    const std::string_view extension = has_dot ? std::string_view(lower).substr(dot + 1) : "";
    if (is_one_of(extension, {"xml", "go", "gemspec", "spdx", "header"})) {
        return 0;
    }
    const bool is_text = is_one_of(extension, {"md", "markdown", "txt", "html"});
    const std::string_view first = std::string_view(lower).substr(0, lower.find('.'));
    const auto is_license = [](std::string_view word) {
        return is_one_of(word, {"license", "licence", "unlicense", "unlicence"});
    };
    const auto is_copying = [](std::string_view word) {
        return is_one_of(word, {"copying", "copyright"});
    };
    if (is_license(lower)) {
        return 100;
    }
    if (is_copying(lower)) {
        return 90;
    }
    if (is_license(stem) && is_text) {
        return 95;
    }
    if (is_copying(stem) && is_text) {
        return 85;
    }
    if (is_license(first)) {
        return 80;
    }
    if (is_copying(first)) {
        return 75;
    }
    struct Form {
        bool holds;
        int weight;
    };
    const std::array<Form, 10> forms = {{
        {has_affix(lower, "license") || has_affix(lower, "licence"), 70},
        {has_affix(lower, "copying"), 65},
        {has_suffix_word(stem, "license") || has_suffix_word(stem, "licence"), 60},
        {has_suffix_word(stem, "copying"), 55},
        {lower == "ofl.md", 50},
        {lower.starts_with("ofl."), 45},
        {lower == "ofl", 40},
        {lower == "patents", 35},
        {lower.starts_with("patents."), 30},
        {first == "notice", 20},
    }};
    const auto* const form =
        std::find_if(forms.begin(), forms.end(), [](const Form& each) { return each.holds; });
    return form == forms.end() ? 0 : form->weight;
}

Result<std::vector<LicenseFile>> find_licenses(const FileTree& tree, const LicenseSearch& search) {
    QUERN_TRY(std::vector<LicenseFile> files, Finder(tree, search).run());
    files.erase(
        std::remove_if(
            files.begin(), files.end(), [&](LicenseFile& file) { return !read_into(tree, file); }
        ),
        files.end()
    );
    return files;
}

}  // namespace quern::package
