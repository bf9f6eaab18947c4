// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"

namespace quern::build {

/// What `vary` changes of a command: host name, processors (one), locale and time zone, the latter
/// two where the command does not name them itself. Nothing of it may show in a package.
sandbox::Command vary(sandbox::Command command);

/// Another sandbox, with every command varied.
class VariedSandbox final : public sandbox::Sandbox {
 public:
    explicit VariedSandbox(sandbox::Sandbox& inner) : inner_(inner) {}

    std::string_view name() const override { return inner_.name(); }
    sandbox::GuestForm form() const override { return inner_.form(); }
    Result<ExitStatus> run(
        const sandbox::Guest& guest,
        const sandbox::Command& command,
        const sandbox::OutputSink& output,
        const CancelToken& cancel
    ) override;
    Result<void> fetch(const sandbox::Guest& guest, const CancelToken& cancel) override {
        return inner_.fetch(guest, cancel);
    }
    Result<void> fetch_mount(
        const sandbox::Guest& guest, const sandbox::Mount& mount, const CancelToken& cancel
    ) override {
        return inner_.fetch_mount(guest, mount, cancel);
    }
    std::optional<std::uint64_t> written_bytes(const sandbox::Guest& guest) override {
        return inner_.written_bytes(guest);
    }
    void stop(const sandbox::Guest& guest) noexcept override { inner_.stop(guest); }

 private:
    sandbox::Sandbox& inner_;
};

}  // namespace quern::build
