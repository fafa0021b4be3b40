#pragma once
// The API's addresses as data: which method and path is which verb of the control desk, and what its body may
// hold. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/control_message.hpp"
#include "config/result.hpp"

namespace nethealth {

enum class BodyPart : std::uint8_t {
  text,
  texts,  ///< one or a list
  flag,
  answers,  ///< an object: the parts a step asks for, each a text or a list of choices
  files     ///< a list of {name, base64}
};

struct BodyKey {
  std::string_view name;
  BodyPart part = BodyPart::text;
  std::string_view value;  ///< the key in ControlRequest::values; "reason" is ControlRequest::reason
};

struct WebRoute {
  std::string_view method;
  std::string_view path;  ///< below /api/v1; {incident}, {step}, {silence}, {drill}, {device}, {procedure}
                          ///< are taken from the address
  ControlVerb verb = ControlVerb::status;
  std::span<const BodyKey> body = {};
  /// The answer is not JSON: a report or a chart.
  bool document = false;
};

struct RouteMatch {
  const WebRoute* route = nullptr;  ///< null: no such address, or not with this method
  std::string allowed;              ///< methods that the address knows, when the method is another
  ControlRequest request;
  std::string procedure;  ///< of a chart without an incident
};

RouteMatch match_route(std::string_view method, std::string_view path);

/// Adds what the body says to the request; the failure says everything that is wrong with it.
Result<void> read_body(const WebRoute& route, std::string_view body, ControlRequest& request);

}  // namespace nethealth
