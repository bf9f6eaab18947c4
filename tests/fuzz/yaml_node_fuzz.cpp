// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

using namespace quern;

namespace {

class OneFile final : public FileReader {
 public:
    explicit OneFile(std::string text) : text_(std::move(text)) {}
    Result<std::string> read(const std::filesystem::path& /*path*/) const override { return text_; }
    bool exists(const std::filesystem::path& /*path*/) const override { return true; }

 private:
    std::string text_;
};

void walk(const yaml::Node& node, std::size_t size) {
    const Span where = node.where();
    QUERN_ASSERT(where.begin <= size && where.length <= size - where.begin);
    QUERN_ASSERT(is_valid_utf8(node.text()));
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (node.is_map()) {
            QUERN_ASSERT(node.entry(i).key.is_scalar());
            walk(node.entry(i).value, size);
        } else {
            walk(node.item(i), size);
        }
    }
}

}  // namespace

/// A file as a recipe: every place is inside of the text, every diagnostic can be printed, and what
/// was accepted is printed to a recipe that is accepted and printed alike.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = yaml::to_utf8(std::string(reinterpret_cast<const char*>(data), size));
    const auto file = std::make_shared<const SourceFile>("fuzz.yaml", text);
    Diagnostics diagnostics;
    if (const auto document = yaml::Document::parse(file, diagnostics)) {
        walk(document->root(), file->text().size());
    }
    Diagnostics found;
    const auto first = recipe::load("fuzz.yaml", OneFile(text), {}, found);
    for (const Diagnostic& diagnostic : found.take()) {
        QUERN_ASSERT(!render(diagnostic, {}).empty());
    }
    if (first) {
        const std::string printed = recipe::to_yaml(*first);
        Diagnostics again;
        const auto second = recipe::load("again.yaml", OneFile(printed), {}, again);
        QUERN_ASSERT(!second || recipe::to_yaml(*second).size() >= 1);
    }
    return 0;
}
