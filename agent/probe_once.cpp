#include "agent/probe_once.hpp"

#include <glob.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/looker.hpp"
#include "agent/scheduler.hpp"
#include "agent/system_clock.hpp"
#include "probes/monitor_probe.hpp"

namespace nethealth {
namespace {

LogLook look_at_log(const LogSource& source) {
  LogLook look;
  look.path = source.path;
  glob_t found{};
  if (glob(source.path.c_str(), 0, nullptr, &found) == 0) {
    look.files = found.gl_pathc;
    for (std::size_t i = 0; i < found.gl_pathc && look.trouble.empty(); ++i)
      if (access(found.gl_pathv[i], R_OK) != 0)
        look.trouble = std::string(found.gl_pathv[i]) + ": " + std::strerror(errno);
  }
  globfree(&found);
  return look;
}

}  // namespace

ProbedOnce probe_once(const Configuration& configuration, DeviceIndex device) {
  const Site& site = configuration.site;
  boost::asio::io_context io(1);
  SystemClock clock;
  IcmpProber icmp(io);
  // A family that cannot be asked is blind, and its look says so.
  static_cast<void>(icmp.open());
  CurlWorker curl(io);
  Result<std::unique_ptr<SnmpProber>> snmp = SnmpProber::open(io, configuration.sensor_packs);
  Looker looker(io, site, Probers{icmp, curl, snmp ? snmp->get() : nullptr});
  ProbedOnce result;
  std::size_t open = 0;
  for (const LookTask& task : look_tasks(site)) {
    if (task.device != device) continue;
    ++open;
    looker.look(
        task, false,
        [&](Seen seen) {
          result.observations.push_back({clock.now(), site.devices[device].name, std::move(seen)});
        },
        [&] {
          if (--open == 0) io.stop();
        });
  }
  MonitorProbe monitor(io, icmp);
  if (device == site.monitor) {
    ++open;
    monitor.look(addresses_of(site), [&](MonitorSeen seen) {
      result.observations.push_back({clock.now(), site.devices[device].name, std::move(seen)});
      if (--open == 0) io.stop();
    });
  }
  if (open > 0) io.run_for(probe_once_limit);
  for (const LogSource& source : site.devices[device].logs)
    if (!source.path.empty()) result.logs.push_back(look_at_log(source));
  return result;
}

}  // namespace nethealth
