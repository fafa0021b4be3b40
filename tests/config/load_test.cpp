#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "config/load.hpp"
#include "loading_help.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const std::string source = NETHEALTH_SOURCE_DIR;
const std::string example = source + "/config/examples/city-hall";

/// A folder of its own that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "nethealth-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    REQUIRE(chmod(path(name).c_str(), mode) == 0);
  }

 private:
  std::string path_;
};

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

Site load_good(const std::string& path) {
  Loaded loaded = load_site(path, Language::en, Secrets::optional, log_packs);
  INFO(all_text(loaded.problems));
  REQUIRE(loaded.site.has_value());
  return std::move(*loaded.site);
}

std::string base(const std::string& more) {
  return "include: [" + source + "/tests/config/fixtures/base/*.yaml]\n" + more;
}

Site load_text(const std::string& more) {
  const Folder folder;
  folder.write("nethealth.yaml", base(more));
  return load_good(folder.path("nethealth.yaml"));
}

const Device& device(const Site& site, const char* name) {
  const auto index = site.device(name);
  REQUIRE(index.has_value());
  return site.devices[*index];
}

/// "a:port-b:port" in the order of writing.
std::vector<std::string> cables_between(const Site& site, const char* x, const char* y) {
  std::vector<std::string> found;
  for (const Cable& cable : site.cables) {
    const std::string& a = site.devices[cable.a].name;
    const std::string& b = site.devices[cable.b].name;
    if (a == x && b == y) found.push_back(a + ":" + cable.port_a + "-" + b + ":" + cable.port_b);
    if (a == y && b == x) found.push_back(b + ":" + cable.port_b + "-" + a + ":" + cable.port_a);
  }
  return found;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the shipped example loads without a mistake or a warning") {
  const Loaded loaded = load_site(example + "/nethealth.yaml", Language::ja, Secrets::optional, log_packs);
  INFO(all_text(loaded.problems));
  CHECK(loaded.problems.empty());
  REQUIRE(loaded.site.has_value());
  CHECK(loaded.files.size() == 7);
  CHECK(loaded.files.front() == example + "/nethealth.yaml");
  CHECK(std::is_sorted(loaded.files.begin() + 1, loaded.files.end()));
}

TEST_CASE("the example's values arrive as they are written") {
  const Site site = load_good(example + "/nethealth.yaml");
  CHECK(site.name == "例示市役所");
  CHECK(site.store_path == "/var/lib/nethealth/state.db");
  CHECK(site.devices[site.monitor].name == "mon-1");
  const Device& core = device(site, "sw-core");
  CHECK(core.kind == DeviceKind::switch_);
  CHECK(core.forwards());
  CHECK(core.polling.snmp.interval == 15s);
  CHECK(core.polling.snmp.timeout == 2s);
  CHECK(core.power == std::vector<DeviceIndex>{*site.device("ups-1"), *site.device("ups-2")});
  const Device& cs = device(site, "cs-1");
  CHECK(cs.label == "CSサーバ1号機");
  REQUIRE(cs.services.size() == 2);
  CHECK(cs.services[0].port == 1433);
  CHECK(cs.services[1].expect == 200);
  CHECK(cs.services[1].depends_on == std::vector<std::size_t>{0});
  REQUIRE(cs.management.has_value());
  CHECK(cs.management->address == "192.0.2.11");
  CHECK(cs.contractor == std::vector<PersonIndex>{*site.person("maker-a")});
  CHECK(device(site, "mail-1").addresses == Texts{"192.0.2.30", "2001:db8::30"});
  CHECK(device(site, "fw-juki").contractor ==
        std::vector<PersonIndex>{*site.person("maker-b"), *site.person("tanaka")});
  CHECK(device(site, "hub-2f").addresses.empty());
  CHECK_FALSE(device(site, "printer-01").page);
  CHECK(device(site, "fw-juki").logs[0].encoding == "auto");
  CHECK(site.role(RoleId::operations_sub_manager).people.size() == 2);
  const Person& sato = site.people[*site.person("sato")];
  REQUIRE(sato.channels.size() == 2);
  CHECK(site.channels[sato.channels[0].channel].type == Channel::Type::smtp);
  CHECK(site.channels[sato.channels[1].channel].name == "sms-gateway");
  CHECK(sato.channels[1].answer_within == 5min);
  CHECK(site.credentials[1].auth == AuthProtocol::sha256);
  CHECK(site.credentials[1].privacy == PrivacyProtocol::aes128);
  REQUIRE(site.syslog.size() == 1);
  CHECK(site.syslog[0].transport == SyslogTransport::tcp);
  CHECK(site.syslog[0].host == "192.0.2.50");
  CHECK(site.syslog[0].audit);
  REQUIRE(site.maintenance.size() == 2);
  CHECK(format_time(site.maintenance[0].from, site.zone) == "2026-12-05T20:00:00.000+09:00");
  CHECK(cables_between(site, "sw-2f", "sw-core") == Texts{"sw-2f:1-sw-core:5", "sw-2f:2-sw-core:6"});
}

