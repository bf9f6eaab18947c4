// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/advice.hpp"
#include "quern/error.hpp"
#include "quern/plan.hpp"
#include "recipe/advice.hpp"
#include "recipe/allowance.hpp"
#include "recipe/load.hpp"
#include "support/file_reader.hpp"
#include "yaml/node.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace quern;

namespace {

constexpr std::string_view separator = "\n%%\n";

/// A recipe, then what is read of definitions, variables and environments.
class Files final : public FileReader {
 public:
    explicit Files(std::string_view all) {
        for (std::string* text : {&recipe_, &definition_, &vars_, &env_}) {
            const std::size_t end = all.find(separator);
            text->assign(all.substr(0, end));
            all = end == std::string_view::npos ? "" : all.substr(end + separator.size());
        }
    }
    Result<std::string> read(const std::filesystem::path& path) const override {
        const std::string name = path.filename().string();
        if (name == "recipe.yaml") {
            return recipe_;
        }
        if (name == "vars" || name == "env") {
            return name == "vars" ? vars_ : env_;
        }
        if (name == "own.yaml") {
            return definition_;
        }
        return Error(ErrorCode::not_found, "no such file");
    }
    bool exists(const std::filesystem::path& path) const override { return read(path).has_value(); }

 private:
    std::string recipe_, definition_, vars_, env_;
};

}  // namespace

/// All of `check` but what asks others: it ends, and says something exactly if it gives nothing.
/// Parts of the input: recipe, definition `own`, variables file, environment file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Files files({reinterpret_cast<const char*>(data), size});
    recipe::LoadOptions options;
    options.architecture = "x86_64";
    options.build_options = {"a"};
    options.vars_file = "vars";
    options.env_files = {"env"};
    pipeline::Library library({"pipelines"}, files);
    Diagnostics diagnostics;
    const auto written = recipe::read("recipe.yaml", files, diagnostics);
    if (!written) {
        QUERN_ASSERT(diagnostics.has_errors());
        return 0;
    }
    const auto configuration = recipe::evaluate(*written, files, options, diagnostics);
    if (configuration) {
        const auto compiled = pipeline::compile(*configuration, library, options, diagnostics);
        QUERN_ASSERT(compiled || diagnostics.has_errors());
        if (compiled) {
            QUERN_ASSERT(!to_json(pipeline::with_disabled(*compiled)).empty());
            to_string(compiled->plan);
            recipe::advise(*written, compiled->configuration, diagnostics);
            pipeline::advise(*written, *compiled, library, diagnostics);
        }
    }
    for (const Diagnostic& diagnostic :
         recipe::without_allowed(diagnostics.take(), *written->files.front())) {
        QUERN_ASSERT(!render(diagnostic, {}).empty());
    }
    return 0;
}
