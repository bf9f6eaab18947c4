// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// One bash reads all scripts from its input, separated by NUL, and gives each to `eval` in a
// subshell behind a line `set -n`: eval reads and runs command by command, so from the second line
// on it only parses, and nothing in the script can take `set -n` back. The first script is a known
// mistake, whose line tells how this bash counts.
#include "pipeline/shell_check.hpp"

#include "support/child_process.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quern::pipeline {

namespace {

constexpr std::chrono::seconds max_time(60);
constexpr std::size_t max_output = std::size_t{4} << 20U;
constexpr std::string_view known_mistake = ")";

/// Our own text; the scripts come as data. extglob only adds to what is accepted.
constexpr std::string_view driver =
    "ulimit -t 30 -f 0 -v 2000000; shopt -s extglob; mapfile -d '' scripts; exec </dev/null; "
    "for i in \"${!scripts[@]}\"; do printf '\\0%s\\0' \"$i\"; "
    "(eval $'set -n\\n'\"${scripts[i]}\"); done";

struct Script {
    std::string_view text;
    const std::vector<Span>* origin;
};

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The script with one word for all paths, versions and names with a dash. Such a word is no
/// keyword, name of a variable, operator or number of a descriptor wherever it stands, so what the
/// parser says does not depend on it; the end marks of here-documents are the exception. The steps
/// of hundreds of subpackages differ in nothing else, and each text costs a process.
std::string shape_of(std::string_view script) {
    if (script.find("<<") != std::string_view::npos) {
        return std::string(script);
    }
    constexpr std::string_view inside = "-./:@%,_";
    std::string shape;
    for (std::size_t i = 0; i < script.size();) {
        std::size_t end = i;
        bool is_word = false;
        while (end < script.size() && (is_alphanumeric(script[end]) ||
                                       inside.find(script[end]) != std::string_view::npos)) {
            is_word = is_word || (script[end] != '_' && !is_alphanumeric(script[end]));
            ++end;
        }
        is_word = is_word && (is_alphanumeric(script[i]) || script[i] == '/');
        end = std::max(end, i + 1);
        shape += is_word ? "a/b" : script.substr(i, end - i);
        i = end;
    }
    return shape;
}

/// The scripts of the plan, each shape once.
std::vector<Script> scripts_of(const Plan& plan) {
    std::vector<Script> scripts;
    std::set<std::string> seen;
    for (const auto* packages : {&plan.packages, &plan.tests}) {
        for (const PackagePlan& package : *packages) {
            for (const Step& step : package.steps) {
                if (!step.script.empty() && seen.insert(shape_of(step.script)).second) {
                    scripts.push_back({step.script, &step.origin});
                }
            }
        }
    }
    return scripts;
}

std::string input_of(const std::vector<Script>& scripts) {
    std::string input(known_mistake);
    input += '\0';
    for (const Script& script : scripts) {
        // A NUL cannot come from a recipe; from variables of the command line it could.
        std::string text(script.text);
        std::replace(text.begin(), text.end(), '\0', ' ');
        input.append(text) += '\0';
    }
    return input;
}

/// What the parser of one script said.
struct Complaint {
    std::size_t line = 0;  ///< as bash counts
    std::string message;
    bool is_warning = false;
};

/// A line "q: eval: line 5: syntax error near unexpected token `)'".
std::optional<Complaint> parse_complaint(std::string_view text) {
    constexpr std::string_view mark = "line ";
    const std::size_t at = text.find(mark);
    if (!text.starts_with("q: ") || at == std::string_view::npos) {
        return std::nullopt;
    }
    Complaint complaint;
    const char* const end = text.data() + text.size();
    const auto [rest, problem] =
        std::from_chars(text.data() + at + mark.size(), end, complaint.line);
    if (problem != std::errc() || rest == end) {
        return std::nullopt;
    }
    std::string_view message = trim({rest + 1, static_cast<std::size_t>(end - rest - 1)});
    constexpr std::string_view warning = "warning: ";
    if (message.starts_with(warning)) {
        complaint.is_warning = true;
        message.remove_prefix(warning.size());
    }
    // "here-document at line 2 delimited by…": a line by bash's count, which is told as a place.
    std::string told = printable(message);
    if (const std::size_t place = told.find(" at line "); place != std::string::npos) {
        told.erase(place, told.find(' ', place + std::string_view(" at line ").size()) - place);
    }
    complaint.message = std::move(told);
    return complaint;
}

/// All warnings and the first error; behind that stands the line in question.
std::vector<Complaint> parse_complaints(std::string_view text) {
    std::vector<Complaint> complaints;
    for (const std::string_view line : split(text, '\n')) {
        if (auto complaint = parse_complaint(line)) {
            complaints.push_back(std::move(*complaint));
            if (!complaints.back().is_warning) {
                break;
            }
        }
    }
    return complaints;
}

/// What was said about each script, by its number.
std::vector<std::vector<Complaint>> split_output(std::string_view output, std::size_t count) {
    std::vector<std::vector<Complaint>> said(count);
    const auto pieces = split(output, '\0');
    for (std::size_t i = 1; i + 1 < pieces.size(); i += 2) {
        const auto number = parse_unsigned(pieces[i]);
        if (number && *number < count) {
            said[*number] = parse_complaints(pieces[i + 1]);
        }
    }
    return said;
}

std::vector<std::string> command(bool is_confined) {
    std::vector<std::string> argv;
    if (is_confined) {
        argv = {
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--ro-bind",
            "/",
            "/",
            "--"};
    }
    for (const std::string_view word : {"bash", "--norc", "--noprofile", "-c", "", "q"}) {
        argv.emplace_back(word.empty() ? driver : word);
    }
    return argv;
}

Result<std::string> run_shell(
    const std::string& input, bool is_confined, const CancelToken& cancel
) {
    ProcessOptions options;
    options.argv = command(is_confined);
    options.environment = {{"LC_ALL", "C"}, {"PATH", "/usr/bin:/bin"}};
    options.working_directory = "/";
    options.standard_input = input;
    QUERN_TRY(ChildProcess child, ChildProcess::spawn(options));
    std::string output;
    const auto sink = [&output](std::string_view bytes, bool /*is_stderr*/) {
        output.append(bytes.substr(0, max_output - std::min(max_output, output.size())));
    };
    QUERN_CHECK(child.wait(sink, cancel, max_time));
    return output;
}

/// Tells where a complaint stands and how the recipe came to it.
class Teller {
 public:
    Teller(std::size_t first_line, Diagnostics& diagnostics)
        : first_line_(first_line), diagnostics_(diagnostics) {}

