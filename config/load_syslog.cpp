#include <array>

#include "config/loading.hpp"

namespace nethealth {
namespace {

void load_target(Loading& load, const Node& node, SyslogTarget& target) {
  const auto text = load.read.text(node, "target");
  if (!text) return;
  const auto parts = split_url(*text);
  if (!parts || (parts->scheme != "udp" && parts->scheme != "tcp" && parts->scheme != "tls") ||
      !parts->rest.empty()) {
    load.read.unexpected(
        node, "target",
        {"udp://ホスト:ポート、tcp://ホスト:ポート、tls://ホスト:ポート のどれかを書いてください",
         "udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT"});
    return;
  }
  target.target = *text;
  target.transport = parts->scheme == "tls"   ? SyslogTransport::tls
                     : parts->scheme == "tcp" ? SyslogTransport::tcp
                                              : SyslogTransport::udp;
  target.host = parts->host;
  const bool sealed = target.transport == SyslogTransport::tls;
  target.port = parts->port.value_or(sealed ? syslog_tls_port : syslog_port);
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
  constexpr std::array<std::pair<std::string_view, SyslogFormat>, 2> formats{
      {{"rfc5424", SyslogFormat::rfc5424}, {"cef", SyslogFormat::cef}}};
  Reader& read = load.read;
  if (const Node* format = item.find("format"))
    set(target.format, read.one_of(*format, "format", WordList<SyslogFormat>(formats)));
  if (const Node* facility = item.find("facility")) {
    set(target.facility, read.one_of(*facility, "facility", syslog_facility_words()));
  }
  if (const Node* framing = item.find("framing")) {
    set(target.framing, read.one_of(*framing, "framing", syslog_framing_words()));
  }
  if (const Node* bom = item.find("bom")) set(target.bom, read.flag(*bom, "bom"));
}

void load_certificates(Loading& load, const Node& item, SyslogTarget& target) {
  Reader& read = load.read;
  constexpr std::array<std::pair<std::string_view, std::string SyslogTarget::*>, 3> files{
      {{"certificate_authority", &SyslogTarget::certificate_authority},
       {"certificate", &SyslogTarget::certificate},
       {"key_file", &SyslogTarget::key_file}}};
  for (const auto& [key, member] : files) {
    const Node* node = item.find(key);
    if (node == nullptr) continue;
    if (target.transport != SyslogTransport::tls && !target.target.empty())
      read.report(*node,
                  {"{0} は tls:// の宛先だけで使えます", "found {0}, expected it only with a tls:// target"},
                  {key});
    if (const auto text = read.text(*node, key)) target.*member = resolve(load.folder, *text);
  }
  if (target.certificate.empty() == target.key_file.empty()) return;
  read.report(item, {"certificate と key_file は両方書いてください",
                     "found one of certificate and key_file, expected both"});
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
    load_certificates(load, *item, target);
    if (const Node* events = item->find("events")) {
      load_events(load, *events, target);
    } else {
      target.security = true;
    }
    load.site.syslog.push_back(std::move(target));
  }
}

}  // namespace nethealth
