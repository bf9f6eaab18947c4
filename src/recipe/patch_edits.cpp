// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/patch_edits.hpp"

#include "recipe/text_edits.hpp"
#include "recipe/text_lines.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace quern::recipe {
namespace {

class PatchEditor {
 public:
    PatchEditor(
        const SourceFile& file, const std::vector<std::string>& files, const PatchStep& step
    )
        : file_(file), files_(files), step_(step), edits_(file) {}

    Result<std::string> run(const yaml::Node& root) {
        const auto pipeline = root.find("pipeline");
        if (!pipeline || !pipeline->is_list()) {
            return Error(
                ErrorCode::invalid_recipe, fmt::format("{}: there is no pipeline", file_.name())
            );
        }
        std::optional<yaml::Node> source, present;
        for (std::size_t i = 0; i < pipeline->size(); ++i) {
            const yaml::Node item = pipeline->item(i);
            const std::string uses = text_of(item, "uses");
            if (uses == "patch" || uses == "git-am") {
                if (present) {
                    return refuse("there are several steps that patch");
                }
                present = item;
            } else if (!source && (uses == "fetch" || uses == "git-checkout")) {
                source = item;
            }
        }
        if (!present && !source) {
            return Error(
                       ErrorCode::invalid_recipe,
                       fmt::format(
                           "{}: no step of 'pipeline' fetches a source that patches could be for",
                           file_.name()
                       )
            )
                .help("add a fetch or git-checkout step, or a patch step where the patches belong");
        }
        QUERN_CHECK(present ? change(*present) : add_behind(*source));
        return edits_.apply();
    }

 private:
    static std::string text_of(const yaml::Node& map, std::string_view key) {
        const auto value = map.is_map() ? map.find(key) : std::nullopt;
        return value && value->is_scalar() ? value->text() : std::string();
    }

    Error refuse(std::string_view what) const {
        return cannot_edit(file_, what, fmt::format("patches: \"{}\"", join(files_, " ")));
    }

    // One file on the line of its key, several as a block.
    std::string value(std::size_t indent) const {
        if (files_.size() == 1) {
            return files_.front();
        }
        std::string text = "|";
        for (const std::string& each : files_) {
            text += fmt::format("{}{:{}}{}", line_break_of(file_.text()), "", indent, each);
        }
        return text;
    }

    Result<void> change(const yaml::Node& item) {
        const auto with = item.find("with");
        const auto patches = with && with->is_map() ? with->find("patches") : std::nullopt;
        if (!patches || !patches->is_scalar() || with->find("series")) {
            return refuse("its patches are no list of names");
        }
        const std::string strip = text_of(*with, "strip-components");
        if (!strip.empty() && strip != "1") {
            return refuse("strip-components is not 1");
        }
        Span place = yaml::whole_scalar(patches->where());
        const std::string_view bytes = file_.text().substr(place.begin, place.length);
        place.length = bytes.find_last_not_of(" \r\n") + 1;  // empty lines behind a block stay
        const Span key = yaml::key_before("patches", patches->where());
        const std::size_t start = line_start_of(file_.text(), key.begin);
        const std::string_view before = file_.text().substr(start, key.begin - start);
        if (before.find_first_not_of(' ') != std::string_view::npos) {
            // On one line with others: names are separated by spaces there.
            return edits_.replace(place, fmt::format("\"{}\"", join(files_, " ")));
        }
        return edits_.replace(place, value(before.size() + 2));
    }

    Result<void> add_behind(const yaml::Node& source) {
        const std::size_t begin = line_start_of(file_.text(), source.where().begin);
        const std::size_t dash = file_.text().find_first_not_of(' ', begin);
        const std::size_t end =
            std::min(file_.text().find_first_of("\r\n", end_of(source)), file_.text().size());
        const std::string_view first = file_.text().substr(dash, source.where().begin - dash);
        if (first.find_first_not_of("- ") != std::string_view::npos ||
            first.find('-') == std::string_view::npos ||
            file_.text()[source.where().begin] == '{') {
            return refuse("the step that gets the source is no entry of its own lines");
        }
        const std::size_t indent = dash - begin;
        const auto line = [&](std::size_t more, std::string_view text) {
            return fmt::format("{}{:{}}{}", line_break_of(file_.text()), "", indent + more, text);
        };
        std::string text = line(0, "- uses: " + step_.uses);
        if (!step_.working_directory.empty()) {
            text += line(2, "working-directory: " + step_.working_directory);
        }
        text += line(2, "with:") + line(4, "patches: ") + value(indent + 6);
        return edits_.replace({&file_, end, 0}, std::move(text));
    }

    const SourceFile& file_;
    const std::vector<std::string>& files_;
    const PatchStep& step_;
    TextEdits edits_;
};

}  // namespace

Result<std::string> edit_patches(
    const std::shared_ptr<const SourceFile>& file,
    const std::vector<std::string>& files,
    const PatchStep& step
) {
    QUERN_TRY(const yaml::Document document, parse_for_edits(file));
    return PatchEditor(*file, files, step).run(document.root());
}

}  // namespace quern::recipe
