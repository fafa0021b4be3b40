#include "agent/courier_snmp_trap.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/udp.hpp>
#include <map>
#include <optional>

#include "agent/letter_facts.hpp"
#include "agent/own_engine.hpp"
#include "agent/snmp_notice.hpp"
#include "probes/trap_listener.hpp"
#include "probes/trap_message.hpp"
#include "tests/agent/deliver.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

using boost::asio::ip::udp;
using Kind = DeliveryResult::Kind;

/// A manager on this host that keeps what it hears, and confirms informs while `confirms`.
class SnmpManager {
 public:
  explicit SnmpManager(boost::asio::io_context& io)
      : socket_(io, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    listen();
  }

  [[nodiscard]] Channel channel(bool inform) const {
    Channel channel;
    channel.name = "nms";
    channel.type = Channel::Type::snmp_trap;
    channel.url = "udp://127.0.0.1:" + std::to_string(socket_.local_endpoint().port());
    channel.inform = inform;
    return channel;
  }

  bool confirms = true;
  std::vector<TrapMessage> heard;
  std::optional<SnmpEnvelope> last;

 private:
  void listen() {
    socket_.async_receive_from(boost::asio::buffer(bytes_), from_,
                               [this](const boost::system::error_code& error, std::size_t size) {
                                 if (error) return;
                                 take(std::string_view(bytes_.data(), size));
                                 listen();
                               });
  }

  void take(std::string_view bytes) {
    last = open_envelope(bytes);
    const auto message = read_trap(bytes);
    if (!message) return;
    heard.push_back(*message);
    if (message->inform && confirms) socket_.send_to(boost::asio::buffer(inform_answer(bytes)), from_);
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<char, 16'384> bytes_{};
};

UsmEngine engine() {
  return own_engine(Site{}, "a test", samples::moment(), {});
}

Credential community() {
  Credential credential;
  credential.community = Secret("told");
  return credential;
}

IncidentFacts facts() {
  IncidentFacts facts;
  facts.state = IncidentState::restored;
  facts.severity = Severity::at_risk;
  facts.category = Category::network;
  facts.cause = Cause::link;
  facts.location = {"sw-core", "", "5", "sw-2f", "machine-room", {}};
  facts.since = samples::moment(0);
  return facts;
}

Letter incident_letter() {
  Letter letter = samples::letter();
  letter.facts = facts();
  return letter;
}

Credential version_3_user() {
  Credential user;
  user.version = SnmpVersion::v3;
  user.user = "nethealth";
  return user;
}

/// The objects of a notification by their last two numbers, as text.
std::map<std::string, std::string> objects(const std::vector<VarBind>& varbinds) {
  const Oid above = *parse_oid("1.3.6.1.4.1.32473.1.1");
  std::map<std::string, std::string> all;
  for (const VarBind& varbind : varbinds) {
    REQUIRE(starts_with(varbind.oid, above));
    REQUIRE(varbind.oid.back() == 0);
    const Oid index = index_of(varbind.oid, above);
    all[oid_text(Oid(index.begin(), index.end() - 1))] =
        varbind.value.kind == SnmpValue::Kind::octets ? varbind.value.octets : varbind.value.text();
  }
  return all;
}

}  // namespace

