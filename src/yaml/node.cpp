// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The only file that knows yaml-cpp. Its events are used, not its nodes: those keep the first of
// two equal keys without a word, do not merge, and follow an alias into itself. Its marks are byte
// offsets into the text that it was given, which is the file's own but for line ends.
#include "yaml/node.hpp"

#include "quern/error.hpp"
#include "support/text.hpp"
#include "yaml/encoding.hpp"
#include "yaml/tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <exception>
#include <istream>
#include <streambuf>

namespace quern::yaml {

namespace {

constexpr std::size_t max_text = 16 * 1024 * 1024;
/// yaml-cpp queues all of a line in which a flow list is open; deeper ones are refused before it
/// sees them.
constexpr std::size_t max_flow_depth = 400;

/// Thrown through yaml-cpp, which has no other way to stop; caught in this file.
class Stop : public std::exception {};

/// Reads from memory that it does not own.
class ViewBuffer : public std::streambuf {
 public:
    explicit ViewBuffer(std::string_view text) {
        char* begin = const_cast<char*>(text.data()
        );  // NOLINT(cppcoreguidelines-pro-type-const-cast): never written to
        setg(begin, begin, begin + text.size());
    }
};

class Events : public YAML::EventHandler {
 public:
    Events(detail::TreeBuilder& builder, const UnixLines& lines)
        : builder_(builder), lines_(lines) {}

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        go_on(builder_.null({at(mark), anchor, {}}));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        go_on(builder_.alias(at(mark), anchor));
    }
    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        const std::string& value
    ) override {
        go_on(builder_.scalar({at(mark), anchor, tag}, value));
    }
    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value /*style*/
    ) override {
        go_on(builder_.open({at(mark), anchor, tag}, Kind::list));
    }
    void OnSequenceEnd() override { go_on(builder_.close()); }
    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value /*style*/
    ) override {
        go_on(builder_.open({at(mark), anchor, tag}, Kind::map));
    }
    void OnMapEnd() override { go_on(builder_.close()); }

 private:
    std::size_t at(const YAML::Mark& mark) const {
        return lines_.original_offset(mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos));
    }
    static void go_on(bool good) {
        if (!good) {
            throw Stop();
        }
    }

    detail::TreeBuilder& builder_;
    const UnixLines& lines_;
};

struct Advice {
    std::string_view theirs;  ///< what the parser says
    std::string_view message;
    std::string_view help;
};

/// The parser's sentences in ours. Source: yaml-cpp 0.7.0 exceptions.h, namespace ErrorMsg.
constexpr std::array advices = {
    Advice{
        "illegal map value",
        "a ':' is not allowed here",
        "quote a text that holds ': '; or check the indentation"},
    Advice{
        "end of map not found",
        "this does not fit into the map above it",
        "check the indentation: keys of one map start in one column"},
    Advice{
        "end of sequence not found",
        "this does not fit into the list above it",
        "check the indentation: the '-' of one list stand in one column"},
    Advice{"end of map flow not found", "a '{' is not closed", ""},
    Advice{"end of sequence flow not found", "a '[' is not closed", ""},
    Advice{"illegal EOF in scalar", "a quote is not closed", ""},
    Advice{
        "illegal document indicator in scalar",
        "a quote is not closed before the end of the document",
        ""},
    Advice{"unknown token", "this character cannot start a text", "put the text in quotes"},
    Advice{
        "illegal tab when looking for indentation",
        "a tab is no indentation",
        "indent with spaces"},
    Advice{"the referenced anchor is not defined", "no anchor of this name is defined above", ""},
    Advice{
        "illegal block entry", "a '-' is not allowed here", "a list starts on a line of its own"},
};

void report_syntax_error(
    const YAML::Exception& exception,
    const UnixLines& lines,
    const SourceFile& file,
    Diagnostics& diagnostics
) {
    const std::size_t size = file.text().size();
    const std::size_t at =
        exception.mark.pos < 0
            ? size
            : std::min(size, lines.original_offset(static_cast<std::size_t>(exception.mark.pos)));
    const auto known =
        std::find_if(advices.begin(), advices.end(), [&exception](const Advice& advice) {
            return std::string_view(exception.msg).starts_with(advice.theirs);
        });
    const bool is_known = known != advices.end();
    const std::string_view message = is_known ? known->message : std::string_view(exception.msg);
    diagnostics.error(
        "bad-yaml",
        fmt::format("this is not YAML: {}", printable(message)),
        {&file, at, std::size_t{1}},
        std::string(is_known ? known->help : std::string_view())
    );
}

