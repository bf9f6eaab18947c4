// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The only file that knows libyaml, whose scanner melange's YAML library is a translation of: so
// what is YAML there is YAML here. Events are used, not its documents: those keep both of two equal
// keys without a word, do not merge, and follow an alias into itself. Its marks count characters.
#include "yaml/node.hpp"

#include "quern/error.hpp"
#include "support/text.hpp"
#include "yaml/encoding.hpp"
#include "yaml/tree.hpp"

#include <fmt/format.h>

#include <yaml.h>

#include <algorithm>
#include <array>
#include <new>
#include <unordered_map>

namespace quern::yaml {

namespace {

constexpr std::size_t max_text = 16 * 1024 * 1024;

/// libyaml's parser over a text that must outlive it.
class Parser {
 public:
    explicit Parser(std::string_view text) {
        if (yaml_parser_initialize(&parser_) == 0) {
            throw std::bad_alloc();
        }
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): its characters are unsigned
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        yaml_parser_set_input_string(&parser_, bytes, text.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() { yaml_parser_delete(&parser_); }

    yaml_parser_t* get() { return &parser_; }
    const yaml_parser_t& state() const { return parser_; }

 private:
    yaml_parser_t parser_{};
};

/// The event that the parser is at.
class Event {
 public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }

    bool read(Parser& parser) {
        yaml_event_delete(&event_);
        return yaml_parser_parse(parser.get(), &event_) != 0;
    }
    const yaml_event_t& get() const { return event_; }

 private:
    yaml_event_t event_{};
};

std::string_view view(const yaml_char_t* text) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): its characters are unsigned
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// Hands the parser's events to the builder.
class Feeder {
 public:
    Feeder(const SourceFile& file, detail::TreeBuilder& builder, Diagnostics& diagnostics)
        : file_(file), offsets_(file.text()), builder_(builder), diagnostics_(diagnostics) {}

    const CharacterOffsets& offsets() const { return offsets_; }

    /// False after an error that makes it useless to go on.
    bool take(const yaml_event_t& event) {
        switch (event.type) {
            case YAML_ALIAS_EVENT:
                return alias(event);
            case YAML_SCALAR_EVENT:
                return scalar(event);
            case YAML_SEQUENCE_START_EVENT: {
                const auto& data = event.data.sequence_start;
                return builder_.open(start(event, data.anchor, data.tag), Kind::list);
            }
            case YAML_MAPPING_START_EVENT: {
                const auto& data = event.data.mapping_start;
                return builder_.open(start(event, data.anchor, data.tag), Kind::map);
            }
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT:
                return builder_.close();
            default:
                return true;
        }
    }

 private:
    detail::NodeStart start(
        const yaml_event_t& event, const yaml_char_t* anchor, const yaml_char_t* tag
    ) {
        detail::NodeStart start{
            offsets_.byte(event.start_mark.index),
            offsets_.byte(event.end_mark.index),
            0,
            view(tag)};
        if (anchor != nullptr) {
            start.anchor = ++anchor_count_;
            anchors_.insert_or_assign(std::string(view(anchor)), start.anchor);
        }
        return start;
    }

    bool scalar(const yaml_event_t& event) {
        const auto& data = event.data.scalar;
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): its characters are unsigned
        std::string value(reinterpret_cast<const char*>(data.value), data.length);
        const auto begin = start(event, data.anchor, data.tag);
        const bool is_plain = data.style == YAML_PLAIN_SCALAR_STYLE;
        if (is_plain && is_null(begin.tag, value)) {
            return builder_.null(begin);
        }
        return builder_.scalar(begin, std::move(value), is_plain);
    }

    static bool is_null(std::string_view tag, std::string_view value) {
        constexpr std::array words = {"", "~", "null", "Null", "NULL"};
        return tag == YAML_NULL_TAG ||
               (tag.empty() && std::find(words.begin(), words.end(), value) != words.end());
    }

    bool alias(const yaml_event_t& event) {
        const std::string_view name = view(event.data.alias.anchor);
        const std::size_t begin = offsets_.byte(event.start_mark.index);
        const auto found = anchors_.find(std::string(name));
        if (found != anchors_.end()) {
            return builder_.alias(begin, found->second);
        }
        diagnostics_.error(
            "bad-yaml",
            "this is not YAML: no anchor of this name is defined above",
            {&file_, begin, name.size() + 1}
        );
        return false;
    }

