// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

namespace quern::sandbox {

/// What a filter refuses beside that where namespaces are missing.
struct FilterOptions {
    bool no_network = false;          ///< sockets are local ones only
    std::vector<pid_t> out_of_reach;  ///< may be sent no signal; -1: all at once
};

/// A filter of system calls for steps, as bubblewrap's --seccomp takes it. What namespaces and
/// missing capabilities refuse already is not in it; it refuses what works without any: typing into
/// a terminal (TIOCSTI, TIOCLINUX), the kernel's keyrings, new user namespaces, and the parts of
/// the kernel that are open to everybody and rarely needed (bpf, userfaultfd, perf_event_open,
/// io_uring). Calls of an unknown architecture are refused. Source: seccomp(2); CVE-2017-5226 for
/// TIOCSTI.
std::vector<sock_filter> seccomp_program(const FilterOptions& options = {});

}  // namespace quern::sandbox
