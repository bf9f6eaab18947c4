// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/execute.hpp"

#include "build/downloads.hpp"
#include "build/failure.hpp"
#include "build/sources.hpp"
#include "quern/diagnostic.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin";

// The kernel takes at most 128 KiB in one argument; a longer script is handed over as a file.
// Source: execve(2), MAX_ARG_STRLEN.
constexpr std::size_t argument_limit = std::size_t{120} << 10U;
constexpr const char* script_in_guest = "/tmp/.quern-step";

struct Identity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

// Source: recipe-and-build 6.6.
Result<Identity> step_identity(const recipe::Environment& environment) {
    const std::string& run_as = environment.run_as;
    if (run_as.empty() || run_as == "root" || run_as == "0") {
        return Identity{};
    }
    const auto number = parse_unsigned(run_as);
    for (const recipe::User& user : environment.users) {
        if (user.name == run_as || (number && user.uid == *number)) {
            return Identity{user.uid, user.gid.value_or(user.uid)};
        }
    }
    return Error(
               ErrorCode::invalid_recipe,
               fmt::format("run-as names '{}', who is no user of the environment", run_as)
    )
        .help("add the user under environment.accounts.users");
}

Result<sandbox::Command> step_command(const pipeline::Step& step, const StepSettings& settings) {
    QUERN_TRY(const Identity identity, step_identity(settings.environment));
    sandbox::Command command;
    command.environment = step_environment(step, settings);
    command.working_directory = std::string(guest_home);
    command.uid = identity.uid;
    command.gid = identity.gid;
    command.network = settings.network || step.network;
    command.add_capabilities = settings.capabilities.add;
    command.drop_capabilities = settings.capabilities.drop;
    command.limits = settings.limits;
    if (settings.deadline) {
        const auto left = *settings.deadline - std::chrono::steady_clock::now();
        command.timeout = std::max(
            std::chrono::duration_cast<std::chrono::milliseconds>(left),
            std::chrono::milliseconds(1)
        );
    }
    return command;
}

// The shell's history has the script, so that its lines can be called up and changed.
Result<sandbox::Command> shell_command(const pipeline::Step& step, const ExecuteContext& context) {
    constexpr std::string_view history = ".ash_history";
    QUERN_CHECK(context.workspace.home().write(history, std::string(trim(step.script)) + "\n", 0666)
    );
    QUERN_TRY(sandbox::Command command, step_command(step, context.settings));
    const char* terminal = std::getenv("TERM");
    command.environment.emplace_back("HISTFILE", fmt::format("{}/{}", guest_home, history));
    command.environment.emplace_back("TERM", terminal == nullptr ? "xterm-256color" : terminal);
    command.argv = {
        "/bin/sh", "-c", fmt::format("cd {} && exec /bin/sh", shell_quote(step.working_directory))};
    command.interactive = true;
    command.timeout.reset();
    return command;
}

Result<std::optional<GuestChanges>> watch_changes(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
) {
    if (context.settings.patches == nullptr) {
        return std::optional<GuestChanges>();
    }
    const auto open = [&step, &context] {
        const std::filesystem::path& home = context.workspace.home_path();
        return open_in_guest(context.guest.root, home, step.working_directory);
    };
    QUERN_TRY(GuestChanges changes, GuestChanges::begin(open, services));
    return std::optional<GuestChanges>(std::move(changes));
}

// A shell in the guest at the point of the failure. Its success lets the build go on.
Result<bool> offer_shell(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
) {
    if (!context.settings.interactive) {
        return false;
    }
    if (::isatty(STDIN_FILENO) != 1) {
        // A shell would meet the end of its input at once, and its success be taken for the step's.
        services.reporter.warning("standard input is no terminal, so no shell is opened");
        return false;
    }
    services.reporter.note(fmt::format(
        "step '{}' failed; this is a shell in the guest: `exit 0` goes on with the next step, "
        "`exit 1` gives up",
        step.name
    ));
    QUERN_TRY(const sandbox::Command command, shell_command(step, context));
    QUERN_TRY(const auto changes, watch_changes(step, context, services));
    QUERN_TRY(
        const ExitStatus status, services.sandbox.run(context.guest, command, {}, services.cancel)
    );
    if (changes) {
        QUERN_CHECK(services.sandbox.fetch(context.guest, services.cancel));
        QUERN_CHECK(changes->save(context.settings.patches->next(), step.working_directory));
    }
    return status.is_success();
}

