#include "probes/icmp_trace.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace nethealth {

TraceSeen trace_of(const std::string& target, const std::vector<IcmpSeen>& distances) {
  TraceSeen trace;
  trace.target = target;
  if (std::ranges::all_of(distances, &IcmpSeen::blind)) {
    trace.status = Outcome::blind;
    return trace;
  }
  for (const IcmpSeen& seen : distances) {
    if (seen.received > 0) {
      trace.hops.push_back({target, seen.rtt_ms});
      trace.status = Outcome::ok;
      break;
    }
    const bool answered = seen.error && !seen.error->from.empty();
    const bool passed_on = answered && seen.error->type == "time_exceeded";
    // Whoever says "unreachable" has often said before that it is on the way.
    const bool named_already =
        answered && !trace.hops.empty() && trace.hops.back().from == seen.error->from && !passed_on;
    if (!named_already)
      trace.hops.push_back(answered ? TraceHop{seen.error->from, seen.error->rtt_ms} : TraceHop{});
    if (!seen.error || passed_on) continue;
    trace.status = Outcome::unreachable;
    break;
  }
  while (!trace.hops.empty() && trace.hops.back().from.empty()) trace.hops.pop_back();
  return trace;
}

void trace_path(IcmpProber& prober, const Address& address, const TraceRequest& request,
                std::function<void(TraceSeen)> callback) {
  struct Trace {
    std::string target;
    std::vector<IcmpSeen> distances;
    std::size_t open = 0;
    std::function<void(TraceSeen)> callback;
  };
  const auto count = static_cast<std::size_t>(std::clamp(request.hops, 1, 255));
  const auto trace = std::make_shared<Trace>(
      Trace{address.to_string(), std::vector<IcmpSeen>(count), count, std::move(callback)});
  for (std::size_t i = 0; i < count; ++i) {
    IcmpRequest look;
    look.packets = request.tries;
    look.spacing = request.spacing;
    look.timeout = request.timeout;
    look.hop_limit = static_cast<int>(i) + 1;
    prober.look(address, look, [trace, i](IcmpSeen seen) {
      trace->distances[i] = std::move(seen);
      if (--trace->open == 0) trace->callback(trace_of(trace->target, trace->distances));
    });
  }
}

}  // namespace nethealth
