// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/pkg_config.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace quern::package {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20U;
// Variables may name variables that were defined before them, so a text can grow with each line.
constexpr std::size_t largest_value = std::size_t{64} << 10U;
constexpr std::size_t most_modules = 1'024;

/// Lines with their comments cut and those that end in a backslash joined.
std::vector<std::string> logical_lines(std::string_view text) {
    std::vector<std::string> lines;
    bool continues = false;
    for (std::string_view line : split(text, '\n')) {
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        line = line.substr(0, line.find('#'));
        const bool joins_next = line.ends_with('\\');
        line.remove_suffix(joins_next ? 1 : 0);
        if (continues) {
            lines.back() += line;
        } else {
            lines.emplace_back(line);
        }
        continues = joins_next;
    }
    return lines;
}

class Reader {
 public:
    PkgConfigFile read(std::string_view text) {
        if (text.size() > largest_file || text.find('\0') != std::string_view::npos) {
            return {{}, "it is no text, or has more than 1 MiB"};
        }
        for (const std::string& line : logical_lines(text)) {
            read_line(line);
            if (!file_.problem.empty()) {
                return {{}, file_.problem};
            }
        }
        return std::move(file_);
    }

 private:
    void read_line(std::string_view line) {
        const std::size_t end = line.find_first_of(":=");
        if (end == std::string_view::npos) {
            return;  // pkg-config passes over what it does not know
        }
        const std::string key(trim(line.substr(0, end)));
        const std::string_view value = trim(line.substr(end + 1));
        if (line[end] == '=') {
            variables_[key] = expand(value);
        } else if (key == "Requires" || key == "Requires.private" || key == "Requires.internal") {
            take_modules(expand(value));
        }
    }

    std::string expand(std::string_view text) {
        std::string expanded;
        while (file_.problem.empty()) {
            const std::size_t start = text.find("${");
            expanded += text.substr(0, start);
            if (start == std::string_view::npos) {
                break;
            }
            const std::size_t end = text.find('}', start);
            const std::string name(
                text.substr(start + 2, end == std::string_view::npos ? end : end - start - 2)
            );
            const auto variable = variables_.find(name);
            if (end == std::string_view::npos || variable == variables_.end()) {
                file_.problem = fmt::format("variable '{}' is not defined", printable(name));
                break;
            }
            expanded += variable->second;
            text.remove_prefix(end + 1);
            if (expanded.size() > largest_value) {
                file_.problem = fmt::format("variable '{}' grows over 64 KiB", printable(name));
            }
        }
        return expanded;
    }

    // Modules are separated by commas or white space, an operator and a version may follow each.
    void take_modules(std::string text) {
        std::replace(text.begin(), text.end(), ',', ' ');
        for (const std::string_view mark : {"=", "<", ">", "!"}) {
            text = replace_all(std::move(text), mark, std::string(" ") + std::string(mark));
        }
        bool is_version = false;
        for (const std::string_view word : split_words(text)) {
            const std::size_t operator_end = word.find_first_not_of("=<>!");
            if (operator_end == std::string_view::npos) {
                is_version = true;
            } else if (operator_end > 0 || is_version) {
                is_version = false;
            } else {
                add_module(std::string(word));
            }
        }
    }

    void add_module(std::string module) {
        const auto& known = file_.required;
        if (known.size() < most_modules &&
            std::find(known.begin(), known.end(), module) == known.end()) {
            file_.required.push_back(std::move(module));
        }
    }

    PkgConfigFile file_;
    std::map<std::string, std::string> variables_;
};

}  // namespace

PkgConfigFile parse_pkg_config(std::string_view text) {
    return Reader().read(text);
}

}  // namespace quern::package
