// The bytes of a TCP connection that sends syslog, in both ways of framing, in pieces as a network cuts them.

#include <cstdint>
#include <string>
#include <vector>

#include "probes/log_decode.hpp"
#include "probes/syslog_framing.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;

struct Taken {
  std::vector<std::string> messages;
  bool good = true;
  friend bool operator==(const Taken&, const Taken&) = default;
};

Taken take(std::string_view bytes, std::size_t piece_bytes) {
  Taken taken;
  SyslogSplitter splitter;
  const auto keep = [&](std::string_view message, std::size_t left_out) {
    must(message.size() <= most_syslog_message_bytes, "a message is kept up to its limit");
    const std::string line = decode_log_line(syslog_text(message), LogEncoding::automatic, left_out > 0);
    must(is_valid_utf8(line), "a line is UTF-8");
    taken.messages.push_back(line);
  };
  while (!bytes.empty() && taken.good) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    taken.good = splitter.feed(piece, keep);
  }
  if (taken.good) splitter.finish(keep);
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  must(take(bytes, bytes.size()) == take(bytes, 3), "what comes does not depend on how the bytes are cut");
  return 0;
}