    const SourceFile& file_;
    CharacterOffsets offsets_;
    detail::TreeBuilder& builder_;
    Diagnostics& diagnostics_;
    std::unordered_map<std::string, std::size_t> anchors_;
    std::size_t anchor_count_ = 0;
};

struct Advice {
    std::string_view theirs;  ///< what the parser says
    std::string_view message;
    std::string_view help;
};

/// The parser's sentences in ours. Source: libyaml 0.2.5 src/scanner.c and src/parser.c.
constexpr std::array advices = {
    Advice{
        "mapping values are not allowed in this context",
        "a ':' is not allowed here",
        "quote a text that holds ': '; or check the indentation"},
    Advice{
        "did not find expected key",
        "this does not fit into the map above it",
        "check the indentation: keys of one map start in one column"},
    Advice{
        "did not find expected '-' indicator",
        "this does not fit into the list above it",
        "check the indentation: the '-' of one list stand in one column"},
    Advice{
        "did not find expected ',' or '}'",
        "a '{' is not closed, or a ',' is missing",
        "quote texts that hold one of '[]{},' or ': '"},
    Advice{
        "did not find expected ',' or ']'",
        "a '[' is not closed, or a ',' is missing",
        "quote texts that hold one of '[]{},' or ': '"},
    Advice{"found unexpected end of stream", "a quote is not closed", ""},
    Advice{
        "found unexpected document indicator",
        "a quote is not closed before the end of the document",
        ""},
    Advice{
        "found character that cannot start any token",
        "this character cannot start a text",
        "put the text in quotes; indent with spaces, not with tabs"},
    Advice{
        "found a tab character where an indentation space is expected",
        "a tab is no indentation",
        "indent with spaces"},
    Advice{
        "found a tab character that violates indentation",
        "a tab is no indentation",
        "indent with spaces"},
    Advice{
        "could not find expected ':'",
        "a ':' is missing behind this key",
        "check the indentation of this line and the one above"},
    Advice{
        "block sequence entries are not allowed in this context",
        "a '-' is not allowed here",
        "a list starts on a line of its own"},
    Advice{"found unknown escape character", "there is no such escape", "single quotes keep '\\'"},
};

/// Where a quote that is not closed, or a key without a ':', begins tells more than where it ends.
bool wants_beginning(const yaml_parser_t& parser) {
    const std::string_view context = parser.context == nullptr ? "" : parser.context;
    return context == "while scanning a quoted scalar" || context == "while scanning a simple key";
}

void report_syntax_error(
    const yaml_parser_t& parser,
    const CharacterOffsets& offsets,
    const SourceFile& file,
    Diagnostics& diagnostics
) {
    const std::string_view problem = parser.problem == nullptr ? "?" : parser.problem;
    const std::size_t size = file.text().size();
    if (parser.error == YAML_READER_ERROR) {
        diagnostics.error(
            "bad-encoding",
            fmt::format("character U+{:04X} may not stand in YAML", parser.problem_value),
            {&file, std::min(size, parser.problem_offset), 1}
        );
        return;
    }
    const yaml_mark_t& mark = wants_beginning(parser) ? parser.context_mark : parser.problem_mark;
    const auto known = std::find_if(advices.begin(), advices.end(), [&](const Advice& advice) {
        return problem == advice.theirs;
    });
    const bool is_known = known != advices.end();
    diagnostics.error(
        "bad-yaml",
        fmt::format("this is not YAML: {}", is_known ? known->message : problem),
        {&file, std::min(size, offsets.byte(mark.index)), std::size_t{1}},
        std::string(is_known ? known->help : std::string_view())
    );
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
    return true;
}

/// Reads the first document into `builder`.
bool read_events(const SourceFile& file, detail::TreeBuilder& builder, Diagnostics& diagnostics) {
    Feeder feeder(file, builder, diagnostics);
    Parser parser(file.text());
    Event event;
    do {
        if (!event.read(parser)) {
            report_syntax_error(parser.state(), feeder.offsets(), file, diagnostics);
            return false;
        }
        if (!feeder.take(event.get())) {
            return false;
        }
    } while (event.get().type != YAML_DOCUMENT_END_EVENT &&
             event.get().type != YAML_STREAM_END_EVENT);
    return builder.is_good();
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
    detail::TreeBuilder builder(*tree, diagnostics);
    if (!read_events(*tree->file, builder, diagnostics)) {
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
