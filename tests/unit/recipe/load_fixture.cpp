// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "load_fixture.hpp"

#include "support/memory_file_reader.hpp"

using namespace quern;

Loaded load_text(
    const std::string& text,
    const recipe::LoadOptions& options,
    const std::map<std::string, std::string>& files
) {
    MemoryFileReader reader(files);
    reader.add("recipe.yaml", text);
    Diagnostics diagnostics;
    Loaded loaded;
    loaded.configuration = recipe::load("recipe.yaml", reader, options, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        loaded.ids.push_back(diagnostic.id);
        loaded.messages.push_back(diagnostic.message);
        const Span where = diagnostic.where;
        loaded.lines.push_back(where.file == nullptr ? 0 : where.file->position(where.begin).line);
    }
    return loaded;
}

Loaded load_demo(
    const std::string& rest,
    const recipe::LoadOptions& options,
    const std::map<std::string, std::string>& files
) {
    return load_text(
        "package:\n  name: demo\n  version: 1.2.3\n  epoch: 4\n" + rest, options, files
    );
}

std::vector<std::string> values(const std::vector<recipe::Text>& list) {
    std::vector<std::string> texts;
    for (const recipe::Text& text : list) {
        texts.push_back(text.value);
    }
    return texts;
}