TEST_CASE("a minimal site has the shipped intervals and an always-on device") {
  const Site site = load_text("");
  CHECK(site.store_path == ":memory:");
  CHECK(site.polling.icmp.interval == 10s);
  CHECK(site.polling.snmp.interval == 30s);
  CHECK(site.polling.tcp.timeout == 3s);
  CHECK(site.polling.http.timeout == 5s);
  CHECK_FALSE(device(site, "sw-core").calendar.has_value());
  CHECK(device(site, "ups-1").label == "ups-1");
  CHECK(site.role(RoleId::municipalities).people.empty());
}

TEST_CASE("a cable written from both ends is one") {
  const std::string head = "devices:\n  - {name: sw-2, kind: switch, connected_to: ";
  const auto load = [&](const std::string& two, const std::string& three) {
    return load_text(head + "[sw-core, " + two + "]}\n  - {name: sw-3, kind: switch, connected_to: " + three +
                     "}\n");
  };
  CHECK(cables_between(load("sw-3", "sw-2"), "sw-2", "sw-3") == Texts{"sw-2:-sw-3:"});
  CHECK(cables_between(load("sw-3:5", "sw-2:1"), "sw-2", "sw-3") == Texts{"sw-2:1-sw-3:5"});
  CHECK(cables_between(load("{to: \"sw-3:5\", port: 1}", "{to: \"sw-2:1\", port: 5}"), "sw-2", "sw-3") ==
        Texts{"sw-2:1-sw-3:5"});
  CHECK(cables_between(load("{to: \"sw-3:5\", port: 1}", "sw-2"), "sw-2", "sw-3") == Texts{"sw-2:1-sw-3:5"});
  CHECK(cables_between(load("{to: \"sw-3:5\", port: 1}, {to: \"sw-3:6\", port: 2}",
                            "[{to: \"sw-2:2\", port: 6}, \"sw-2:1\"]"),
                       "sw-2", "sw-3") == Texts{"sw-2:1-sw-3:5", "sw-2:2-sw-3:6"});
  CHECK(cables_between(load("{to: \"sw-3:5\", port: 1}", "{to: \"sw-2:2\", port: 6}"), "sw-2", "sw-3") ==
        Texts{"sw-2:1-sw-3:5", "sw-2:2-sw-3:6"});
  CHECK(cables_between(load("\"sw-3:ge-0/0/1:2\"", "sw-core"), "sw-2", "sw-3") ==
        Texts{"sw-2:-sw-3:ge-0/0/1:2"});
}

TEST_CASE("calendars take weekdays dates lists and holidays") {
  const Site site = load_text(
      "calendars:\n  - name: c\n    hours:\n      fri-sun: [\"13:00-17:00\", \"08:00-12:00\"]\n"
      "      \"2026-12-28..2026-12-30\": \"08:30-12:00\"\n    holidays: [jp, \"2026-12-25\"]\n");
  REQUIRE(site.calendars.size() == 1);
  const Calendar& calendar = site.calendars[0];
  CHECK(calendar.japanese_holidays);
  CHECK(calendar.weekly[5] == std::vector<OpenRange>{{8h, 12h}, {13h, 17h}});
  CHECK(calendar.weekly[0].size() == 2);
  CHECK(calendar.weekly[1].empty());
  CHECK(calendar.dated.size() == 4);
  CHECK(calendar.dated.at(std::chrono::year(2026) / 12 / 25).empty());
  CHECK(calendar.dated.at(std::chrono::year(2026) / 12 / 29).size() == 1);
}

