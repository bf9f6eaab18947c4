// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/apt.hpp"

#include "seed/deb.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <system_error>

// apt reads a configuration file named by --config-file after the system's: it moves every place
// that apt writes to below our directory and takes the system's hooks away (#clear), which would
// act on the system's own state. The dpkg status is a file of ours that says that the packages that
// a seed never has are installed already; so apt's answer to "install" is the whole closure.

namespace quern::seed {

namespace fs = std::filesystem;

namespace {

/// Settings of the surroundings that the way to a mirror may need.
constexpr std::array inherited = {
    "PATH",
    "HOME",
    "APT_CONFIG",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY"};

constexpr std::string_view configuration_template = R"(// Made by quern; a private state of apt.
Dir::State "{0}/state";
Dir::State::status "{0}/status";
Dir::State::extended_states "{0}/extended_states";
Dir::Cache "{0}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Log "{0}/log";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{0}/sources.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{1}";
#clear APT::Architectures;
APT::Architectures {{ "{1}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Cache::AllVersions "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::Contents-deb;
)";

std::string status_of(const std::vector<std::string>& installed, const std::string& architecture) {
    std::string text;
    for (const std::string& name : installed) {
        text += fmt::format(
            "Package: {}\nStatus: install ok installed\nMulti-Arch: foreign\nMaintainer: "
            "none\nArchitecture: {}\nVersion: 99999:0\n"
            "Description: not part of a seed\n\n",
            name,
            architecture
        );
    }
    return text;
}

Result<void> write_if_changed(const fs::path& path, const std::string& text) {
    if (const auto present = read_file(path); present && *present == text) {
        return {};
    }
    return write_file_atomically(path, text);
}

Result<void> make_directories(const fs::path& path) {
    std::error_code failure;
    fs::create_directories(path, failure);
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("making the directory {}", path.string())
        );
    }
    return {};
}

/// The last lines that apt printed about what went wrong.
std::string complaint(std::string_view output) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(output, '\n')) {
        const bool is_unmet = line.starts_with(' ') && line.find(" : ") != std::string_view::npos;
        if (is_unmet || line.starts_with("E: ") || line.starts_with("Err:")) {
            lines.push_back(redact_url(printable(trim(line))));
        }
    }
    constexpr std::size_t kept = 8;
    if (lines.size() > kept) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kept));
    }
    return lines.empty() ? "it gave no reason" : join(lines, "; ");
}

/// A package for all architectures is known to apt under the native one, so none is named.
std::string specification(const AptPackage& package) {
    return fmt::format("{}={}", package.name, package.version);
}

}  // namespace

Result<Apt> Apt::prepare(const AptOptions& options) {
    Apt apt;
    std::error_code failure;
    apt.directory_ = fs::absolute(options.directory, failure);
    apt.sources_ = options.sources;
    const std::string place = apt.directory_.string();
    if (failure || place.find_first_of("\"\n\\{}") != std::string::npos) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format(
                "apt cannot work in '{}': give a directory without quotes and braces",
                printable(place)
            )
        );
    }
    for (const std::string_view part :
         {"state/lists/partial", "cache/archives/partial", "sources.d", "log"}) {
        QUERN_CHECK(make_directories(apt.directory_ / part));
    }
    QUERN_CHECK(write_if_changed(
        apt.directory_ / "apt.conf",
        fmt::format(configuration_template, place, options.architecture)
    ));
    QUERN_CHECK(write_if_changed(
        apt.directory_ / "status", status_of(options.installed, options.architecture)
    ));
    QUERN_CHECK(write_if_changed(apt.directory_ / "sources.d" / "debian.sources", options.sources));
    return apt;
}

bool Apt::has_lists() const {
    const auto listed = read_file(directory_ / "listed-sources");
    return listed && *listed == sources_;
}

Result<std::string> Apt::stamp() const {
    std::error_code failure;
    std::set<fs::path> files;
    for (fs::directory_iterator at(directory_ / "state" / "lists", failure), end;
         !failure && at != end;
         at.increment(failure)) {
        const std::string name = at->path().filename().string();
        if (name.ends_with("InRelease") || name.ends_with("_Release")) {
            files.insert(at->path());
        }
    }
    Hasher hasher(DigestKind::sha256);
    hasher.update(std::string_view(sources_));
    for (const fs::path& path : files) {
        QUERN_TRY(const std::string text, read_file(path));
        hasher.update(std::string_view(text));
    }
    return hasher.finish().hex();
}

ProcessOptions Apt::command(std::vector<std::string> words) const {
    ProcessOptions options;
    options.argv = std::move(words);
    options.argv.insert(
        options.argv.begin() + 1, "--config-file=" + (directory_ / "apt.conf").string()
    );
    for (const char* name : inherited) {
        if (const char* value = std::getenv(name); value != nullptr) {
            options.environment.emplace_back(name, value);
        }
    }
    options.environment.emplace_back("LC_ALL", "C.UTF-8");
    options.environment.emplace_back("DEBIAN_FRONTEND", "noninteractive");
    options.merge_stderr = false;
    return options;
}

