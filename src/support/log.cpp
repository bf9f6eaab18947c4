// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include "support/text.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <map>
#include <memory>

namespace quern::log {

namespace {

/// Written once by `configure`, before there are threads.
struct Settings {
    Level everywhere = Level::off;
    std::map<std::string, Level, std::less<>> by_layer;
    std::shared_ptr<spdlog::logger> logger;
};

Settings& settings() {
    static Settings instance;
    return instance;
}

Level parse_level(std::string_view text) {
    if (text == "trace") {
        return Level::trace;
    }
    return text == "debug" ? Level::debug : Level::off;
}

}  // namespace

void configure(Level level, std::string_view filter) {
    Settings& all = settings();
    all.everywhere = level;
    all.by_layer.clear();
    for (const std::string_view part : split(filter, ',')) {
        const auto words = split(trim(part), ':');
        if (words.size() == 2) {
            all.by_layer.insert_or_assign(std::string(words[1]), parse_level(words[0]));
        } else if (!words.front().empty()) {
            all.everywhere = std::max(all.everywhere, parse_level(words.front()));
        }
    }
    if (all.everywhere == Level::off && all.by_layer.empty()) {
        all.logger = nullptr;
        return;
    }
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    all.logger = std::make_shared<spdlog::logger>("quern", std::move(sink));
    all.logger->set_pattern("%l %v");
    all.logger->set_level(spdlog::level::trace);
}

bool is_enabled(Level level, std::string_view layer) {
    const Settings& all = settings();
    if (level == Level::off || all.logger == nullptr) {
        return false;
    }
    const auto found = all.by_layer.find(layer);
    return level <= (found == all.by_layer.end() ? all.everywhere : found->second);
}

void write(Level level, std::string_view layer, const std::string& message) {
    if (!is_enabled(level, layer)) {
        return;
    }
    const auto severity = level == Level::trace ? spdlog::level::trace : spdlog::level::debug;
    settings().logger->log(severity, "{}: {}", layer, printable(message, true));
}

}  // namespace quern::log