TEST_CASE("a confirmed inform is accepted and carries the message and its incident as fields") {
  boost::asio::io_context io;
  SnmpManager manager(io);
  SnmpTrapCourier courier(io, manager.channel(true), community(), engine(), Zone(), Language::ja);
  CHECK(deliver(io, courier, incident_letter()).kind == Kind::accepted);
  REQUIRE(manager.heard.size() == 1);
  CHECK(manager.heard[0].inform);
  CHECK(manager.heard[0].community == "told");
  CHECK(oid_text(manager.heard[0].trap) == "1.3.6.1.4.1.32473.1.0.2");
  auto said = objects(manager.heard[0].varbinds);
  CHECK(said.size() == 20);
  CHECK(said["1.1"] == "1.page.0");
  CHECK(said["1.2"] == "2");
  CHECK(said["1.3"] == "【停止】2階市民課ハブ");
  CHECK(said["1.4"] == "2");
  CHECK(said["1.5"] == "2");
  CHECK(said["1.6"] == "chief");
  CHECK(said["1.7"] == "kato");
  CHECK(said["1.9"] == "1");
  CHECK(said["2.1"] == "3");
  CHECK(said["2.2"] == "2");
  CHECK(said["2.3"] == "1");
  CHECK(said["2.4"] == "2");
  CHECK(said["2.5"] == "3");
  CHECK(said["2.6"] == "link");
  CHECK(said["2.7"] == "sw-core");
  CHECK(said["2.8"] == "sw-2f");
  CHECK(said["2.9"] == "5");
  CHECK(said["2.10"] == "machine-room");
  // 2026-11-24T00:00:00.0+00:00, as DateAndTime.
  CHECK(said["2.11"] == std::string("\x07\xEA\x0B\x18\0\0\0\0+\0\0", 11));
}

TEST_CASE("an inform that nobody confirms is of unknown outcome and its next copy says so") {
  boost::asio::io_context io;
  SnmpManager manager(io);
  SnmpTrapCourier courier(io, manager.channel(true), community(), engine(), Zone(), Language::ja,
                          Milliseconds(50));
  manager.confirms = false;
  CHECK(deliver(io, courier, incident_letter()).kind == Kind::unknown);
  CHECK(manager.heard.size() == 1);
  manager.confirms = true;
  CHECK(deliver(io, courier, incident_letter(), {true}).kind == Kind::accepted);
  REQUIRE(manager.heard.size() == 2);
  auto said = objects(manager.heard[1].varbinds);
  CHECK(said["1.4"] == "1");
  CHECK(said["1.3"].starts_with("【再送】"));
}

TEST_CASE("a trap is accepted without an answer") {
  boost::asio::io_context io;
  SnmpManager manager(io);
  SnmpTrapCourier courier(io, manager.channel(false), community(), engine(), Zone(), Language::en);
  CHECK(deliver(io, courier, incident_letter()).kind == Kind::accepted);
  REQUIRE(run_until(io, [&] { return !manager.heard.empty(); }));
  CHECK_FALSE(manager.heard[0].inform);
}

TEST_CASE("an SNMPv3 manager that is away got nothing and unusable keys are refused") {
  boost::asio::io_context io;
  SnmpManager manager(io);
  Credential user = version_3_user();
  SnmpTrapCourier courier(io, manager.channel(true), user, engine(), Zone(), Language::ja, Milliseconds(50));
  CHECK(deliver(io, courier, incident_letter()).kind == Kind::failed_temporarily);
  CHECK(manager.heard.empty());
  user.privacy = PrivacyProtocol::aes128;
  SnmpTrapCourier unusable(io, manager.channel(true), user, engine(), Zone(), Language::en);
  const DeliveryResult refused = deliver(io, unusable);
  CHECK(refused.kind == Kind::refused);
  CHECK(refused.reason.find("privacy needs authentication") != std::string::npos);
}

