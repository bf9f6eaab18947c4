// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/image_contents.hpp"

#include "image/database.hpp"
#include "image/json_text.hpp"
#include "image/package_graph.hpp"
#include "image/root_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace quern::image {
namespace {

constexpr const char* installed_path = "usr/lib/apk/db/installed";
constexpr const char* world_path = "etc/apk/world";

std::map<std::string, std::string> owners_in(std::string_view database) {
    std::map<std::string, std::string> owners;
    std::string package;
    std::string directory;
    for (const std::string_view line : split(database, '\n')) {
        if (line.starts_with("P:")) {
            package = line.substr(2);
        } else if (line.starts_with("F:")) {
            directory = line.substr(2);
        } else if (line.starts_with("R:")) {
            const std::string name(line.substr(2));
            owners[directory.empty() ? name : directory + "/" + name] = package;
        }
    }
    return owners;
}

std::string describe(const StoredEntry& stored) {
    constexpr std::string_view kinds = "fhlcbdp";
    const archive::TarEntry& entry = stored.entry;
    std::string text = fmt::format(
        "{} {:04o} {}:{} {}",
        kinds[static_cast<std::size_t>(entry.type)],
        entry.mode,
        entry.uid,
        entry.gid,
        entry.size
    );
    if (!entry.link_target.empty()) {
        text += " -> " + entry.link_target;
    }
    return stored.digest.empty() ? text : text + " sha256:" + stored.digest;
}

/// Changes between two maps of texts, by name.
std::vector<ImageDifference::Change> changes(
    const std::map<std::string, std::string>& before,
    const std::map<std::string, std::string>& after
) {
    std::vector<ImageDifference::Change> list;
    for (const auto& [name, value] : before) {
        const auto other = after.find(name);
        if (other == after.end() || other->second != value) {
            list.push_back({name, value, other == after.end() ? std::string() : other->second});
        }
    }
    for (const auto& [name, value] : after) {
        if (before.count(name) == 0) {
            list.push_back({name, {}, value});
        }
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    return list;
}

std::map<std::string, std::string> versions(const ImageContents& contents) {
    std::map<std::string, std::string> list;
    for (const apk::IndexEntry& entry : contents.packages->entries) {
        list[entry.name] = entry.version;
    }
    return list;
}

std::map<std::string, std::string> descriptions(const ImageContents& contents) {
    std::map<std::string, std::string> list;
    for (const auto& [path, stored] : contents.files) {
        list["/" + path] = describe(stored);
    }
    return list;
}

std::map<std::string, std::string> settings(const ImageContents& contents) {
    std::map<std::string, std::string> list;
    const Json config = Json::parse(contents.image.config(), nullptr, false);
    const auto runtime = config.is_object() ? config.find("config") : config.end();
    if (config.is_object() && runtime != config.end() && runtime->is_object()) {
        for (const auto& [key, value] : runtime->items()) {
            list[key] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
        }
    }
    return list;
}

std::vector<repository::Selected> as_selected(const ImageContents& contents) {
    std::vector<repository::Selected> list;
    for (const apk::IndexEntry& entry : contents.packages->entries) {
        repository::Selected selected;
        // Kept by the contents, which it shares.
        selected.entry = std::shared_ptr<const apk::IndexEntry>(contents.packages, &entry);
        list.push_back(std::move(selected));
    }
    return list;
}

/// Who needs whom, from the packages that were asked for.
struct Graph {
    std::vector<std::size_t> roots;
    std::vector<std::vector<std::size_t>> needs;

    static Graph of(const ImageContents& contents) {
        const auto packages = as_selected(contents);
        Graph graph;
        graph.needs = needed_by(packages);
        for (const auto& [word, place] : asked_for(contents.world, packages)) {
            graph.roots.push_back(place);
        }
        return graph;
    }
    /// The nearest way to each package: for each its predecessor, itself for a root. `without` is
    /// not entered.
    std::map<std::size_t, std::size_t> reach(std::size_t without) const {
        std::map<std::size_t, std::size_t> from;
        std::vector<std::size_t> queue;
        const auto enter = [&](std::size_t place, std::size_t before) {
            if (place != without && from.emplace(place, before).second) {
                queue.push_back(place);
            }
        };
        for (const std::size_t root : roots) {
            enter(root, root);
        }
        for (std::size_t i = 0; i < queue.size(); ++i) {
            const std::size_t place = queue[i];
            for (const std::size_t next : needs[place]) {
                enter(next, place);
            }
        }
        return from;
    }
};

/// An image's world may name every package: the pinned ones of a build. Those that another one
/// needs are not what was asked for.
void drop_needed_roots(Graph& graph) {
    std::set<std::size_t> needed;
    for (std::size_t i = 0; i < graph.needs.size(); ++i) {
        needed.insert(graph.needs[i].begin(), graph.needs[i].end());
    }
    std::vector<std::size_t> kept;
    for (const std::size_t root : graph.roots) {
        if (needed.count(root) == 0) {
            kept.push_back(root);
        }
    }
    if (!kept.empty()) {
        graph.roots = std::move(kept);
    }
}

void explain_package(const ImageContents& contents, std::size_t place, Explanation& explanation) {
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    const auto& entries = contents.packages->entries;
    explanation.package = entries[place].name;
    explanation.version = entries[place].version;
    explanation.own_size = entries[place].installed_size;
    Graph graph = Graph::of(contents);
    drop_needed_roots(graph);
    const auto all = graph.reach(none);
    for (auto each = all.find(place); each != all.end(); each = all.find(each->second)) {
        explanation.chain.insert(explanation.chain.begin(), entries[each->first].name);
        if (each->first == each->second) {
            break;
        }
    }
    const auto others = graph.reach(place);
    for (const auto& [reached, from] : all) {
        if (others.count(reached) == 0) {
            explanation.alone_size += entries[reached].installed_size;
        }
    }
}

}  // namespace

Result<ImageContents> ImageContents::read(
    const std::filesystem::path& path,
    const std::string& architecture,
    const archive::ExtractLimits& limits
) {
    auto image = StoredImage::open(path, architecture);
    if (!image) {
        return std::move(image).error().context(fmt::format("reading {}", path.string()));
    }
    std::map<std::string, std::string> texts = {{installed_path, {}}, {world_path, {}}};
    auto files = image->read_files(texts, limits);
    if (!files) {
        return std::move(files).error().context(fmt::format("reading {}", path.string()));
    }
    QUERN_TRY(apk::Index packages, apk::Index::parse(without_files(texts[installed_path])));
    ImageContents contents = {
        std::move(*image),
        std::move(*files),
        std::make_shared<const apk::Index>(std::move(packages)),
        owners_in(texts[installed_path]),
        {}};
    for (const std::string_view word : split_words(texts[world_path])) {
        contents.world.emplace_back(word);
    }
    return contents;
}

std::uint64_t ImageContents::size_bytes() const {
    std::uint64_t size = 0;
    for (const auto& [path, stored] : files) {
        size += stored.entry.size;
    }
    return size;
}

ImageDifference compare_images(const ImageContents& before, const ImageContents& after) {
    ImageDifference difference;
    difference.packages = changes(versions(before), versions(after));
    difference.files = changes(descriptions(before), descriptions(after));
    difference.config = changes(settings(before), settings(after));
    difference.size_before = before.size_bytes();
    difference.size_after = after.size_bytes();
    std::set<std::string> layers;
    for (const StoredLayer& layer : before.image.layers()) {
        layers.insert(layer.digest);
    }
    for (const StoredLayer& layer : after.image.layers()) {
        difference.shared_layers += layers.count(layer.digest);
    }
    return difference;
}

Result<Explanation> explain_content(const ImageContents& contents, const std::string& what) {
    Explanation explanation;
    std::string name = what;
    if (what.find('/') != std::string::npos) {
        const std::string path(without_root(what));
        const auto file = contents.files.find(path);
        if (file == contents.files.end()) {
            return Error(ErrorCode::not_found, fmt::format("the image has no {}", printable(what)))
                .help("a path starts at the root of the image; a package is named without slashes");
        }
        explanation.path = "/" + path;
        explanation.layer = contents.image.layers()[file->second.layer].digest;
        explanation.size = file->second.entry.size;
        const auto owner = contents.owners.find(path);
        if (owner == contents.owners.end()) {
            return explanation;
        }
        name = owner->second;
    }
    const auto& entries = contents.packages->entries;
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
        return entry.name == name;
    });
    if (found == entries.end()) {
        return Error(
                   ErrorCode::not_found, fmt::format("the image has no package {}", printable(name))
        )
            .help("a file is named by its path: /usr/bin/awk");
    }
    explain_package(contents, static_cast<std::size_t>(found - entries.begin()), explanation);
    return explanation;
}

}  // namespace quern::image
