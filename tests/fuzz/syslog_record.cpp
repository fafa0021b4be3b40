// What goes out by syslog, made of hostile texts: every record is one, printable, and framed so that a
// receiver takes it apart as it was.

#include <cstdint>
#include <string>
#include <vector>

#include "agent/syslog_message.hpp"
#include "probes/log_decode.hpp"
#include "probes/syslog_framing.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;

void check_frame(const std::string& message, SyslogFraming framing) {
  SyslogSplitter splitter;
  std::vector<std::string> came;
  const auto keep = [&](std::string_view one, std::size_t) { came.emplace_back(one); };
  must(splitter.feed(syslog_frame(message, framing), keep), "a frame is one");
  splitter.finish(keep);
  must(came.size() == 1 && came[0] == message, "a record comes as it went");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Pieces parted by a nought: the names and values of the record's data, then its text.
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next = [&] {
    const std::string piece(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
    return piece;
  };
  SyslogQueued queued;
  queued.id = "1-1";
  queued.message_id = next();
  for (int i = 0; i < 3; ++i) {
    const std::string name = next();
    queued.values[name] = next();
  }
  queued.message = std::string(rest);
  for (const SyslogFormat format : {SyslogFormat::rfc5424, SyslogFormat::cef})
    for (const SyslogTransport transport : {SyslogTransport::udp, SyslogTransport::tcp}) {
      SyslogTarget target;
      target.format = format;
      target.transport = transport;
      target.bom = size % 2 == 0;
      const std::string message = syslog_message(queued, Time(), 7, target, {"host", "1"}, Zone());
      const std::size_t limit =
          transport == SyslogTransport::udp ? syslog_udp_limit_bytes : syslog_tcp_limit_bytes;
      must(message.size() <= limit, "a record keeps to its limit");
      must(message.starts_with('<'), "a record begins with its priority");
      must(is_valid_utf8(message), "a record is UTF-8");
      for (const char c : message) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "and printable");
      if (transport == SyslogTransport::udp) continue;
      check_frame(message, SyslogFraming::octet_counting);
      check_frame(message, SyslogFraming::newline);
    }
  return 0;
}
