#include <array>

#include "config/loading.hpp"

namespace nethealth {
namespace {

constexpr std::uint16_t syslog_port = 514;

void load_target(Loading& load, const Node& node, SyslogTarget& target) {
  const auto text = load.read.text(node, "target");
  if (!text) return;
  const auto parts = split_url(*text);
  if (!parts || (parts->scheme != "udp" && parts->scheme != "tcp") || !parts->rest.empty()) {
    load.read.unexpected(node, "target",
                         {"udp://ホスト:ポート か tcp://ホスト:ポート を書いてください",
                          "udp://HOST:PORT or tcp://HOST:PORT"});
    return;
  }
  target.target = *text;
  target.transport = parts->scheme == "tcp" ? SyslogTransport::tcp : SyslogTransport::udp;
  target.host = parts->host;
  target.port = parts->port.value_or(syslog_port);
}

void load_events(Loading& load, const Node& node, SyslogTarget& target) {
  constexpr std::array<std::pair<std::string_view, bool SyslogTarget::*>, 3> words{
      {{"security", &SyslogTarget::security},
       {"incidents", &SyslogTarget::incidents},
       {"audit", &SyslogTarget::audit}}};
  for (const Node* item : load.read.one_or_more(node, "events")) {
    const auto member = load.read.one_of(*item, "events", WordList<bool SyslogTarget::*>(words));
    if (member) target.*(*member) = true;
  }
}

void load_form(Loading& load, const Node& item, SyslogTarget& target) {
  constexpr std::array<std::pair<std::string_view, int>, 1> formats{{{"rfc5424", 0}}};
  Reader& read = load.read;
  if (const Node* format = item.find("format")) (void)read.one_of(*format, "format", WordList<int>(formats));
  if (const Node* facility = item.find("facility")) {
    set(target.facility, read.one_of(*facility, "facility", syslog_facility_words()));
  }
  if (const Node* framing = item.find("framing")) {
    set(target.framing, read.one_of(*framing, "framing", syslog_framing_words()));
  }
  if (const Node* bom = item.find("bom")) set(target.bom, read.flag(*bom, "bom"));
}

}  // namespace

void load_syslog(Loading& load) {
  Reader& read = load.read;
  const Node* list = load.root.find("syslog");
  if (list == nullptr) return;
  for (const Node* item : read.list(*list, "syslog")) {
    if (!read.map(*item, "syslog", keys::syslog)) continue;
    SyslogTarget target;
    if (const Node* node = read.require(*item, "target")) load_target(load, *node, target);
    load_form(load, *item, target);
    if (const Node* events = item->find("events")) {
      load_events(load, *events, target);
    } else {
      target.security = true;
    }
    load.site.syslog.push_back(std::move(target));
  }
}

}  // namespace nethealth
