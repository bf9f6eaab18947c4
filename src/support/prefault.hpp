// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace quern {

/// Has the kernel supply the pages of memory that is about to be filled, in one call: a page fault
/// for each costs as much as filling it, several times as much in a virtual machine. Only whole
/// pages of the range are meant; nothing happens before Linux 5.14. Source: madvise(2),
/// MADV_POPULATE_WRITE.
void prefault(void* begin, std::size_t size) noexcept;

}  // namespace quern