TEST_CASE("this host is one SNMPv3 engine whose boots grow even when the clock goes back") {
  using std::chrono::seconds;
  Site site;
  site.channels.emplace_back().name = "mail";
  const Time now = samples::moment();
  const UsmEngine first = own_engine(site, "a test", now, {});
  CHECK(first.id == engine_id_of("a test"));
  CHECK(own_engine(site, "a test", now + seconds(1), now).boots == first.boots + 1);
  CHECK(own_engine(site, "a test", now - seconds(3'600), now).boots == first.boots + 1);
  CHECK(own_engine(site, "a test", Time{}, {}).boots == 1);
  site.channels.emplace_back().engine_id = "\x80\x01\x02\x03\x04";
  CHECK(own_engine(site, "a test", now, {}).id == site.channels[1].engine_id);
}

TEST_CASE("a trap of SNMPv3 carries the id and the boots of this host") {
  boost::asio::io_context io;
  SnmpManager manager(io);
  Credential user = version_3_user();
  const UsmEngine own = engine();
  SnmpTrapCourier courier(io, manager.channel(false), user, own, Zone(), Language::en);
  CHECK(deliver(io, courier, incident_letter()).kind == Kind::accepted);
  REQUIRE(run_until(io, [&] { return manager.last.has_value(); }));
  CHECK(manager.last->engine_id == own.id);
  CHECK(manager.last->boots == own.boots);
}

TEST_CASE("with minimal detail a notification names no device nor room nor person nor address") {
  Letter secret = incident_letter();
  secret.detail = Detail::minimal;
  auto said = objects(snmp_notice(secret, {}, Milliseconds(12'340), Zone(), Language::ja).varbinds);
  for (const char* object : {"1.7", "1.8", "2.7", "2.8", "2.9", "2.10"}) {
    CAPTURE(object);
    CHECK(said[object] == "");
  }
  CHECK(said["2.6"] == "link");
  CHECK(said["1.6"] == "chief");
}

TEST_CASE("the beginning is a date and time of the site with its offset to the east or west") {
  Letter told = incident_letter();
  told.facts->since = parse_time("2026-11-24T01:30:59.987Z").value();
  const auto since = [&](const char* zone) {
    return objects(snmp_notice(told, {}, {}, Zone::find(zone).value(), Language::ja).varbinds)["2.11"];
  };
  CHECK(since("Asia/Tokyo") == std::string("\x07\xEA\x0B\x18\x0A\x1E\x3B\x09+\x09\x00", 11));
  CHECK(since("America/St_Johns") == std::string("\x07\xEA\x0B\x17\x16\x00\x3B\x09-\x03\x1E", 11));
}

TEST_CASE("a drill is marked and long or broken text is cut between two characters") {
  Letter drill{samples::notification(), 0, samples::moment()};
  drill.notification.kind = NotificationKind::drill;
  drill.notification.subject = std::string(254, 'a') + "障害";
  drill.notification.person = "a\nb\xFF";
  const SnmpNotice notice = snmp_notice(drill, {}, Milliseconds(12'340), Zone(), Language::ja);
  CHECK(notice.uptime_hundredths == 1'234);
  CHECK(notice.trap.back() == 10);
  auto said = objects(notice.varbinds);
  CHECK(said["1.5"] == "1");
  CHECK(said["1.3"] == std::string(254, 'a'));
  CHECK(said["1.7"].find('\n') == std::string::npos);
  CHECK(said["1.7"].find('\xFF') == std::string::npos);
  CHECK(said["2.1"] == "0");
  CHECK(said["2.2"] == "0");
}

TEST_CASE("the facts of a letter are its incident as it stands and the detail of the way it takes") {
  Site site;
  Channel nms;
  nms.name = "nms";
  nms.type = Channel::Type::snmp_trap;
  site.channels = {nms};
  Person kato;
  kato.name = "kato";
  ContactChannel way;
  way.address = "noc";
  way.detail = Detail::minimal;
  kato.channels = {way};
  site.people = {kato};
  Letter plain{samples::notification(), 3, samples::moment()};
  CHECK_FALSE(wants_facts(plain.notification, site));
  plain.notification.channel = "nms";
  plain.notification.address = "noc";
  CHECK(wants_facts(plain.notification, site));
  Picture picture;
  picture.incidents.resize(2);
  picture.incidents[1].number = 3;
  picture.incidents[1].state = IncidentState::restored;
  picture.incidents[1].now.diagnosis = samples::diagnosis();
  const Letter known = with_facts(plain, picture, site);
  REQUIRE(known.facts.has_value());
  CHECK(known.facts->state == IncidentState::restored);
  CHECK(known.facts->location.device == "sw-2f");
  CHECK(known.detail == Detail::minimal);
  site.people[0].channels[0].detail = Detail::full;
  CHECK(with_facts(plain, picture, site).detail == Detail::full);
  plain.incident = 4;
  CHECK_FALSE(with_facts(plain, picture, site).facts.has_value());
}