    void tell(const Script& script, const Complaint& complaint) {
        const std::size_t line =
            complaint.line >= first_line_ ? complaint.line - first_line_ : std::size_t{0};
        Diagnostic diagnostic;
        diagnostic.severity = complaint.is_warning ? Severity::warning : Severity::error;
        diagnostic.id = "shell-syntax";
        diagnostic.message =
            fmt::format("the shell cannot read this script: {}", complaint.message);
        diagnostic.where = place(script, line);
        for (std::size_t i = 1; i < script.origin->size(); ++i) {
            diagnostic.notes.push_back({"used here", (*script.origin)[i]});
        }
        diagnostic.help = help(complaint.message);
        diagnostics_.add(std::move(diagnostic));
    }

 private:
    static Span place(const Script& script, std::size_t line) {
        if (script.origin->empty()) {
            return {};
        }
        std::size_t begin = 0;
        for (std::size_t at = 0; line > 0; --line) {
            at = script.text.find('\n', at);
            if (at == std::string_view::npos) {
                break;
            }
            // The end of the text is behind its last line.
            begin = ++at < script.text.size() ? at : begin;
        }
        const std::string_view rest = script.text.substr(begin);
        const std::string_view words = trim(rest.substr(0, rest.find('\n')));
        const std::size_t indent = words.empty() ? 0 : rest.find(words);
        return yaml::place_in_scalar(
            script.origin->front(), script.text, begin + indent, words.size()
        );
    }

    static std::string help(std::string_view message) {
        if (message.find("here-document") != std::string_view::npos) {
            return "the line that ends it must stand alone, without spaces";
        }
        if (message.find("end of file") != std::string_view::npos) {
            return "an 'if', 'case', loop, '{' or '(' above is not closed";
        }
        if (message.find("looking for matching") != std::string_view::npos) {
            return "a quote or a bracket that begins here is not closed";
        }
        return {};
    }

    std::size_t first_line_;
    Diagnostics& diagnostics_;
};

}  // namespace

Result<void> check_scripts(const Plan& plan, const CancelToken& cancel, Diagnostics& diagnostics) {
    const std::vector<Script> scripts = scripts_of(plan);
    if (scripts.empty()) {
        return {};
    }
    const std::string input = input_of(scripts);
    // Without namespaces (in some containers) the bounds alone must do: nothing is run either way.
    for (const bool is_confined : {true, false}) {
        auto output = run_shell(input, is_confined, cancel);
        if (!output && output.error().code() != ErrorCode::not_found) {
            return std::move(output).error().context("checking the scripts");
        }
        const auto said = split_output(output ? std::string_view(*output) : "", scripts.size() + 1);
        if (said[0].empty()) {
            continue;  // no shell was started
        }
        Teller teller(said[0].front().line, diagnostics);
        for (std::size_t i = 0; i < scripts.size(); ++i) {
            for (const Complaint& complaint : said[i + 1]) {
                teller.tell(scripts[i], complaint);
            }
        }
        return {};
    }
    diagnostics.warning("no-shell-check", "scripts are not checked: there is no bash here", {});
    return {};
}

}  // namespace quern::pipeline
