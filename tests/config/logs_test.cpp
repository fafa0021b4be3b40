// What a configuration says of log sources.

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "config/load.hpp"
#include "config/log_encoding.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

/// Loads a site whose switch has these log sources.
Loaded load_with_logs(const std::string& logs) {
  std::string folder = (std::filesystem::temp_directory_path() / "nethealth-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/nethealth.yaml";
  std::ofstream(path) << "include: [" << NETHEALTH_SOURCE_DIR << "/tests/config/fixtures/base/*.yaml]\n"
                      << "devices:\n  - {name: sw-log, kind: switch, address: 192.0.2.77, logs: [" << logs
                      << "]}\n";
  Loaded loaded = load_site(path, Language::en, Secrets::optional, {"linux", "windows"});
  std::filesystem::remove_all(folder);
  return loaded;
}

LogSource source_of(const std::string& log) {
  const Loaded loaded = load_with_logs(log);
  std::string problems;
  for (const Problem& problem : loaded.problems) problems += problem.text() + "\n";
  INFO(problems);
  REQUIRE(loaded.site.has_value());
  return loaded.site->devices[*loaded.site->device("sw-log")].logs.at(0);
}

std::string problem_of(const std::string& log) {
  const Loaded loaded = load_with_logs(log);
  REQUIRE_FALSE(loaded.problems.empty());
  return loaded.problems.front().text();
}

}  // namespace

TEST_CASE("every encoding that a configuration may name is one that lines are read by") {
  for (const std::string_view name : log_encodings()) {
    INFO(std::string(name));
    CHECK(log_encoding(name).has_value());
    CHECK(source_of("{path: /a, encoding: " + std::string(name) + "}").encoding == name);
  }
  CHECK(log_encoding("iso-8859-1") == LogEncoding::latin1);
  CHECK(problem_of("{path: /a, encoding: klingon}").find("klingon") != std::string::npos);
}

TEST_CASE("which lines belong together is the name of a shape or one of two patterns") {
  CHECK(source_of("{path: /a, join: {starts: '^x'}}").join.starts == "^x");
  CHECK(source_of("{path: /a, join: {continues: '^x'}}").join.continues == "^x");
  CHECK(source_of("{path: /a, join: java}").join.continues.find("Caused by") != std::string::npos);
  CHECK_FALSE(source_of("{path: /a}").join.any());
  CHECK(problem_of("{path: /a, join: jawa}").find("java") != std::string::npos);
  CHECK(problem_of("{path: /a, join: {starts: a, continues: b}}").find("expected one") != std::string::npos);
}

TEST_CASE("a place that is heard by TLS has a certificate that one of its devices names") {
  const LogSource source = source_of(
      "{syslog: \"tls://0.0.0.0\", certificate: /c.pem, key_file: /k.pem, clients: {certificate_authority: "
      "/ca.pem, required: false}}");
  CHECK(source.syslog == "tls://0.0.0.0:6514");
  CHECK(source.seal == SyslogSeal{"/c.pem", "/k.pem", "/ca.pem", false});
  CHECK(problem_of("{syslog: \"tls://0.0.0.0\"}").find("needs certificate") != std::string::npos);
  CHECK(problem_of("{syslog: \"tcp://0.0.0.0\", certificate: /c.pem}").find("only with tls") !=
        std::string::npos);
  const Loaded two = load_with_logs(
      "{syslog: \"tls://0.0.0.0\"}, {syslog: \"tls://0.0.0.0\", certificate: /c.pem, key_file: /k.pem}");
  REQUIRE(two.site.has_value());
  CHECK(two.site->devices[*two.site->device("sw-log")].logs[0].seal.certificate == "/c.pem");
  CHECK(problem_of("{syslog: \"tls://0.0.0.0\", certificate: /c.pem, key_file: /k.pem}, {syslog: "
                   "\"tls://0.0.0.0\", certificate: /d.pem, key_file: /k.pem}")
            .find("other certificates") != std::string::npos);
}

TEST_CASE("systemd's journal is a log source with the units that count") {
  CHECK(source_of("{journal: true}").name() == "journal");
  const LogSource source = source_of("{journal: /var/log/journal/remote, units: [sshd.service, a.service]}");
  REQUIRE(source.journal.has_value());
  CHECK(source.journal->folder == "/var/log/journal/remote");
  CHECK(source.journal->units == std::vector<std::string>{"sshd.service", "a.service"});
  CHECK(problem_of("{journal: false}").find("journal") != std::string::npos);
  CHECK(problem_of("{journal: true, encoding: cp932}").find("encoding") != std::string::npos);
}

TEST_CASE("a log source says how often a line is expected and how far its clock may be off") {
  const LogSource source = source_of("{path: /a, expect_within: 1h, clock_within: 30s}");
  CHECK(source.expect_within == Milliseconds(1h));
  CHECK(source.clock_within == Milliseconds(30s));
  const LogSource plain = source_of("{syslog: \"udp://0.0.0.0:5514\"}");
  CHECK_FALSE(plain.expect_within.has_value());
  CHECK(plain.clock_within == Milliseconds(5min));
  CHECK(plain.name() == "udp://0.0.0.0:5514");
  CHECK(problem_of("{path: /a, expect_within: 1s}").find("expect_within") != std::string::npos);
  CHECK(plain.learns_silence);
  const LogSource learns = source_of("{path: /a, expect_within: auto}");
  CHECK(learns.learns_silence);
  CHECK_FALSE(learns.expect_within.has_value());
  CHECK_FALSE(source_of("{path: /a, expect_within: never}").learns_silence);
  CHECK_FALSE(source_of("{path: /a, expect_within: never}").expect_within.has_value());
  CHECK(problem_of("{path: /a, expect_within: sometimes}").find("expect_within") != std::string::npos);
}
