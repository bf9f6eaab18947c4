// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/page.hpp"

#include "quern/version.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace quern::repository {

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid #8884; }
td.size { text-align: right; white-space: nowrap; }
pre { background: #8882; padding: .8rem; overflow-x: auto; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
details li { overflow-wrap: anywhere; }
)";

/// Text for an element or a quoted attribute; control characters are made visible first.
std::string escape(std::string_view text, bool keep_lines = false) {
    std::string escaped;
    for (const char c : printable(text, keep_lines)) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

/// A path part of a URL.
std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                              c == '~';
        encoded +=
            is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

std::vector<const apk::IndexEntry*> sorted(const apk::Index& index) {
    std::vector<const apk::IndexEntry*> entries;
    for (const apk::IndexEntry& entry : index.entries) {
        entries.push_back(&entry);
    }
    std::stable_sort(
        entries.begin(),
        entries.end(),
        [](const apk::IndexEntry* a, const apk::IndexEntry* b) {
            return a->name != b->name ? a->name < b->name
                                      : apk::compare_versions(a->version, b->version) > 0;
        }
    );
    return entries;
}

std::string list_of(std::string_view title, const std::vector<std::string>& items) {
    if (items.empty()) {
        return {};
    }
    std::string text = fmt::format("<details><summary>{} {}</summary><ul>", items.size(), title);
    for (const std::string& item : items) {
        text += fmt::format("<li><code>{}</code></li>", escape(item));
    }
    return text + "</ul></details>";
}

/// Only such links are followed: a package may say anything in its url.
std::string home_page(const apk::IndexEntry& entry) {
    const bool is_web = entry.url.starts_with("https://") || entry.url.starts_with("http://");
    return is_web ? fmt::format(
                        R"( <a rel="nofollow noopener" href="{}">home page</a>)", escape(entry.url)
                    )
                  : std::string();
}

std::string row_of(const apk::IndexEntry& entry) {
    return fmt::format(
        "<tr id=\"{}\"><th scope=\"row\"><a href=\"{}\">{}</a></th><td>{}</td><td class=\"size\">{}"
        "</td><td>{}{}{}{}</td></tr>\n",
        escape(entry.name + "-" + entry.version),
        percent_encode(entry.file_name()),
        escape(entry.name),
        escape(entry.version),
        human_size(entry.file_size),
        escape(entry.description),
        home_page(entry),
        list_of("provided", entry.provides),
        list_of("needed", entry.depends)
    );
}

std::string how_to(const PageOptions& options) {
    const std::string url = redact_url(options.repository_url);
    std::string lines;
    if (!options.key_name.empty()) {
        lines += fmt::format(
            "wget -O {} {}\n",
            shell_quote("/etc/apk/keys/" + options.key_name),
            shell_quote(url + "/" + percent_encode(options.key_name))
        );
    }
    lines += fmt::format("echo {} >> /etc/apk/repositories\napk update\n", shell_quote(url));
    return escape(lines, true);
}

}  // namespace

std::string make_page(const apk::Index& index, const PageOptions& options) {
    std::string rows;
    for (const apk::IndexEntry* entry : sorted(index)) {
        rows += row_of(*entry);
    }
    const std::string title = escape(
        index.description.empty() ? "Packages for " + options.architecture : index.description
    );
    return fmt::format(
        R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="quern">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{0}</title>
<style>{1}</style>
</head>
<body>
<h1>{0}</h1>
<p>{2} packages for <code>{3}</code>. {4}</p>
<h2>Use it</h2>
<pre>{5}</pre>
<h2>Packages</h2>
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Version</th><th scope="col">Size</th><th scope="col">About</th></tr></thead>
<tbody>
{6}</tbody>
</table>
</body>
</html>
)",
        title,
        style,
        index.entries.size(),
        escape(options.architecture),
        options.key_name.empty()
            ? "The index is not signed: apk takes it with --allow-untrusted only."
            : fmt::format("The index is signed by <code>{}</code>.", escape(options.key_name)),
        how_to(options),
        rows
    );
}

}  // namespace quern::repository
