// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/reference.hpp"

#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::image {
namespace {

bool is_lower_or_digit(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

bool is_repository(std::string_view text) {
    const auto parts = split(text, '/');
    return text.size() <= 255 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
               return !part.empty() && is_lower_or_digit(part.front()) &&
                      is_lower_or_digit(part.back()) &&
                      std::all_of(part.begin(), part.end(), [](char letter) {
                          return is_lower_or_digit(letter) || letter == '.' || letter == '_' ||
                                 letter == '-';
                      });
           });
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char letter) {
               return is_lower_or_digit(letter) || (letter >= 'A' && letter <= 'Z') ||
                      letter == '.' || letter == '_' || letter == '-';
           });
}

/// Whether the first part of a name is a host: it has a dot or a port, or is "localhost".
bool is_registry(std::string_view text) {
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = text.substr(0, colon);
    const bool has_port = colon != std::string_view::npos;
    if (host.empty() || host.front() == '.' || host.front() == '-' ||
        (has_port && !parse_unsigned(text.substr(colon + 1)))) {
        return false;
    }
    return (has_port || host == "localhost" || host.find('.') != std::string_view::npos) &&
           std::all_of(host.begin(), host.end(), [](char letter) {
               return is_lower_or_digit(letter) || (letter >= 'A' && letter <= 'Z') ||
                      std::string_view(".-[]:_").find(letter) != std::string_view::npos;
           });
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text) {
    Reference reference;
    std::string_view rest = text;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        reference.digest = rest.substr(at + 1);
        rest = rest.substr(0, at);
    }
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && is_registry(rest.substr(0, slash))) {
        reference.registry = rest.substr(0, slash);
        rest.remove_prefix(slash + 1);
    }
    if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
        reference.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
    } else if (reference.digest.empty()) {
        reference.tag = "latest";
    }
    reference.repository = rest;
    if (reference.registry.empty() || reference.registry == "docker.io") {
        reference.registry = "index.docker.io";
    }
    if (reference.registry == "index.docker.io" && rest.find('/') == std::string_view::npos) {
        reference.repository = "library/" + reference.repository;
    }
    const bool has_digest =
        reference.digest.empty() ||
        (reference.digest.starts_with("sha256:") &&
         Digest::from_hex(DigestKind::sha256, reference.digest.substr(7)).has_value());
    const bool has_tag = reference.tag.empty() ? !reference.digest.empty() : is_tag(reference.tag);
    if (!is_repository(reference.repository) || !has_tag || !has_digest) {
        return Error(ErrorCode::usage, fmt::format("'{}' is no name of an image", printable(text)))
            .help("write it as registry.example.org/team/name:tag, in lower case");
    }
    return reference;
}

Result<Reference> Reference::parse_tag(std::string_view text) {
    QUERN_TRY(Reference reference, parse(text));
    if (!reference.digest.empty()) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("'{}' has a digest, which only an image's bytes decide", text)
        )
            .help("name a tag: registry.example.org/team/name:tag");
    }
    return reference;
}

std::string Reference::full() const {
    return digest.empty() ? fmt::format("{}:{}", repository_name(), tag)
                          : fmt::format("{}@{}", repository_name(), digest);
}

std::string Reference::short_name() const {
    return repository.substr(repository.rfind('/') + 1);
}

}  // namespace quern::image
