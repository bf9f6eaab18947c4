// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A definition is looked for in each directory, then among the built-in ones. What was found under
// a name is kept for the life of the library, wrong definitions with their diagnostics: each recipe
// that uses one is told. One mutex covers look-up and parsing; definitions never move once they are
// kept.
#include "pipeline/built_in.hpp"
#include "quern/plan.hpp"
#include "recipe/decode.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

namespace quern::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view extension = ".yaml";
/// More files in the given directories are not listed; names() is for suggestions and people.
constexpr std::size_t max_listed_files = 20000;
constexpr int max_listed_depth = 16;
constexpr std::size_t max_name_size = 1024;

const BuiltIn* find_built_in(std::string_view name) {
    const auto all = built_in_definitions();
    const auto found =
        std::lower_bound(all.begin(), all.end(), name, [](const BuiltIn& a, std::string_view b) {
            return a.name < b;
        });
    return found != all.end() && found->name == name ? &*found : nullptr;
}

/// What is wrong with a name; empty if nothing is.
std::string_view problem_of_name(std::string_view name) {
    if (name.starts_with('/')) {
        return "it is absolute";
    }
    if (name.find('\\') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
        return "it holds a character that no name has";
    }
    if (name.size() > max_name_size) {
        return "it is too long";
    }
    for (const std::string_view part : split(name, '/')) {
        if (part == "..") {
            return "it leaves the directory of definitions";
        }
        if (part.empty() || part == ".") {
            return "a part of it is empty";
        }
    }
    return {};
}

/// Whether a link leads from `path`, which is named below `directory`, out of it. What is not on
/// the disk (a reader may have files of its own) leads nowhere.
bool leaves(const fs::path& directory, const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error) {
        return false;
    }
    const fs::path relative = real.lexically_relative(fs::canonical(directory, error));
    return error || relative.empty() || *relative.begin() == "..";
}

void list_directory(const fs::path& directory, std::set<std::string>& names) {
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(
        directory, fs::directory_options::skip_permission_denied, error
    );
    for (std::size_t count = 0; !error && entry != fs::recursive_directory_iterator(); ++count) {
        if (count == max_listed_files) {
            return;
        }
        if (entry.depth() >= max_listed_depth) {
            entry.disable_recursion_pending();
        }
        if (entry->path().extension() == extension) {
            auto relative = entry->path().lexically_relative(directory);
            names.insert(relative.replace_extension().generic_string());
        }
        entry.increment(error);
    }
}

}  // namespace

struct Library::State {
    struct Entry {
        std::optional<Definition> definition;
        std::shared_ptr<const SourceFile> file;  ///< set if there is a file, right or wrong
        std::vector<Diagnostic> problems;
        std::string read_error;
    };

    State(std::vector<fs::path> given, const FileReader& file_reader)
        : directories(std::move(given)), reader(file_reader) {}

    const Entry& entry(const std::string& name);
    Entry load(const std::string& name) const;
    Entry decode(std::string file_name, std::string text, bool built_in) const;

    const std::vector<fs::path> directories;
    const FileReader& reader;
    std::mutex mutex;
    std::map<std::string, Entry, std::less<>> entries;
};

const Library::State::Entry& Library::State::entry(const std::string& name) {
    const auto found = entries.find(name);
    return found != entries.end() ? found->second : entries.emplace(name, load(name)).first->second;
}

Library::State::Entry Library::State::load(const std::string& name) const {
    for (const fs::path& directory : directories) {
        const fs::path path = directory / (name + std::string(extension));
        auto text = reader.read(path);
        if (text && leaves(directory, path)) {
            Entry wrong;
            wrong.read_error = "it is a link that leaves the directory of definitions";
            return wrong;
        }
        if (text) {
            return decode(path.string(), std::move(*text), false);
        }
        if (text.error().code() != ErrorCode::not_found) {
            Entry wrong;
            wrong.read_error = text.error().message();
            return wrong;
        }
    }
    if (const BuiltIn* built_in = find_built_in(name); built_in != nullptr) {
        const std::string file_name = fmt::format("<built-in>/{}{}", name, extension);
        return decode(file_name, std::string(built_in->text), true);
    }
    return {};
}

Library::State::Entry Library::State::decode(std::string file_name, std::string text, bool built_in)
    const {
    Entry result;
    result.file = std::make_shared<const SourceFile>(std::move(file_name), std::move(text));
    Diagnostics problems;
    std::string native;
    auto node = recipe::decode_definition(result.file, problems, &native);
    if (node && !problems.has_errors()) {
        result.definition.emplace();
        result.definition->node = std::move(*node);
        result.definition->native = built_in ? std::move(native) : std::string();
        result.definition->built_in = built_in;
        result.definition->file = result.file;
    }
    result.problems = problems.take();
    return result;
}

Library::Library(std::vector<fs::path> directories, const FileReader& reader)
    : state_(std::make_unique<State>(std::move(directories), reader)) {}

Library::~Library() = default;

const Library::Definition* Library::find(
    std::string_view name, Span where, Diagnostics& diagnostics
) {
    if (const auto problem = problem_of_name(name); !problem.empty()) {
        diagnostics.error(
            "bad-pipeline-name",
            fmt::format("bad name of a pipeline '{}': {}", printable(name), problem),
            where,
            "a name is the path of a definition below --pipeline-dir, without '.yaml'"
        );
        return nullptr;
    }
    const State::Entry* entry = nullptr;
    {
        const std::lock_guard lock(state_->mutex);
        entry = &state_->entry(std::string(name));
    }
    for (Diagnostic problem : entry->problems) {
        problem.notes.push_back({fmt::format("pipeline '{}' is used here", name), where});
        diagnostics.add(std::move(problem));
    }
    if (entry->definition) {
        return &*entry->definition;
    }
    if (!entry->read_error.empty()) {
        diagnostics.error(
            "unreadable-pipeline",
            fmt::format("cannot load pipeline '{}': {}", printable(name), entry->read_error),
            where
        );
    } else if (entry->file == nullptr) {
        const std::vector<std::string> known = names();
        const std::vector<std::string_view> candidates(known.begin(), known.end());
        const std::string_view near = nearest(name, candidates);
        std::string help = "definitions come from --pipeline-dir and from the built-in set";
        if (name.find("${{") != std::string_view::npos) {
            help = "variables are not replaced in 'uses'";
        } else if (!near.empty()) {
            help = fmt::format("did you mean '{}'?", near);
        }
        diagnostics.error(
            "unknown-pipeline", fmt::format("unknown pipeline '{}'", printable(name)), where, help
        );
    }
    return nullptr;
}

std::vector<std::string> Library::names() const {
    std::set<std::string> names;
    for (const BuiltIn& built_in : built_in_definitions()) {
        names.emplace(built_in.name);
    }
    for (const fs::path& directory : state_->directories) {
        list_directory(directory, names);
    }
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, entry] : state_->entries) {
        if (entry.file != nullptr) {
            names.insert(name);
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace quern::pipeline
