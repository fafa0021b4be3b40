#pragma once
// Which way packets to a device take, and how far they come: echo requests that the routers may pass on once,
// twice, three times ... Each router that must drop one says who it is (RFC 792, RFC 4443: time exceeded).

#include <functional>

#include "probes/icmp_prober.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct TraceRequest {
  int hops = 16;                ///< the farthest router that is asked for its name
  int tries = 2;                ///< packets at each distance
  Milliseconds spacing{150};    ///< between those
  Milliseconds timeout{1'000};  ///< the longest wait at each distance; all are asked together
};

/// The callback comes later, once, on the prober's io_context, after spacing and timeout at the latest;
/// not at all once the prober is gone.
void trace_path(IcmpProber& prober, const Address& address, const TraceRequest& request,
                std::function<void(TraceSeen)> callback);

/// What the looks at the distances 1, 2, 3 ... say together. A pure function.
TraceSeen trace_of(const std::string& target, const std::vector<IcmpSeen>& distances);

}  // namespace nethealth
