// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/cancel.hpp"

namespace quern {

Result<void> CancelToken::check() const {
    if (is_requested()) {
        return Error(ErrorCode::interrupted, "stopped on request");
    }
    return {};
}

}  // namespace quern
