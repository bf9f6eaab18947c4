// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/recipe_list.hpp"

#include "quern/dependency.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

namespace fs = std::filesystem;

/// A YAML file beside recipes may be an image file or a lock. What makes a recipe is its `package`.
bool is_recipe(const fs::path& file) {
    const auto text = read_file(file, std::uint64_t{16} << 20U);
    return text && (text->starts_with("package:") || text->find("\npackage:") != std::string::npos);
}

bool is_yaml(const fs::path& file) {
    return file.extension() == ".yaml" || file.extension() == ".yml";
}

/// What one recipe has and wants, by names of packages.
struct Needs {
    std::set<std::string> provides;
    std::set<std::string> wants;    ///< in its environment
    std::set<std::string> depends;  ///< of its packages, when they run
};

void add_name(std::set<std::string>& names, const recipe::Text& text) {
    const auto dependency = apk::Dependency::parse(text.value);
    if (dependency && !text.value.starts_with('!')) {
        names.insert(dependency->name);
    }
}

void add_package(Needs& needs, const recipe::Text& name, const recipe::Dependencies& relations) {
    needs.provides.insert(name.value);
    for (const recipe::Text& provided : relations.provides) {
        add_name(needs.provides, provided);
    }
    for (const recipe::Text& wanted : relations.runtime) {
        add_name(needs.depends, wanted);
    }
}

Needs read_needs(
    const fs::path& path,
    const recipe::LoadOptions& options,
    const FileReader& reader,
    pipeline::Library& library
) {
    Needs needs;
    Diagnostics unheard;  // the build reports them
    const auto configuration = recipe::load(path, reader, options, unheard);
    const auto compiled =
        configuration ? pipeline::compile(*configuration, library, options, unheard) : std::nullopt;
    if (!compiled) {
        return needs;
    }
    const recipe::Configuration& whole = compiled->configuration;
    add_package(needs, whole.package.name, whole.package.dependencies);
    for (const recipe::Subpackage& subpackage : whole.subpackages) {
        add_package(needs, subpackage.name, subpackage.dependencies);
    }
    for (const recipe::Text& wanted : whole.environment.packages) {
        add_name(needs.wants, wanted);
    }
    return needs;
}

/// Sorts recipes by depth-first search.
class Order {
 public:
    Order(const std::vector<fs::path>& recipes, std::vector<Needs> needs)
        : recipes_(recipes), needs_(std::move(needs)), states_(recipes.size(), State::new_) {
        for (std::size_t i = 0; i < needs_.size(); ++i) {
            for (const std::string& name : needs_[i].provides) {
                providers_[name].push_back(i);
            }
        }
    }

    Result<std::vector<fs::path>> sort() {
        for (std::size_t i = 0; i < recipes_.size(); ++i) {
            if (needs_[i].provides.empty()) {  // it could not be read
                QUERN_CHECK(visit(i));
            }
        }
        for (std::size_t i = 0; i < recipes_.size(); ++i) {
            QUERN_CHECK(visit(i));
        }
        return std::move(sorted_);
    }

 private:
    enum class State { new_, open, done };

    /// Recipes whose packages must be there before `recipe` is built.
    std::set<std::size_t> needed_by(std::size_t recipe) const {
        std::set<std::size_t> found;
        std::set<std::string> seen;
        const std::set<std::string>& wants = needs_[recipe].wants;
        std::vector<std::string> open(wants.begin(), wants.end());
        while (!open.empty()) {
            const std::string name = std::move(open.back());
            open.pop_back();
            const auto providers = providers_.find(name);
            if (providers == providers_.end() || !seen.insert(name).second) {
                continue;
            }
            for (const std::size_t each : providers->second) {
                // An earlier version of itself may be in its environment.
                if (each != recipe && found.insert(each).second) {
                    const std::set<std::string>& depends = needs_[each].depends;
                    open.insert(open.end(), depends.begin(), depends.end());
                }
            }
        }
        return found;
    }

    Result<void> visit(std::size_t recipe) {
        if (states_[recipe] == State::done) {
            return {};
        }
        path_.push_back(recipe);
        if (states_[recipe] == State::open) {
            return circle();
        }
        states_[recipe] = State::open;
        for (const std::size_t each : needed_by(recipe)) {
            QUERN_CHECK(visit(each));
        }
        states_[recipe] = State::done;
        sorted_.push_back(recipes_[recipe]);
        path_.pop_back();
        return {};
    }

    Error circle() const {
        std::string text;
        const auto first = std::find(path_.begin(), path_.end(), path_.back());
        for (auto each = first; each != path_.end(); ++each) {
            text += (text.empty() ? "" : " needs ") + printable(recipes_[*each].string());
        }
        return Error(ErrorCode::invalid_recipe, "recipes need each other: " + text)
            .help("take one of these packages from another repository, by another name");
    }

    const std::vector<fs::path>& recipes_;
    std::vector<Needs> needs_;
    std::vector<State> states_;
    std::map<std::string, std::vector<std::size_t>> providers_;
    std::vector<std::size_t> path_;  ///< from the recipe that was begun with to the present one
    std::vector<fs::path> sorted_;
};

}  // namespace

Result<std::vector<fs::path>> find_recipes(const fs::path& directory) {
    std::vector<fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator each(directory, failure), end; !failure && each != end;
         each.increment(failure)) {
        std::error_code unreadable;
        if (each->is_directory(unreadable)) {
            for (const char* name :
                 {"melange.yaml", "melange.yml", ".melange.yaml", ".melange.yml"}) {
                if (fs::is_regular_file(each->path() / name, unreadable)) {
                    found.push_back(each->path() / name);
                    break;
                }
            }
        } else if (is_yaml(each->path()) && each->is_regular_file(unreadable) && is_recipe(each->path())) {
            found.push_back(each->path());
        }
    }
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("looking for recipes in {}", printable(directory.string()))
        );
    }
    if (found.empty()) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("there is no recipe in {}", printable(directory.string()))
        )
            .help("recipes are DIR/*.yaml with a `package:`, and DIR/*/melange.yaml");
    }
    std::sort(found.begin(), found.end());
    return found;
}

Result<std::vector<fs::path>> order_recipes(
    const std::vector<fs::path>& recipes,
    const recipe::LoadOptions& options,
    const FileReader& reader,
    pipeline::Library& library
) {
    std::vector<Needs> needs;
    needs.reserve(recipes.size());
    for (const fs::path& path : recipes) {
        needs.push_back(read_needs(path, options, reader, library));
    }
    return Order(recipes, std::move(needs)).sort();
}

}  // namespace quern::build
