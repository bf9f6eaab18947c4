// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// Commands define their flags through these few functions and do not include CLI11, whose header
// costs each file that does seconds of compilation and each start of the process pages of memory.

namespace quern::cli {

/// Values that a flag takes; --help shows them.
struct OneOf {
    std::vector<std::string> values;
};
OneOf one_of(std::vector<std::string> values);

/// Numbers that a flag takes, both ends allowed.
struct Within {
    int lowest;
    int highest;
};
Within within(int lowest, int highest);

/// A flag that was added to a command. A view: the command owns the flag.
class Flag {
 public:
    explicit Flag(CLI::Option* option) : option_(option) {}
    Flag* operator->() { return this; }

    Flag& required();
    Flag& check(const OneOf& allowed);
    Flag& check(const Within& allowed);
    /// --help shows the value that the target has now.
    Flag& capture_default_str();
    /// --help shows this as the default.
    Flag& default_str(const std::string& text);
    /// Heading in --help; empty hides the flag.
    Flag& group(const std::string& name);

 private:
    CLI::Option* option_;
};

/// Adds an option named `name` ("-s,--long", or a bare word for a positional) that is stored in
/// `target`, which outlives the parse.
Flag add_option(
    CLI::App& app, const std::string& name, std::string& target, const std::string& description
);
Flag add_option(
    CLI::App& app,
    const std::string& name,
    std::filesystem::path& target,
    const std::string& description
);
Flag add_option(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
);
Flag add_option(
    CLI::App& app, const std::string& name, int& target, const std::string& description
);
Flag add_option(
    CLI::App& app, const std::string& name, std::uint64_t& target, const std::string& description
);

/// Takes the text of an option, and gives what is wrong with it: empty if nothing is.
using TakeText = std::function<std::string(const std::string& text)>;
/// Adds an option whose text goes to `take`.
Flag add_option(
    CLI::App& app, const std::string& name, const TakeText& take, const std::string& description
);

/// Adds a flag without a value; `--flag=false` unsets it.
Flag add_flag(CLI::App& app, const std::string& name, bool& target, const std::string& description);

/// Adds a flag whose uses are counted.
Flag add_flag(CLI::App& app, const std::string& name, int& target, const std::string& description);

/// A list flag as the peers have it: comma-separated and repeatable.
Flag add_list(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
);

/// A list flag whose values may have commas: one value for each time that it is given.
Flag add_repeated(
    CLI::App& app,
    const std::string& name,
    std::vector<std::string>& target,
    const std::string& description
);

/// Changes what --help says of an option that was added before.
void describe_option(CLI::App& app, const std::string& name, const std::string& description);

}  // namespace quern::cli