TEST_CASE("maintenance is read in site time or with an offset") {
  const Site site = load_text(
      "maintenance:\n  - {all: true, from: \"2026-12-05T20:00\", until: \"2026-12-05T20:00:01\"}\n"
      "  - {device: sw-core, from: 2026-12-05T20:00:00Z, until: 2026-12-06T20:00:00+09:00}\n");
  REQUIRE(site.maintenance.size() == 2);
  CHECK(site.maintenance[0].until - site.maintenance[0].from == 1s);
  CHECK(format_time(site.maintenance[0].from, Zone()) == "2026-12-05T11:00:00.000+00:00");
  CHECK(site.maintenance[1].scope == Maintenance::Scope::device);
  CHECK(site.maintenance[1].until - site.maintenance[1].from == 15h);
}

TEST_CASE("relative paths start at the folder of the main file") {
  const Folder folder;
  folder.write("nethealth.yaml", "include: [conf.d/*.yaml, \"" + source +
                                     "/tests/config/fixtures/base/[cdp]*.yaml\"]\nstore: sqlite:state.db\n"
                                     "site: {name: a}\n");
  folder.write("conf.d/b.yaml", "include: conf.d/more/c.yaml\nsite: {language: en}\n");
  folder.write("conf.d/a.yaml", "rooms: [{name: a}]\n");
  folder.write("conf.d/more/c.yaml",
               "devices: [{name: s-1, kind: server, connected_to: sw-core, logs: [{path: logs/app.log}]}]\n");
  const Site site = load_good(folder.path("nethealth.yaml"));
  CHECK(site.store_path == folder.path("state.db"));
  CHECK(site.language == Language::en);
  CHECK(site.timezone == "Asia/Tokyo");
  CHECK(device(site, "s-1").logs[0].path == folder.path("logs/app.log"));
}

TEST_CASE("a file that includes itself is read once") {
  const Folder folder;
  folder.write("nethealth.yaml",
               "include: [\"*.yaml\", ./nethealth.yaml, " + source + "/tests/config/fixtures/base/*.yaml]\n");
  const Loaded loaded = load_site(folder.path("nethealth.yaml"), Language::en, Secrets::optional, log_packs);
  INFO(all_text(loaded.problems));
  CHECK(loaded.site.has_value());
  CHECK(loaded.files.size() == 5);
}

TEST_CASE("a secret is read without its newline") {
  const Folder folder;
  folder.write("nethealth.yaml", base(""));
  folder.write("secrets/community", "letmein\n");
  const Loaded loaded = load_site(folder.path("nethealth.yaml"), Language::en, Secrets::required, log_packs);
  INFO(all_text(loaded.problems));
  REQUIRE(loaded.site.has_value());
  CHECK(loaded.site->credentials[0].community.reveal() == "letmein");
}

TEST_CASE("a secret that is missing or open to others or empty is refused") {
  const Folder folder;
  folder.write("nethealth.yaml", base(""));
  const auto message = [&] {
    const Loaded loaded =
        load_site(folder.path("nethealth.yaml"), Language::en, Secrets::required, log_packs);
    CHECK_FALSE(loaded.site.has_value());
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].line == 2);
    return loaded.problems[0].message;
  };
  CHECK(message().find("cannot open the secret file") != std::string::npos);
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    folder.write("secrets/community", "letmein\n", mode);
    const std::string text = message();
    CHECK(text.find("run: chmod 600 " + folder.path("secrets/community")) != std::string::npos);
    CHECK(text.find("letmein") == std::string::npos);
  }
  folder.write("secrets/community", "\n");
  CHECK(message().find("empty") != std::string::npos);
  folder.write("secrets/community", std::string(5'000, 'x'));
  CHECK(message().find("4,096 bytes") != std::string::npos);
  fs::remove(folder.path("secrets/community"));
  REQUIRE(mkfifo(folder.path("secrets/community").c_str(), 0600) == 0);
  CHECK(message().find("regular file") != std::string::npos);
}

TEST_CASE("a short passphrase is refused") {
  const Folder folder;
  folder.write(
      "nethealth.yaml",
      base(
          "credentials: [{name: v3, version: 3, user: u, auth: {protocol: SHA, passphrase_file: short}}]\n"));
  folder.write("secrets/community", "letmein\n");
  folder.write("short", "1234567\n");
  const Loaded loaded = load_site(folder.path("nethealth.yaml"), Language::en, Secrets::required, log_packs);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].message.find("less than 8") != std::string::npos);
  CHECK(loaded.problems[0].message.find("1234567") == std::string::npos);
}

