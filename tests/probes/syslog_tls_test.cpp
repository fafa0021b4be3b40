// Syslog over TLS (RFC 5425), with certificates made for the test.

#include <doctest/doctest.h>
#include <stdlib.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>

#include "probes/syslog_listener.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using boost::asio::ip::tcp;
namespace ssl = boost::asio::ssl;

namespace {

/// An authority, and a server and a sender whose certificates it signed; once for all tests.
struct Certificates {
  std::string folder;
  bool made = false;
  Certificates() {
    folder = (std::filesystem::temp_directory_path() / "nethealth-tls-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return;
    const std::string in = "cd " + folder + " && ";
    const std::string key = " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
    std::string all = "openssl req -x509" + key + "-days 2 -subj /CN=authority -keyout ca.key -out ca.pem";
    for (const std::string who : {"server", "sender"})
      all += " && openssl req" + key + "-subj /CN=" + who + " -keyout " + who + ".key -out " + who +
             ".csr && openssl x509 -req -days 2 -in " + who +
             ".csr -CA ca.pem -CAkey ca.key -CAcreateserial" + " -out " + who + ".pem";
    all +=
        " && openssl req -x509" + key + "-days 2 -subj /CN=stranger -keyout stranger.key -out stranger.pem";
    made = std::system((in + "(" + all + ") >/dev/null 2>&1").c_str()) == 0;
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return folder + "/" + name; }
};

const Certificates& certificates() {
  static const Certificates all;
  REQUIRE(all.made);
  return all;
}

struct SealedEars {
  boost::asio::io_context io{1};
  std::vector<std::string> heard;
  std::vector<std::string> problems;
  SyslogListener listener;

  static SyslogSeal seal(bool ask, bool required) {
    return {certificates().file("server.pem"), certificates().file("server.key"),
            ask ? certificates().file("ca.pem") : "", required};
  }
  SealedEars(bool ask, bool required)
      : listener(
            io, {{"tls://127.0.0.1:0", "127.0.0.1", 3, "auto", {}, seal(ask, required)}},
            [this](DeviceIndex, const std::string& listen, LogSeen line) {
              CHECK(listen == "tls://127.0.0.1:0");
              heard.push_back(line.line);
            },
            problems) {
    REQUIRE(problems.empty());
  }

  /// Sends two counted messages, under this name's certificate or none.
  void send(const std::string& name) {
    ssl::context context(ssl::context::tls_client);
    context.load_verify_file(certificates().file("ca.pem"));
    context.set_verify_mode(ssl::verify_peer);
    if (!name.empty()) {
      context.use_certificate_chain_file(certificates().file(name + ".pem"));
      context.use_private_key_file(certificates().file(name + ".key"), ssl::context::pem);
    }
    ssl::stream<tcp::socket> stream(io, context);
    bool over = false;
    const std::string messages = "8 <1>first9 <2>second";
    stream.lowest_layer().connect({boost::asio::ip::address_v4::loopback(), listener.port(0)});
    stream.async_handshake(ssl::stream_base::client, [&](const boost::system::error_code& error) {
      if (error) {
        over = true;
        return;
      }
      boost::asio::async_write(stream, boost::asio::buffer(messages),
                               [&](const boost::system::error_code&, std::size_t) { over = true; });
    });
    REQUIRE(
        run_until(io, [&] { return over && (heard.size() == 2 || listener.counters().dropped_tls > 0); }));
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("syslog over TLS: counted messages arrive and no certificate is asked for unless wanted") {
  SealedEars ears(false, true);
  ears.send("");
  CHECK(ears.heard == Texts{"first", "second"});
}

TEST_CASE("syslog over TLS: a sender whose certificate the authority signed is heard") {
  SealedEars ears(true, true);
  ears.send("sender");
  CHECK(ears.heard == Texts{"first", "second"});
  CHECK(ears.listener.counters().dropped_tls == 0);
}

TEST_CASE("syslog over TLS: a sender without a certificate or with a stranger's is refused and counted") {
  for (const char* name : {"", "stranger"}) {
    SealedEars ears(true, true);
    ears.send(name);
    CHECK(ears.heard.empty());
    CHECK(ears.listener.counters().dropped_tls == 1);
  }
}

TEST_CASE("syslog over TLS: where a certificate is not required its lack is no reason but a stranger's is") {
  SealedEars without(true, false);
  without.send("");
  CHECK(without.heard.size() == 2);
  SealedEars strange(true, false);
  strange.send("stranger");
  CHECK(strange.heard.empty());
}

TEST_CASE("syslog over TLS: who does not speak it is closed and counted") {
  SealedEars ears(false, true);
  tcp::socket socket(ears.io);
  socket.connect({boost::asio::ip::address_v4::loopback(), ears.listener.port(0)});
  boost::asio::write(socket, boost::asio::buffer(std::string("<1>plain words\n")));
  CHECK(run_until(ears.io, [&] { return ears.listener.counters().dropped_tls == 1; }));
  CHECK(ears.heard.empty());
}

TEST_CASE("syslog over TLS: a certificate that cannot be read is told") {
  boost::asio::io_context io{1};
  std::vector<std::string> problems;
  const SyslogListener listener(
      io, {{"tls://127.0.0.1:0", "127.0.0.1", 0, "auto", {}, {"/nowhere.pem", "/nowhere.key", "", true}}},
      [](DeviceIndex, const std::string&, LogSeen) {}, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("/nowhere.pem") != std::string::npos);
}
