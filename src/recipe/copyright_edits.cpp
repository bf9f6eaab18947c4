// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/copyright_edits.hpp"

#include "recipe/text_edits.hpp"
#include "recipe/text_lines.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace quern::recipe {
namespace {

// Plain where YAML reads it as a text, else in double quotes.
std::string scalar_text(std::string_view value) {
    const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("._/+- ").find(c) != std::string_view::npos;
    });
    if (is_plain && !value.empty() &&
        std::isalpha(static_cast<unsigned char>(value.front())) != 0) {
        return std::string(value);
    }
    std::string quoted = "\"";
    for (const char c : value) {
        quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    }
    return quoted + "\"";
}

bool has_control_character(std::string_view text) {
    return printable(text) != text;
}

class CopyrightEditor {
 public:
    CopyrightEditor(const SourceFile& file, const std::vector<CopyrightEdit>& wanted)
        : file_(file), wanted_(wanted), edits_(file) {}

    Result<std::string> run(const yaml::Node& root) {
        const auto package = root.find("package");
        if (!package || !package->is_map()) {
            return Error(
                ErrorCode::invalid_recipe, fmt::format("{}: there is no package", file_.name())
            );
        }
        const auto list = package->find("copyright");
        if (!list || list->is_null() || (list->is_list() && list->size() == 0)) {
            QUERN_CHECK(list ? refuse("an empty list") : add_list(*package));
        } else if (!list->is_list()) {
            QUERN_CHECK(refuse("no list"));
        } else {
            QUERN_CHECK(change_list(*list));
        }
        return edits_.apply();
    }

 private:
    Result<void> refuse(std::string_view what) const {
        std::string entries;
        for (const CopyrightEdit& each : wanted_) {
            entries += fmt::format("{}{}", entries.empty() ? "" : ", ", flow_entry(each));
        }
        return cannot_edit(
            file_, fmt::format("`copyright` is {}", what), fmt::format("copyright: [{}]", entries)
        );
    }

    static std::string flow_entry(const CopyrightEdit& edit) {
        const std::string path =
            edit.license_path.empty()
                ? std::string()
                : ", license-path: \"" + replace_all(edit.license_path, "\"", "\\\"") + "\"";
        return fmt::format("{{license: {}{}}}", scalar_text(edit.license), path);
    }

    std::string block_entry(const CopyrightEdit& edit, std::string_view indent) const {
        std::string text = fmt::format(
            "{}{}- license: {}", line_break_of(file_.text()), indent, scalar_text(edit.license)
        );
        if (!edit.license_path.empty()) {
            text += fmt::format(
                "{}{}  license-path: {}",
                line_break_of(file_.text()),
                indent,
                scalar_text(edit.license_path)
            );
        }
        return text;
    }

    std::size_t line_end(std::size_t offset) const {
        return std::min(file_.text().find_first_of("\r\n", offset), file_.text().size());
    }

    // Behind the entry of `package` that is written last of those that every package has.
    Result<void> add_list(const yaml::Node& package) {
        std::size_t after = 0;
        std::string_view indent;
        for (std::size_t i = 0; i < package.size(); ++i) {
            const yaml::Node::Entry entry = package.entry(i);
            const std::string& key = entry.key.text();
            const std::size_t begin = entry.key.where().begin;
            if ((key == "name" || key == "version" || key == "epoch" || key == "description") &&
                entry.value.is_scalar() && begin >= after) {
                const std::size_t line = line_start_of(file_.text(), begin);
                after = line_end(end_of(entry.value));
                indent = file_.text().substr(line, begin - line);
            }
        }
        if (after == 0 || indent.find_first_not_of(' ') != std::string_view::npos) {
            return refuse("missing in a package on one line");
        }
        std::string text = fmt::format("{}{}copyright:", line_break_of(file_.text()), indent);
        for (const CopyrightEdit& each : wanted_) {
            text += block_entry(each, std::string(indent) + "  ");
        }
        return edits_.replace({&file_, after, 0}, std::move(text));
    }

    Result<void> change_list(const yaml::Node& list) {
        std::set<std::size_t> kept;
        for (const CopyrightEdit& each : wanted_) {
            if (each.entry) {
                kept.insert(*each.entry);
                QUERN_CHECK(change_entry(list.item(*each.entry), each));
            }
        }
        return file_.text()[list.where().begin] == '['
                   ? change_flow(list, kept.size() == list.size())
                   : change_block(list, kept);
    }

    Result<void> change_entry(const yaml::Node& item, const CopyrightEdit& edit) {
        const auto license = item.is_map() ? item.find("license") : std::nullopt;
        if (!license || !license->is_scalar()) {
            return refuse("without a licence in an entry");
        }
        if (license->text() == edit.license) {
            return {};
        }
        const Span place = yaml::whole_scalar(license->where());
        const char quote = file_.text()[place.begin];
        const std::string value = quote == '"' || quote == '\''
                                      ? fmt::format("{}{}{}", quote, edit.license, quote)
                                      : scalar_text(edit.license);
        return quote == '|' || quote == '>' ? refuse("a block of text")
                                            : edits_.replace(place, value);
    }

    Result<void> change_flow(const yaml::Node& list, bool keeps_all) {
        if (!keeps_all) {
            return refuse("a list on one line");
        }
        std::string added;
        for (const CopyrightEdit& each : wanted_) {
            added += each.entry ? std::string() : ", " + flow_entry(each);
        }
        if (added.empty()) {
            return {};
        }
        const yaml::Node last = list.item(list.size() - 1);
        const std::size_t end = file_.text().find_first_not_of(" \t\r\n,", end_of(last));
        if (file_.text()[last.where().begin] != '{' || end == std::string_view::npos ||
            file_.text()[end] != '}') {
            return refuse("a list on one line");
        }
        return edits_.replace({&file_, end + 1, 0}, std::move(added));
    }

    Result<void> change_block(const yaml::Node& list, const std::set<std::size_t>& kept) {
        std::size_t end = 0;
        std::string_view indent;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::size_t begin = line_start_of(file_.text(), list.item(i).where().begin);
            const std::size_t dash = file_.text().find_first_not_of(' ', begin);
            if (begin < end || file_.text()[dash] != '-') {
                return refuse("written with aliases or several entries on a line");
            }
            indent = file_.text().substr(begin, dash - begin);
            end = line_end(end_of(list.item(i)));
            if (!kept.contains(i)) {
                // The line break in front goes with it, so that none is left at the end.
                const std::size_t before =
                    begin - (begin >= 2 && file_.text()[begin - 2] == '\r' ? 2 : 1);
                QUERN_CHECK(edits_.replace({&file_, before, end - before}, ""));
            }
        }
        std::string added;
        for (const CopyrightEdit& each : wanted_) {
            added += each.entry ? std::string() : block_entry(each, indent);
        }
        return added.empty() ? Result<void>() : edits_.replace({&file_, end, 0}, std::move(added));
    }

    const SourceFile& file_;
    const std::vector<CopyrightEdit>& wanted_;
    TextEdits edits_;
};

}  // namespace

Result<std::string> edit_copyright(
    const std::shared_ptr<const SourceFile>& file, const std::vector<CopyrightEdit>& wanted
) {
    for (const CopyrightEdit& each : wanted) {
        if (has_control_character(each.license) || has_control_character(each.license_path)) {
            return Error(
                ErrorCode::unsupported,
                fmt::format("'{}' is no name for a recipe", printable(each.license_path))
            );
        }
    }
    QUERN_TRY(const yaml::Document document, parse_for_edits(file));
    return CopyrightEditor(*file, wanted).run(document.root());
}

}  // namespace quern::recipe