TEST_CASE("a main file that is missing is one problem") {
  const Loaded loaded = load_site("/nonexistent/nethealth.yaml", Language::en, Secrets::required, log_packs);
  CHECK_FALSE(loaded.site.has_value());
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].text() ==
        "/nonexistent/nethealth.yaml:1:1: found no such file, expected a readable file");
}

TEST_CASE("ten thousand mistakes are cut to a thousand and a word about the rest") {
  std::string text = "rooms:\n";
  for (int i = 0; i < 10'000; ++i) text += "  - {name: r" + std::to_string(i) + ", lable: x}\n";
  const Folder folder;
  folder.write("nethealth.yaml", base(text));
  const Loaded loaded = load_site(folder.path("nethealth.yaml"), Language::en, Secrets::optional, log_packs);
  CHECK_FALSE(loaded.site.has_value());
  CHECK(loaded.problems.size() == 1'001);
}

TEST_CASE("what would take too long to check is refused") {
  std::string cables =
      "devices:\n  - name: s-1\n    kind: server\n    address: 192.0.2.7\n    connected_to:\n";
  for (int i = 0; i < 20'000; ++i) cables += "      - {to: sw-core, port: " + std::to_string(i) + "}\n";
  cables += "    services:\n";
  for (int i = 0; i < 20'000; ++i) {
    cables +=
        "      - {name: s" + std::to_string(i) + ", tcp: 1, depends_on: s" + std::to_string(i + 1) + "}\n";
  }
  const Folder folder;
  folder.write("nethealth.yaml", base(cables));
  const Loaded loaded = load_site(folder.path("nethealth.yaml"), Language::en, Secrets::optional, log_packs);
  REQUIRE(loaded.problems.size() == 2);
  CHECK(loaded.problems[0].message.find("20000 cables between two devices") != std::string::npos);
  CHECK(loaded.problems[1].message.find("20000 services of one device") != std::string::npos);
}

TEST_CASE("no mutation of the example crashes the reader or passes unchecked indexes") {
  std::string whole = text_of(example + "/nethealth.yaml");
  whole.erase(whole.find("include:"), whole.find("\n", whole.find("include:")) - whole.find("include:"));
  for (const char* part :
       {"10-places", "20-network", "30-servers", "40-terminals", "50-people", "60-maintenance"}) {
    std::string text = text_of(example + "/conf.d/" + part + ".yaml");
    const std::size_t list = text.find("devices:\n");
    // One document: the lists of devices follow one another.
    if (list != std::string::npos && std::string(part) != "20-network") text.erase(0, list + 9);
    whole += "\n" + text;
  }
  const Folder folder;
  folder.write("nethealth.yaml", whole);
  REQUIRE(load_good(folder.path("nethealth.yaml")).devices.size() == 20);

  std::mt19937 random(20261124);
  const std::string interesting = "{}[]:,-#&*!|>'\"%@`?\n\t \\~<0\x80\xE3\xFF";
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  for (int round = 0; round < 300; ++round) {
    std::string text = whole;
    for (std::size_t edits = below(6) + 1; edits > 0; --edits) {
      const std::size_t place = below(text.size());
      const std::size_t length = std::min(below(30), text.size() - place);
      switch (below(4)) {
        case 0:
          text[place] = interesting[below(interesting.size())];
          break;
        case 1:
          text.erase(place, length);
          break;
        case 2:
          text.insert(place, text.substr(below(text.size()), length));
          break;
        default:
          text.insert(place, 1, interesting[below(interesting.size())]);
          break;
      }
    }
    folder.write("nethealth.yaml", text);
    const Loaded loaded =
        load_site(folder.path("nethealth.yaml"), Language::ja, Secrets::optional, log_packs);
    const bool has_error = std::any_of(loaded.problems.begin(), loaded.problems.end(),
                                       [](const Problem& problem) { return !problem.warning; });
    REQUIRE(loaded.site.has_value() != has_error);
    if (!loaded.site) continue;
    const Site& site = *loaded.site;
    for (const Cable& cable : site.cables) REQUIRE(std::max(cable.a, cable.b) < site.devices.size());
    for (const Device& each : site.devices) {
      REQUIRE(!each.name.empty());
      if (each.room) REQUIRE(*each.room < site.rooms.size());
      if (each.credential) REQUIRE(*each.credential < site.credentials.size());
      if (each.calendar) REQUIRE(*each.calendar < site.calendars.size());
    }
    for (const Person& person : site.people) {
      for (const ContactChannel& contact : person.channels) REQUIRE(contact.channel < site.channels.size());
    }
  }
}

TEST_CASE("the shipped gateways are read") {
  const Loaded loaded =
      load_site(source + "/tests/config/fixtures/gateways.yaml", Language::en, Secrets::optional, {});
  for (const Problem& problem : loaded.problems) FAIL_CHECK(problem.text());
  REQUIRE(loaded.site.has_value());
  const auto& channels = loaded.site->channels;
  CHECK(channels.size() == 10);
  const auto manager = std::find_if(channels.begin(), channels.end(),
                                    [](const Channel& channel) { return channel.name == "manager"; });
  REQUIRE(manager != channels.end());
  CHECK(manager->type == Channel::Type::snmp_trap);
  const auto voice = std::find_if(channels.begin(), channels.end(),
                                  [](const Channel& channel) { return channel.name == "voice"; });
  REQUIRE(voice != channels.end());
  REQUIRE(voice->callback.has_value());
  CHECK(voice->callback->key == "digit");
  CHECK(voice->callback->pass == std::vector<std::string>{"2"});
  CHECK(voice->callback->failed == std::vector<std::string>{"no-answer", "busy"});
  const auto alerts = std::find_if(channels.begin(), channels.end(),
                                   [](const Channel& channel) { return channel.name == "alerts"; });
  REQUIRE(alerts != channels.end());
  CHECK(alerts->type == Channel::Type::alertmanager);
  CHECK(alerts->on == std::vector<std::string>{"stopped", "at_risk"});
  CHECK(alerts->interval == Milliseconds(60'000));
  CHECK(manager->inform);
  CHECK(loaded.site->credentials[manager->credential].user == "nethealth");
  const auto modem = std::find_if(channels.begin(), channels.end(),
                                  [](const Channel& channel) { return channel.name == "modem"; });
  REQUIRE(modem != channels.end());
  CHECK(modem->type == Channel::Type::command);
  CHECK(modem->command == std::vector<std::string>{"/usr/local/bin/send-sms", "--port", "ttyUSB0"});
}

TEST_CASE("the engine of SNMPv3 traps is read as octets") {
  const Loaded loaded =
      load_site(source + "/tests/config/fixtures/snmp_traps.yaml", Language::en, Secrets::optional, {});
  for (const Problem& problem : loaded.problems) FAIL_CHECK(problem.text());
  REQUIRE(loaded.site.has_value());
  const ContactChannel& noc = loaded.site->people[*loaded.site->person("operator")].channels.back();
  const Channel& traps = loaded.site->channels[noc.channel];
  CHECK_FALSE(traps.inform);
  CHECK(traps.engine_id == std::string("\x80\x00\x7E\xD9\x05nh", 7));
  CHECK(noc.address == "noc");
  CHECK(noc.detail == Detail::minimal);
}