Error stopped_error(const pipeline::Step& step, std::string_view why) {
    const std::string place = place_of(step);
    return {
        ErrorCode::limit,
        fmt::format(
            "{}step '{}' of {} was stopped: {}",
            place.empty() ? "" : place + ": ",
            step.name,
            step.package,
            why
        )};
}

Error disk_error(const pipeline::Step& step, const DiskBound& disk) {
    return stopped_error(
               step, fmt::format("all steps have written more than {}", human_size(disk.bytes()))
    )
        .help("package.resources.disk of the recipe or --disk sets how much all steps may write");
}

// `cause`: of a bound on memory or processes; a deadline that has passed is said in our words.
Error limit_error(const pipeline::Step& step, const StepSettings& settings, const Error& cause) {
    if (!settings.deadline || std::chrono::steady_clock::now() < *settings.deadline) {
        return stopped_error(step, cause.message()).help(cause.help());
    }
    return stopped_error(step, "the build exceeded its timeout")
        .help("package.timeout of the recipe or --timeout sets how long all steps together may take"
        );
}

Result<bool> run_script(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
) {
    QUERN_TRY(sandbox::Command command, step_command(step, context.settings));
    sandbox::Guest guest = context.guest;
    QUERN_TRY(
        const StepSecrets secrets,
        StepSecrets::open(
            named_secrets(step),
            context.settings.secrets,
            context.workspace.path(),
            services.ids.to_host(command.uid),
            services.reporter
        )
    );
    guest.mounts.insert(guest.mounts.end(), secrets.mounts().begin(), secrets.mounts().end());
    context.log.hide(secrets.hidden());
    std::string script = shell_script(step, context.settings.debug);
    if (script.size() <= argument_limit) {
        command.argv = {"/bin/sh", "-c", std::move(script)};
    } else {
        const std::filesystem::path file = context.workspace.path() / "step.sh";
        QUERN_CHECK(write_file_atomically(file, script, 0644));
        guest.mounts.push_back({file, script_in_guest, true});
        command.argv = {"/bin/sh", script_in_guest};
    }
    const auto sink = [&](std::string_view bytes, bool) { context.log.write(step.name, bytes); };
    DiskWatch watch(context.settings.disk, services.cancel);
    auto ran = services.sandbox.run(guest, command, sink, watch.token());
    context.log.flush(step.name);
    if (watch.is_passed()) {
        return disk_error(step, *context.settings.disk);
    }
    if (!ran && ran.error().code() == ErrorCode::limit) {
        return limit_error(step, context.settings, ran.error());
    }
    QUERN_TRY(const ExitStatus status, std::move(ran));
    if (status.is_success()) {
        return true;
    }
    // Not to be had: the failure is told without its line.
    std::ignore = services.sandbox.fetch(context.guest, services.cancel);
    QUERN_TRY(const bool is_mended, offer_shell(step, context, services));
    if (is_mended) {
        return false;
    }
    command.argv.clear();
    context.failed = {step.name, step.package, step.working_directory, std::move(command)};
    return step_failure(step, context, status);
}

}  // namespace

std::string shell_script(const pipeline::Step& step, bool debug) {
    const std::string directory = shell_quote(step.working_directory);
    // bash knows the line at the error; in its EXIT trap ash gives the one before that of the last
    // command that was no part of a pipe.
    return fmt::format(
        "trap 'case $? in 0) ;; *) {{ echo \"${{QUERN_LINE:-$((LINENO+1))}}\" >/{}; }} 2>/dev/null "
        ";; "
        "esac' EXIT; "
        "[ -z \"$BASH_VERSION\" ] || trap 'QUERN_LINE=$LINENO' ERR\n"
        "set -e{}o pipefail\n[ -d {} ] || mkdir -p {}\ncd {}\n{}\nexit 0\n",
        failed_line_file,
        debug ? "x" : "",
        directory,
        directory,
        directory,
        step.script
    );
}

std::optional<std::chrono::steady_clock::time_point> deadline_after(
    std::optional<std::chrono::nanoseconds> timeout
) {
    if (!timeout || timeout->count() <= 0) {
        return std::nullopt;
    }
    return std::chrono::steady_clock::now() + *timeout;
}

