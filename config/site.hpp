#pragma once
// The whole validated configuration as values (design: contract, section Configuration). Everything that the
// file writes as a name is here resolved to an index into the vector it names; load() guarantees that every
// index is valid, every name unique, every required role filled and exactly one device the monitor.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/calendar.hpp"
#include "config/language.hpp"
#include "config/time.hpp"

namespace nethealth {

using DeviceIndex = std::uint32_t;
using PersonIndex = std::uint32_t;

/// Text that must never reach a log, an error message or a page. There is no way to print it by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

struct IcmpPolling {
  Milliseconds interval{10'000};
  Milliseconds timeout{1'000};
  int packets = 3;
};
struct SnmpPolling {
  Milliseconds interval{30'000};
  Milliseconds timeout{2'000};
  int retries = 1;
};
struct TcpPolling {
  Milliseconds interval{30'000};
  Milliseconds timeout{3'000};
};
struct HttpPolling {
  Milliseconds interval{30'000};
  Milliseconds timeout{5'000};
};
struct Polling {
  IcmpPolling icmp;
  SnmpPolling snmp;
  TcpPolling tcp;
  HttpPolling http;
};

enum class SnmpVersion : std::uint8_t { v1, v2c, v3 };
enum class AuthProtocol : std::uint8_t { none, md5, sha1, sha224, sha256, sha384, sha512 };
/// AES-192 and AES-256 exist in two incompatible key extensions: Blumenthal's, and Reeder's (suffix C,
/// Cisco).
enum class PrivacyProtocol : std::uint8_t { none, des, aes128, aes192, aes256, aes192c, aes256c };

struct Credential {
  std::string name;
  SnmpVersion version = SnmpVersion::v2c;
  Secret community;
  std::string user;
  AuthProtocol auth = AuthProtocol::none;
  Secret auth_passphrase;
  PrivacyProtocol privacy = PrivacyProtocol::none;
  Secret privacy_passphrase;
};

struct Room {
  std::string name;
  std::string label;  ///< what people call it; the name when the file gives none
};

enum class DeviceKind : std::uint8_t {
  monitor,
  cs_server,
  server,
  terminal,
  switch_,
  hub,
  router,
  firewall,
  ups,
  sensor,
  printer
};

struct Service {
  enum class Kind : std::uint8_t { tcp, http, dns, ntp, smtp, plugin };
  std::string name;
  Kind kind = Kind::tcp;
  std::uint16_t port = 0;     ///< of a tcp, dns, ntp or smtp service
  std::string url;            ///< of an http service
  std::optional<int> expect;  ///< the HTTP status wanted; without it, any below 400
  std::string body;           ///< text that an http answer has to hold; any when empty
  std::string ask;            ///< of a dns service: the name it has to know
  std::vector<std::string>
      answers;                 ///< of a dns service: addresses one of which it has to give; any when empty
  Milliseconds offset{1'000};  ///< of an ntp service: how far its clock may be from ours
  std::vector<std::string> command;     ///< of a plugin: the program's absolute path, and its arguments
  std::vector<std::size_t> depends_on;  ///< services of the same device

  /// By which kind of look it is asked: the words of `probe.wanted`.
  [[nodiscard]] std::string_view look() const {
    return kind == Kind::http ? "http" : kind == Kind::plugin ? "plugin" : "tcp";
  }
};

/// Where the file says it, for mistakes that only a moment shows. Line and column count from 1.
struct WrittenAt {
  std::string file;
  int line = 0;
  int column = 0;
};

/// Which lines of a log belong together as one entry. One of the patterns (RE2 syntax) is given, or none.
struct LogJoin {
  std::string starts;     ///< a line that it matches begins an entry; every other one goes on with it
  std::string continues;  ///< a line that it matches goes on with the entry before it
  WrittenAt written{};

  [[nodiscard]] bool any() const { return !starts.empty() || !continues.empty(); }
};

/// Where systemd keeps its journal, and which of its units count.
struct JournalSource {
  std::string folder;              ///< of journal files; this host's own journal when empty
  std::vector<std::string> units;  ///< all when empty
};

/// How a syslog listener proves itself (RFC 5425), and who may send to it.
struct SyslogSeal {
  std::string certificate;  ///< PEM files
  std::string key_file;
  std::string certificate_authority;  ///< of the senders' certificates; empty: they are not asked for one
  bool certificate_required = true;   ///< where they are asked: who has none is refused
  friend bool operator==(const SyslogSeal&, const SyslogSeal&) = default;
};

struct LogSource {
  std::string path;    ///< a glob is allowed; empty when the lines come by syslog or from the journal
  std::string syslog;  ///< "udp://ADDRESS:PORT", "tcp://..." or "tls://...": where the device's own messages
                       ///< are heard
  std::string encoding;  ///< "utf-8", "cp932", "euc-jp", "iso-2022-jp", "utf-16" ...; "auto" by default
  std::vector<std::string> rules;  ///< packs of log rules; all when empty
  /// Without a line for longer than this the source counts as silent. Without a value the time is learned
  /// from how the source writes, where `learns_silence`; else its silence is not watched.
  std::optional<Milliseconds> expect_within{};
  bool learns_silence = true;
  Milliseconds clock_within = std::chrono::minutes(5);  ///< its writer's clock may be so far from ours
  LogJoin join{};
  std::optional<JournalSource> journal{};
  SyslogSeal seal{};

  /// As people know it: the path, where it is heard, or "journal".
  [[nodiscard]] std::string name() const {
    if (journal) return journal->folder.empty() ? "journal" : "journal:" + journal->folder;
    return syslog.empty() ? path : syslog;
  }
};

struct Management {
  std::string address;
  std::optional<std::size_t> credential;
};

struct Device {
  std::string name;
  DeviceKind kind = DeviceKind::server;
  std::string label;                     ///< what people call it; the name when the file gives none
  std::vector<std::string> addresses;    ///< IPv4 or IPv6; empty: never polled
  std::optional<Management> management;  ///< the management controller (BMC)
  std::optional<std::size_t> room;
  std::vector<DeviceIndex> power;         ///< the feeds; it lives while one of them does
  std::vector<PersonIndex> contractor;    ///< who is called for this device
  std::optional<std::size_t> credential;  ///< polled by SNMP when set
  std::vector<Service> services;
  std::vector<LogSource> logs;
  std::optional<std::size_t> calendar;  ///< always on without one
  Polling polling;                      ///< the site's, overridden by the device's own
  bool page = true;

  [[nodiscard]] bool forwards() const {
    return kind == DeviceKind::switch_ || kind == DeviceKind::hub || kind == DeviceKind::router ||
           kind == DeviceKind::firewall;
  }
};

/// An undirected cable. A port is empty when the file does not name it.
struct Cable {
  DeviceIndex a = 0;
  DeviceIndex b = 0;
  std::string port_a;
  std::string port_b;
};

/// Planned work. Nothing is paged inside; what is still broken at its end is.
struct Maintenance {
  enum class Scope : std::uint8_t { device, room, all };
  Scope scope = Scope::all;
  DeviceIndex device = 0;
  std::size_t room = 0;
  Time from;
  Time until;
  std::string reason;
};

enum class RoleId : std::uint8_t {
  operations_sub_manager,
  operations_manager,
  deputy_chief,
  chief,
  mayor,
  council,
  system_staff,
  citizens_section,
  information_section,
  security_team,
  prefecture,
  organisation,
  contractor,
  municipalities,
  receiving_organisations
};
inline constexpr std::size_t role_count = 15;

/// Whose turn it is to stand first: one after the other, each for `every`, from `from` on; before it, the
/// first.
struct Rota {
  Time from;
  Milliseconds every{};
  std::vector<PersonIndex> people;
};

struct Role {
  std::string title;
  std::vector<PersonIndex> people;  ///< in order; the later are deputies
  std::optional<Rota> rota;         ///< who stands before all others for now
  WrittenAt written;
};

/// How much a message may say: `minimal` names no device, room, address or person, for private telephones.
enum class Detail : std::uint8_t { full, minimal };

struct ContactChannel {
  std::size_t channel = 0;  ///< into Site::channels
  std::string address;      ///< of the mail or the telephone
  Milliseconds answer_within{300'000};
  std::optional<std::size_t> calendar;  ///< used only while it is open
  Detail detail = Detail::full;
};

/// The person is away and passed over.
struct Absence {
  Time from;
  Time until;
  std::string reason;
};

struct Person {
  std::string name;
  std::string label;
  std::string login;
  std::string telephone;
  Secret password_hash;  ///< as `nethealth password` prints it
  Secret token;          ///< itself, or "sha256:" and its digest in hexadecimal
  std::vector<ContactChannel> channels;
  std::vector<Absence> absences;
  std::optional<std::size_t> calendar;  ///< called only while it is open
};

/// Where people's replies to a mail arrive, and what comes back because nobody takes it.
struct ReplyMailbox {
  std::string
      server;  ///< imaps://, pop3s://; imap:// and pop3:// encrypt by STARTTLS; one mailbox, one reader
  std::string address;  ///< the Reply-To; "{token}" in it is filled in for each message
  std::string user;
  Secret password;
  std::string folder = "INBOX";       ///< imap only
  std::string certificate_authority;  ///< a file of those trusted; the host's own when empty
  Milliseconds interval{30'000};
  /// A reply without the token counts when it comes from an address of the person that was called.
  bool known_senders = true;
};

/// What a gateway reports of a message, and the key that its reader pressed: which parts of its request say
/// so.
struct GatewayCallback {
  Secret secret;
  std::string token = "token";    ///< the part that carries {token}, unless the address ends with it
  std::string status = "status";  ///< the part that tells what became of the message
  std::vector<std::string> accepted;
  std::vector<std::string> failed;
  std::string key = "key";  ///< the part with the key that was pressed
  std::vector<std::string> take{"1"};
  std::vector<std::string> pass{"2"};
};

struct Channel {
  enum class Type : std::uint8_t { smtp, webhook, patlite, command, snmp_trap, alertmanager };
  /// smtp:// without credentials takes encryption when it is offered; `required` sends nothing in clear, and
  /// the server's certificate is verified.
  enum class Encryption : std::uint8_t { offered, required };
  std::string name;
  Type type = Type::smtp;
  std::vector<std::string> servers;  ///< smtp: tried in order
  std::string from;                  ///< smtp
  std::string url;                   ///< webhook, patlite, alertmanager; snmp_trap: udp://HOST:PORT
  std::string body;  ///< webhook: a template; {address} {subject} {text} {id} are filled in as JSON text
  std::string content_type = "application/json";
  std::vector<std::string> on;                  ///< patlite, alertmanager: severities that are shown
  Encryption encryption = Encryption::offered;  ///< smtp
  std::string user;                             ///< smtp: signs in when not empty
  Secret password;                              ///< smtp
  std::string charset = "utf-8";                ///< smtp: of the message; "iso-2022-jp" for old telephones
  Secret token;                                 ///< webhook, alertmanager: sent as "Authorization: Bearer"
  std::vector<std::string> command;             ///< command: the program and its arguments; no shell
  Detail detail = Detail::full;
  std::optional<DeviceIndex> through;       ///< the device whose fault cuts this channel off
  std::optional<ReplyMailbox> replies;      ///< smtp
  std::optional<GatewayCallback> callback;  ///< webhook
  std::size_t credential = 0;               ///< snmp_trap: into Site::credentials
  bool inform = true;                       ///< snmp_trap: the manager confirms each one; false: traps
  std::string engine_id;          ///< snmp_trap by SNMPv3 without inform: the octets of our snmpEngineID
  Milliseconds interval{60'000};  ///< alertmanager: what is open is told again so often
};

/// When the contact network is drilled without being asked: at `from`, and every `every` from then on; where
/// `calendar` is closed at that moment, when it opens next.
struct DrillPlan {
  Time from;
  Milliseconds every{};
  std::optional<std::size_t> calendar;
};

/// What holds for every message to people.
struct Paging {
  /// Somebody who answered and takes no step for so long has fallen asleep again; the chain goes on.
  Milliseconds answer_expires = std::chrono::minutes(90);
  /// One person gets at most so many messages in that time; what is more comes together, in one.
  int most_messages = 30;
  Milliseconds most_within = std::chrono::minutes(1);
  /// An incident that stops nothing waits until this calendar opens.
  std::optional<std::size_t> quiet_hours;
  /// How many people a silence needs: its owner, and with 2 somebody else who confirms it.
  int silence_people = 1;
  /// A message that nobody took over is tried for so long.
  Milliseconds give_up = std::chrono::hours(24 * 14);
  std::optional<DrillPlan> drills;
};

/// A sign of life to an outside place, which calls when it stays away.
struct Heartbeat {
  std::string url;
  Milliseconds interval = std::chrono::minutes(1);
};

enum class SyslogTransport : std::uint8_t { udp, tcp, tls };
enum class SyslogFormat : std::uint8_t { rfc5424, cef };
enum class SyslogFraming : std::uint8_t { octet_counting, newline };

struct SyslogTarget {
  std::string target;  ///< as written: "tcp://192.0.2.50:514"
  SyslogTransport transport = SyslogTransport::udp;
  std::string host;
  std::uint16_t port = 514;
  int facility = 20;  ///< RFC 5424 6.2.1; local4
  SyslogFraming framing = SyslogFraming::octet_counting;
  bool bom = false;
  SyslogFormat format = SyslogFormat::rfc5424;
  std::string certificate_authority;  ///< tls: a file of those trusted; the host's own when empty
  std::string certificate;            ///< tls: ours, for a server that asks (RFC 5425 4.2); empty for none
  std::string key_file;
  bool security = false, incidents = false, audit = false;  ///< which events it gets
};

/// Knowledge of warning lamps beside or instead of what ships (probes/packs).
struct SensorPackChoice {
  /// Text and where it was written, for a mistake that shows later.
  struct Placed {
    std::string text;
    std::string file;
    int line = 0;
    int column = 0;
  };
  std::vector<Placed> files;    ///< globs of the site's own packs
  std::vector<Placed> without;  ///< shipped packs left out, by name
};

/// Where traps are heard: "ADDRESS:PORT" each. None: they are not.
struct TrapHearing {
  std::vector<std::string> listen{"0.0.0.0:162", "[::]:162"};
};

/// The flight recorder: observations kept in files, so that an outage can be replayed.
struct RecorderPlan {
  std::string folder;  ///< "recorder" beside the store unless written
  Milliseconds keep{std::chrono::days(3)};
  int limit_mb = 1'000;  ///< 10^6 bytes of compressed files; the oldest go first
};

/// A task of the counter, what it needs, and what to do instead while that does not work (代替措置).
struct CounterTask {
  std::string task;
  std::vector<DeviceIndex> needs;  ///< any CS server when empty
  std::string instead;
};

/// A row of the annex table (plan, section 9): kinds of event and the emergency measures they ask for.
struct AnnexRow {
  std::vector<std::string> events;  ///< causes or categories of a diagnosis
  std::vector<std::string> measures;
};

/// The pages and the API. Without a certificate it is plain HTTP, on a loopback address only.
struct HttpServer {
  std::string host;  ///< an address
  std::uint16_t port = 0;
  std::string certificate;  ///< PEM files; both empty for plain HTTP
  std::string key_file;
  std::string public_url;
  friend bool operator==(const HttpServer&, const HttpServer&) = default;
};

struct Site {
  std::string name;
  Language language = Language::ja;
  std::string timezone = "Asia/Tokyo";
  Zone zone;
  std::string store_path;  ///< of sqlite:PATH; ":memory:" is allowed
  std::optional<HttpServer> http;
  Polling polling;
  std::vector<Calendar> calendars;
  std::vector<Credential> credentials;
  std::vector<Room> rooms;
  std::vector<Device> devices;
  std::vector<Cable> cables;
  std::vector<Maintenance> maintenance;
  std::array<Role, role_count> roles;
  std::vector<Person> people;
  std::vector<Channel> channels;
  std::vector<SyslogTarget> syslog;
  SensorPackChoice sensor_packs;
  TrapHearing traps;
  std::optional<RecorderPlan> recorder;
  Paging paging;
  std::optional<Heartbeat> heartbeat;
  DeviceIndex monitor = 0;
  std::vector<std::string> procedure_files;    ///< that replace the shipped procedures
  std::optional<std::size_t> office_calendar;  ///< the hours in which deadlines of office work run
  std::vector<CounterTask> tasks;
  std::vector<AnnexRow> annex;

  [[nodiscard]] const Role& role(RoleId id) const { return roles[static_cast<std::size_t>(id)]; }
  [[nodiscard]] std::optional<DeviceIndex> device(std::string_view device_name) const;
  [[nodiscard]] std::optional<PersonIndex> person(std::string_view person_name) const;
};

/// The words of the contract for each enumeration, both ways; empty when unknown.
std::string_view word(DeviceKind kind);
std::string_view word(RoleId role);
std::optional<DeviceKind> device_kind(std::string_view word);
std::optional<RoleId> role_id(std::string_view word);

}  // namespace nethealth
