// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/owner_record.hpp"

#include <sys/stat.h>

namespace quern::sandbox {

/// Whose a file is by the note on it, root's without one. `fd` may be one of O_PATH.
OwnerRecord noted_owner(int fd, const struct stat& status);

/// Puts the note on a file that `fd` (one of O_PATH will do) is open on, in place of any before; of
/// root's there is none. What no package can hold, a FIFO or a socket, gets none either. Gives
/// errno, 0 on success; EOPNOTSUPP where the file system keeps no notes.
int note_owner(int fd, const struct stat& status, const OwnerRecord& owner);

}  // namespace quern::sandbox
