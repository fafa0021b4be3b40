#pragma once
// Agents for the tests: a real snmpd of the test's own, and a socket that answers whatever a test wants.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/snmp_prober.hpp"
#include "probes/snmp_value.hpp"
#include "tests/probes/run_until.hpp"

namespace snmp_lab {

using boost::asio::ip::udp;
using nethealth::run_until;

inline std::uint16_t free_port() {
  boost::asio::io_context io;
  udp::socket socket(io, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  return socket.local_endpoint().port();
}

/// snmpd on a loopback port, with its own configuration and state folder; ended and removed with the object.
class Daemon {
 public:
  explicit Daemon(std::string configuration) : port_(free_port()), configuration_(std::move(configuration)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "snmp-test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    start();
  }
  ~Daemon() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start() {
    std::ofstream(folder_ + "/snmpd.conf") << configuration_;
    pid_ = fork();
    if (pid_ != 0) return;
    setenv("SNMP_PERSISTENT_DIR", (folder_ + "/state").c_str(), 1);
    // Only this path is read, so the state of the last run, its boots among it, has to be on it.
    setenv("SNMPCONFPATH", (folder_ + ':' + folder_ + "/state").c_str(), 1);
    setenv("MIBS", "", 1);
    const std::string address = "udp:127.0.0.1:" + std::to_string(port_);
    const std::string log = folder_ + "/log";
    execl("/usr/sbin/snmpd", "snmpd", "-f", "-Lf", log.c_str(), "-I", "-smux", address.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGCONT);
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void freeze() const { kill(pid_, SIGSTOP); }
  void thaw() const { kill(pid_, SIGCONT); }
  void forget_state() const { std::filesystem::remove_all(folder_ + "/state"); }
  void configure(std::string configuration) { configuration_ = std::move(configuration); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  std::string configuration_;
  std::string folder_;
  pid_t pid_ = -1;
};

/// Just enough BER to answer as an agent would, or as none should.
namespace ber {

inline std::string field(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  const std::size_t size = content.size();
  if (size < 0x80) {
    out += static_cast<char>(size);
  } else {
    out += '\x82';
    out += static_cast<char>(size >> 8);
    out += static_cast<char>(size & 0xFF);
  }
  return out + content;
}

inline std::string integer(std::int32_t value) {
  std::string content;
  for (int shift = 24; shift >= 0; shift -= 8) content += static_cast<char>(value >> shift & 0xFF);
  return field(0x02, content);
}

inline std::string identifier(const nethealth::Oid& oid) {
  std::string content(1, static_cast<char>(oid[0] * 40 + oid[1]));
  for (std::size_t i = 2; i < oid.size(); ++i) {
    std::string number(1, static_cast<char>(oid[i] & 0x7F));
    for (std::uint32_t rest = oid[i] >> 7; rest != 0; rest >>= 7) {
      number.insert(number.begin(), static_cast<char>((rest & 0x7F) | 0x80));
    }
    content += number;
  }
  return field(0x06, content);
}

struct Reader {
  std::string_view left;
  std::pair<unsigned char, std::string_view> next() {
    const auto tag = static_cast<unsigned char>(left.at(0));
    std::size_t size = static_cast<unsigned char>(left.at(1));
    std::size_t at = 2;
    if (size >= 0x80) {
      const std::size_t bytes = size & 0x7F;
      size = 0;
      for (std::size_t i = 0; i < bytes; ++i) size = size << 8 | static_cast<unsigned char>(left.at(at++));
    }
    const std::string_view content = left.substr(at, size);
    left.remove_prefix(at + size);
    return {tag, content};
  }
  std::int32_t number() {
    std::int32_t value = 0;
    for (const char byte : next().second) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
};

}  // namespace ber

struct Request {
  std::string bytes;
  std::int32_t version = 0;
  unsigned char type = 0;  ///< 0xA0 get, 0xA1 getnext, 0xA5 getbulk
  std::int32_t id = 0;
  std::vector<nethealth::Oid> oids;
};

/// A request of version 1 or 2c.
inline Request parsed(std::string_view bytes) {
  Request request;
  request.bytes = bytes;
  ber::Reader message{ber::Reader{bytes}.next().second};
  request.version = message.number();
  message.next();
  const auto [type, content] = message.next();
  request.type = type;
  ber::Reader pdu{content};
  request.id = pdu.number();
  pdu.number();
  pdu.number();
  ber::Reader list{pdu.next().second};
  while (!list.left.empty()) {
    ber::Reader binding{list.next().second};
    const std::string_view raw = binding.next().second;
    nethealth::Oid oid{static_cast<unsigned char>(raw[0]) / 40U, static_cast<unsigned char>(raw[0]) % 40U};
    std::uint32_t number = 0;
    for (const char byte : raw.substr(1)) {
      number = number << 7 | (static_cast<unsigned char>(byte) & 0x7F);
      if ((static_cast<unsigned char>(byte) & 0x80) == 0) {
        oid.push_back(number);
        number = 0;
      }
    }
    request.oids.push_back(std::move(oid));
  }
  return request;
}

using Binding = std::pair<nethealth::Oid, std::string>;  ///< identifier, encoded value

inline std::string response(std::int32_t version, std::int32_t id, const std::vector<Binding>& bindings,
                            std::int32_t error = 0, std::int32_t index = 0) {
  std::string list;
  for (const auto& [oid, value] : bindings) list += ber::field(0x30, ber::identifier(oid) + value);
  const std::string pdu =
      ber::integer(id) + ber::integer(error) + ber::integer(index) + ber::field(0x30, list);
  return ber::field(0x30, ber::integer(version) + ber::field(0x04, "public") + ber::field(0xA2, pdu));
}

/// A socket on loopback that hands every datagram to the test, which sends what it likes.
class Impostor {
 public:
  using Answer = std::function<void(Impostor&, const std::string&, const udp::endpoint&)>;
  Impostor(boost::asio::io_context& io, Answer answer)
      : socket_(io, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        other_(io, udp::endpoint(boost::asio::ip::make_address_v4("127.0.0.2"), 0)),
        answer_(std::move(answer)) {
    listen();
  }
  void send(const std::string& bytes, const udp::endpoint& to) {
    socket_.send_to(boost::asio::buffer(bytes), to);
  }
  void send_from_elsewhere(const std::string& bytes, const udp::endpoint& to) {
    other_.send_to(boost::asio::buffer(bytes), to);
  }
  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }
  [[nodiscard]] int heard() const { return heard_; }

 private:
  void listen() {
    socket_.async_receive_from(boost::asio::buffer(buffer_), from_,
                               [this](boost::system::error_code error, std::size_t size) {
                                 if (error) return;
                                 ++heard_;
                                 answer_(*this, std::string(buffer_.data(), size), from_);
                                 listen();
                               });
  }

  udp::socket socket_;
  udp::socket other_;
  Answer answer_;
  udp::endpoint from_;
  std::array<char, 65'536> buffer_{};
  int heard_ = 0;
};

inline nethealth::Credential community(const std::string& name,
                                       nethealth::SnmpVersion version = nethealth::SnmpVersion::v2c) {
  nethealth::Credential credential;
  credential.name = name;
  credential.version = version;
  credential.community = nethealth::Secret(name);
  return credential;
}

inline nethealth::Credential user(const std::string& name, nethealth::AuthProtocol auth,
                                  nethealth::PrivacyProtocol privacy,
                                  const std::string& passphrase = "authentic8",
                                  const std::string& privacy_passphrase = "private88") {
  nethealth::Credential credential;
  credential.name = name;
  credential.version = nethealth::SnmpVersion::v3;
  credential.user = name;
  credential.auth = auth;
  credential.auth_passphrase = nethealth::Secret(passphrase);
  credential.privacy = privacy;
  credential.privacy_passphrase = nethealth::Secret(privacy_passphrase);
  return credential;
}

inline nethealth::SnmpTarget target(std::uint16_t port, nethealth::Credential credential) {
  nethealth::SnmpTarget target;
  target.address = "127.0.0.1";
  target.port = port;
  target.credential = std::move(credential);
  target.timeout = nethealth::Milliseconds(400);
  target.retries = 1;
  return target;
}

/// The prober with the packs as shipped, and a look that can be awaited.
struct Bench {
  boost::asio::io_context io;
  std::unique_ptr<nethealth::SnmpProber> prober;

  Bench() {
    nethealth::Problems problems;
    auto packs = nethealth::chosen_sensor_packs({}, nethealth::Language::en, problems);
    auto opened = nethealth::SnmpProber::open(io, std::move(packs));
    if (opened) prober = std::move(*opened);
  }

  std::optional<nethealth::SnmpSeen> look(const nethealth::SnmpTarget& at, bool quick = false) {
    std::optional<nethealth::SnmpSeen> seen;
    const auto done = [&](nethealth::SnmpSeen result) { seen = std::move(result); };
    if (quick) {
      prober->look_interfaces(at, done);
    } else {
      prober->look(at, done);
    }
    run_until(io, [&] { return seen.has_value(); });
    return seen;
  }

  /// A daemon just started needs a moment; looks until it answers, or the last look's result.
  std::optional<nethealth::SnmpSeen> look_when_up(const nethealth::SnmpTarget& at) {
    std::optional<nethealth::SnmpSeen> seen;
    for (int i = 0; i < 60; ++i) {
      seen = look(at);
      if (seen && seen->status != nethealth::Outcome::timeout) return seen;
    }
    return seen;
  }
};

}  // namespace snmp_lab