/// Where a text opens more lists and maps than may be nested, as far as that can be seen without
/// reading it as YAML: in one line, or in lines of nothing but brackets, of which the parser would
/// queue all.
std::optional<std::size_t> find_deep_line(std::string_view text) {
    std::size_t flow_depth = 0;
    std::size_t dashes = 0;
    bool only_brackets = true;
    bool starts = true;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n' || c == '\r') {
            flow_depth = only_brackets ? flow_depth : 0;
            dashes = 0;
            only_brackets = starts = true;
            continue;
        }
        if (c == '[' || c == '{') {
            ++flow_depth;
        } else if (c == ']' || c == '}') {
            flow_depth -= flow_depth > 0 ? 1 : 0;
        } else if (starts && (c == '-' || c == '?' || c == ':') && text.substr(at + 1).starts_with(' ')) {
            ++dashes;
        } else if (c != ' ' && c != '\t' && c != ',') {
            only_brackets = starts = false;
        }
        if (flow_depth > max_flow_depth || dashes > max_flow_depth) {
            return at;
        }
    }
    return std::nullopt;
}

/// What can be said of the text without reading it as YAML.
bool check_text(const SourceFile& file, Diagnostics& diagnostics) {
    const std::string_view text = file.text();
    if (text.size() > max_text) {
        diagnostics.error("yaml-limit", "the file is over 16 MiB", {&file, 0, 0});
        return false;
    }
    if (const auto bad = find_bad_byte(text)) {
        diagnostics.error(
            "bad-encoding",
            bad->problem,
            {&file, bad->offset, bad->length},
            "the file must be UTF-8 text, or UTF-16 with a byte order mark"
        );
        return false;
    }
    if (const auto deep = find_deep_line(text)) {
        diagnostics.error(
            "yaml-limit", "lists and maps are nested over 400 deep", {&file, *deep, 1}
        );
        return false;
    }
    return true;
}

}  // namespace

Document::Document(std::unique_ptr<detail::Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

std::optional<Document> Document::parse(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
) {
    if (!check_text(*file, diagnostics)) {
        return std::nullopt;
    }
    auto tree = std::make_unique<detail::Tree>();
    tree->file = std::move(file);
    const UnixLines lines(tree->file->text());
    detail::TreeBuilder builder(*tree, diagnostics);
    Events events(builder, lines);
    try {
        ViewBuffer buffer(lines.text());
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        parser.HandleNextDocument(events);
    } catch (const Stop&) {
        return std::nullopt;  // reported by the builder
    } catch (const YAML::DeepRecursion& exception) {
        const std::size_t at =
            lines.original_offset(static_cast<std::size_t>(std::max(exception.mark.pos, 0)));
        diagnostics.error(
            "yaml-limit", "lists and maps are nested over 400 deep", {tree->file.get(), at, 1}
        );
        return std::nullopt;
    } catch (const YAML::Exception& exception) {
        report_syntax_error(exception, lines, *tree->file, diagnostics);
        return std::nullopt;
    }
    if (!builder.is_good()) {
        return std::nullopt;
    }
    if (tree->root == nullptr) {
        tree->root = &tree->nodes.emplace_back();
    }
    return Document(std::move(tree));
}

Node Document::root() const {
    return {tree_->root, tree_->file.get()};
}

Kind Node::kind() const {
    return data_->kind;
}
const std::string& Node::text() const {
    return data_->text;
}
bool Node::is_quoted() const {
    return data_->is_quoted;
}
Span Node::where() const {
    return {file_, data_->begin, data_->length};
}
std::size_t Node::size() const {
    return data_->entries.size();
}

Node Node::item(std::size_t index) const {
    QUERN_ASSERT(index < data_->entries.size());
    return {data_->entries[index].second, file_};
}

Node::Entry Node::entry(std::size_t index) const {
    QUERN_ASSERT(index < data_->entries.size() && is_map());
    const auto& [key, value] = data_->entries[index];
    return {{key, file_}, {value, file_}};
}

std::optional<Node> Node::find(std::string_view key) const {
    for (const auto& [name, value] : data_->entries) {
        if (name != nullptr && name->text == key) {
            return Node(value, file_);
        }
    }
    return std::nullopt;
}

std::string_view Node::kind_name() const {
    switch (kind()) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "a text";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a map";
    }
    return "nothing";
}

}  // namespace quern::yaml
