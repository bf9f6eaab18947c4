// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"
#include "support/temp_dir.hpp"

#include <functional>
#include <memory>
#include <string>

namespace quern::test {

/// The namespaces that `main` has entered, and the sandbox in them.
struct SandboxSession {
    sandbox::UserNamespace& names;
    sandbox::Sandbox& sandbox;
};
SandboxSession& session();

/// A small guest: the programs of the host, read-only, in a root of its own that belongs to the
/// guest's root.
class TestGuest {
 public:
    TestGuest();
    const sandbox::Guest& guest() const { return guest_; }
    sandbox::Guest& guest() { return guest_; }
    std::filesystem::path path(const std::string& inside) const { return guest_.root / inside; }

 private:
    TempDir directory_;
    sandbox::Guest guest_;
};

struct StepResult {
    Result<ExitStatus> status;
    std::string output;
};

/// Runs `sh -c script`; `change` alters the command before.
StepResult run_step(
    const TestGuest& guest,
    const std::string& script,
    const std::function<void(sandbox::Command&)>& change = {}
);

}  // namespace quern::test
