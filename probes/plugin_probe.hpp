#pragma once
// Runs a monitoring plugin (the Nagios and Icinga plugin convention): its exit code is the verdict, its first
// line is for people, what stands behind a bar are figures. Run as a program with arguments, never by a
// shell, in a process group of its own that is killed when the time is over.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

inline constexpr std::size_t most_plugin_output_bytes = 16 * 1024;  ///< the rest is read and thrown away
inline constexpr std::size_t most_plugin_figures = 256;

struct PluginRequest {
  std::vector<std::string> command;  ///< an absolute path and its arguments
  std::string service;               ///< the service's name, handed on
  Milliseconds timeout{10'000};
};

struct PluginSeen {
  ServiceSeen seen;
  bool warning = false;  ///< exit code 1: it works still
};

/// The callback comes later, once. Exit codes 0 and 1 are ok, 2 is error; 3, any other, and a program that
/// cannot be run are blind: they say nothing of the device. Too slow is timeout.
void plugin_look(boost::asio::io_context& io, PluginRequest request,
                 std::function<void(PluginSeen)> callback);

/// What a plugin wrote: the first line up to the bar, printable, and the figures of all lines.
struct PluginOutput {
  std::string text;
  std::map<std::string, std::string> figures;  ///< label to value with its unit, without limits
};
PluginOutput plugin_output(std::string_view bytes);

}  // namespace nethealth
