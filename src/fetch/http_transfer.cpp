// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/http_transfer.hpp"

#include "fetch/http_policy.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::fetch {

namespace {

/// Bodies of error pages are read up to here so that the connection can be used again.
constexpr std::uint64_t largest_error_page = 64 * 1024;

bool is_secret_header(std::string_view name) {
    const std::string lower = to_lower(name);
    return lower == "authorization" || lower == "cookie" || lower == "proxy-authorization";
}

}  // namespace

HttpTransfer::HttpTransfer(
    const HttpRequest& request,
    const BodySink& sink,
    const std::function<Result<void>()>& restart,
    const ProgressSink& progress
)
    : request_(request),
      sink_(sink),
      restart_(restart),
      progress_(progress),
      offset_(request.resume_from) {}

std::vector<std::string> HttpTransfer::header_lines(bool with_secrets) const {
    std::vector<std::string> lines;
    for (const auto& [name, value] : request_.headers) {
        if (with_secrets || !is_secret_header(name)) {
            lines.push_back(fmt::format("{}: {}", name, value));
        }
    }
    if (offset_ > 0) {
        lines.push_back(fmt::format("Range: bytes={}-", offset_));
        if (!validator_.empty()) {
            lines.push_back("If-Range: " + validator_);
        }
    }
    return lines;
}

void HttpTransfer::begin_exchange() {
    has_body_begun_ = takes_body_ = has_wrong_range_ = false;
    total_ = dropped_ = 0;
}

Error HttpTransfer::over_limit() const {
    const std::string cap = human_size(request_.limits.body_bytes);
    return Error(
               ErrorCode::limit, fmt::format("{} is larger than {}", redact_url(request_.url), cap)
    )
        .help("--max-download-bytes raises the limit");
}

Result<void> HttpTransfer::start_over() {
    if (offset_ > 0) {
        QUERN_CHECK(restart_());
    }
    offset_ = 0;
    started_over_ = true;
    validator_.clear();
    return {};
}

Result<void> HttpTransfer::begin_body(const ExchangeHead& head) {
    has_body_begun_ = true;
    takes_body_ = head.status == 200 || head.status == 206;
    if (!takes_body_) {
        return {};
    }
    if (head.status == 200 && offset_ > 0) {
        QUERN_CHECK(start_over());
    }
    if (head.status == 206) {
        const auto range = ContentRange::parse(head.content_range);
        if (!range || range->first != offset_) {
            has_wrong_range_ = true;
            const std::string shown = redact_url(request_.url);
            return Error(
                ErrorCode::network, shown + " answers with another part than was asked for"
            );
        }
    }
    const std::uint64_t cap = request_.limits.body_bytes;
    const std::uint64_t announced = head.content_length.value_or(0);
    if (offset_ > cap || announced > cap - offset_) {
        return over_limit();
    }
    total_ = announced > 0 ? offset_ + announced : 0;
    if (validator_.empty()) {
        validator_ = head.etag.starts_with('"') ? head.etag : head.last_modified;
    }
    return {};
}

Result<void> HttpTransfer::take(std::string_view bytes) {
    if (!takes_body_) {
        dropped_ += bytes.size();
        return {};
    }
    if (bytes.size() > request_.limits.body_bytes - offset_) {
        return over_limit();
    }
    QUERN_CHECK(sink_(bytes));
    offset_ += bytes.size();
    if (progress_) {
        progress_(offset_, total_);
    }
    return {};
}

bool HttpTransfer::has_enough() const {
    return dropped_ > largest_error_page;
}

bool HttpTransfer::is_complete(const ExchangeHead& head) const {
    if (head.status != 416 || offset_ == 0) {
        return false;
    }
    const auto range = ContentRange::parse(head.content_range);
    return range && range->total == offset_;
}

Result<void> HttpTransfer::prepare_retry(const ExchangeHead& head) {
    const bool has_parts_of_two = head.status == 416 && offset_ > 0;
    if (has_parts_of_two || has_wrong_range_ || (takes_body_ && validator_.empty())) {
        return start_over();
    }
    return {};
}

HttpResponse HttpTransfer::settle(const ExchangeHead& head, std::string effective_url) const {
    HttpResponse response;
    const bool has_rest = head.status == 206 || (head.status == 416 && offset_ > 0);
    response.is_partial = has_rest && request_.resume_from > 0 && !started_over_;
    response.status = head.status;
    if (has_rest) {
        response.status = response.is_partial ? 206 : 200;
    }
    response.etag = head.etag;
    response.last_modified = head.last_modified;
    response.effective_url = std::move(effective_url);
    return response;
}

}  // namespace quern::fetch