std::vector<std::pair<std::string, std::string>> step_environment(
    const pipeline::Step& step, const StepSettings& settings
) {
    std::map<std::string, std::string> merged;
    if (settings.source_date) {
        merged["SOURCE_DATE_EPOCH"] = std::to_string(*settings.source_date);
    }
    for (const auto& [name, value] : settings.environment.environment) {
        merged[name] = value.value;
    }
    merged["PATH"] = settings.programs.empty()
                         ? std::string(default_path)
                         : fmt::format("{}:{}", settings.programs, default_path);
    for (const auto& [name, value] : step.environment) {
        merged[name] = value;
    }
    return {merged.begin(), merged.end()};
}

Result<void> prepare_guest(const sandbox::Guest& guest, const Services& services) {
    QUERN_TRY(const FileTree root, FileTree::open(guest.root));
    for (const char* program : {"usr/sbin/ldconfig", "sbin/ldconfig"}) {
        const auto status = root.status(program);
        if (!status || !S_ISREG(status->st_mode) || (status->st_mode & 0111U) == 0) {
            continue;
        }
        sandbox::Command command;
        command.argv = {std::string("/") + program};
        command.environment = {{"PATH", std::string(default_path)}};
        std::string output;
        const auto sink = [&](std::string_view bytes, bool) {
            output.append(bytes.substr(0, 4096));
        };
        QUERN_TRY(
            const ExitStatus done, services.sandbox.run(guest, command, sink, services.cancel)
        );
        if (!done.is_success()) {
            services.reporter.warning(fmt::format(
                "ldconfig in the guest: {}: {}", done.describe(), printable(trim(output))
            ));
        }
        return {};
    }
    return {};
}

Result<FailedStep> describe_step(const pipeline::Step& step, const StepSettings& settings) {
    QUERN_TRY(sandbox::Command command, step_command(step, settings));
    return FailedStep{step.name, step.package, step.working_directory, std::move(command)};
}

Result<void> prepare_workspace(const ExecuteContext& context, const Services& services) {
    QUERN_TRY(const Identity identity, step_identity(context.settings.environment));
    if (identity.uid == 0) {
        return {};
    }
    QUERN_CHECK(services.sandbox.fetch(context.guest, services.cancel));
    return context.workspace.give_home(identity.uid, identity.gid);
}

namespace {

Result<bool> do_step(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
) {
    if (!step.failed_assertion.empty()) {
        const std::string place = place_of(step);
        return Error(
                   ErrorCode::step_failed,
                   (place.empty() ? "" : place + ": ") + step.failed_assertion
        )
            .help("required-steps counts the direct children whose `if` holds");
    }
    const auto run = [&](const pipeline::Step& script) {
        return run_script(script, context, services);
    };
    if (step.downloads) {
        return run_downloads(step, context, run, services);
    }
    if (step.native.empty()) {
        return run(step);
    }
    QUERN_CHECK(services.sandbox.fetch(context.guest, services.cancel));
    const SourceContext sources = {
        context.workspace,
        context.guest.root,
        context.settings.source_date.value_or(0),
        context.settings.taken,
    };
    if (auto done = run_native_step(step, sources, services); !done) {
        const std::string place = place_of(step);
        return std::move(done).error().context(fmt::format(
            "{}step '{}' of {}", place.empty() ? "" : place + ": ", step.name, step.package
        ));
    }
    return true;
}

}  // namespace

Result<bool> execute_step(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
) {
    QUERN_CHECK(services.cancel.check());
    context.log.write_heading(fmt::format("running step \"{}\" of {}", step.name, step.package));
    Activity activity(services.reporter, fmt::format("{}: {}", step.package, step.name));
    auto done = do_step(step, context, services);
    activity.outcome(
        done                                            ? "done"
        : done.error().code() == ErrorCode::interrupted ? "stopped"
                                                        : "failed"
    );
    return done;
}

Result<void> execute(
    const pipeline::PackagePlan& plan, const ExecuteContext& context, const Services& services
) {
    QUERN_CHECK(prepare_workspace(context, services));
    for (const pipeline::Step& step : plan.steps) {
        QUERN_CHECK(execute_step(step, context, services));
    }
    return {};
}

}  // namespace quern::build