Result<std::string> Apt::run(
    std::vector<std::string> words, ErrorCode on_failure, const CancelToken& cancel
) const {
    const std::string name = words.front();
    auto captured = run_captured(command(std::move(words)), cancel);
    if (!captured) {
        Error error = std::move(captured).error();
        if (error.code() == ErrorCode::not_found) {
            return std::move(error)
                .context(fmt::format("running {}", name))
                .help("seeds are made with Debian's apt: run this on Debian or Ubuntu");
        }
        return error;
    }
    if (!captured->status.is_success()) {
        return Error(
            on_failure,
            fmt::format("{}: {}", name, complaint(captured->error_output + captured->output))
        );
    }
    return std::move(captured->output);
}

Result<void> Apt::update(const CancelToken& cancel) const {
    auto output = run({"apt-get", "update", "-qq", "--error-on=any"}, ErrorCode::network, cancel);
    if (!output) {
        return std::move(output).error().context("fetching package lists");
    }
    return write_file_atomically(directory_ / "listed-sources", sources_);
}

std::vector<AptPackage> parse_simulation(std::string_view output) {
    std::vector<AptPackage> packages;
    for (const std::string_view line : split(output, '\n')) {
        const auto words = split_words(line);
        const auto version = std::find_if(words.begin(), words.end(), [](std::string_view word) {
            return word.starts_with('(');
        });
        if (words.size() < 3 || words.front() != "Inst" || version == words.end()) {
            continue;
        }
        AptPackage package;
        package.name = words[1].substr(0, words[1].find(':'));
        package.version = version->substr(1);
        const std::size_t open = line.rfind('[', line.find(')'));
        if (open != std::string_view::npos) {
            package.architecture = line.substr(open + 1, line.find(']', open) - open - 1);
        }
        packages.push_back(std::move(package));
    }
    return packages;
}

Result<std::vector<AptPackage>> Apt::resolve(
    const std::vector<std::string>& names, const CancelToken& cancel
) const {
    std::vector<std::string> words = {
        "apt-get", "install", "--simulate", "-q", "--no-install-recommends", "--"};
    words.insert(words.end(), names.begin(), names.end());
    QUERN_TRY(
        const std::string simulation, run(std::move(words), ErrorCode::unsatisfiable, cancel)
    );
    std::vector<AptPackage> packages = parse_simulation(simulation);
    std::map<std::string, AptPackage*> by_name;
    words = {"apt-cache", "show", "--"};
    for (AptPackage& package : packages) {
        by_name[package.name + " " + package.version] = &package;
        words.push_back(specification(package));
    }
    if (packages.empty()) {
        return packages;
    }
    QUERN_TRY(const std::string records, run(std::move(words), ErrorCode::not_found, cancel));
    QUERN_TRY(const auto paragraphs, parse_paragraphs(records));
    for (const ControlFields& record : paragraphs) {
        const auto found =
            by_name.find(fmt::format("{} {}", record.value("package"), record.value("version")));
        if (found != by_name.end()) {
            found->second->sha256 = to_lower(record.value("sha256"));
            found->second->size_bytes = parse_unsigned(record.value("size")).value_or(0);
            found->second->architecture = record.value("architecture");
        }
    }
    for (const AptPackage& package : packages) {
        if (!Digest::from_hex(DigestKind::sha256, package.sha256)) {
            return Error(
                ErrorCode::invalid_data,
                fmt::format("apt knows no SHA-256 of {}", printable(package.name))
            );
        }
    }
    std::sort(packages.begin(), packages.end(), [](const AptPackage& a, const AptPackage& b) {
        return a.name < b.name;
    });
    return packages;
}

Result<void> Apt::download(
    const std::vector<AptPackage>& packages,
    const fs::path& directory,
    Activity& activity,
    const CancelToken& cancel
) const {
    std::vector<std::string> words = {"apt-get", "download", "-q", "--"};
    std::uint64_t total = 0;
    for (const AptPackage& package : packages) {
        words.push_back(specification(package));
        total += package.size_bytes;
    }
    ProcessOptions options = command(std::move(words));
    options.working_directory = directory;
    QUERN_TRY(ChildProcess child, ChildProcess::spawn(options));
    std::string output;
    std::string line;
    std::uint64_t done = 0;
    const auto sink = [&](std::string_view bytes, bool) {
        output.append(bytes.substr(
            0, (std::size_t{1} << 20U) - std::min(output.size(), std::size_t{1} << 20U)
        ));
        for (const char c : bytes) {
            line.push_back(c);
            if (c == '\n') {
                done += line.starts_with("Get:") ? 1U : 0U;
                line.clear();
                activity.progress(done, packages.size(), "packages");
            }
        }
    };
    QUERN_TRY(const ExitStatus status, child.wait(sink, cancel));
    if (!status.is_success()) {
        return Error(ErrorCode::network, fmt::format("apt-get download: {}", complaint(output)));
    }
    activity.outcome(fmt::format("{} packages, {}", packages.size(), human_size(total)));
    return {};
}

}  // namespace quern::seed
