#include "agent/snmp_notice.hpp"

#include <chrono>

#include "agent/mail_message.hpp"

namespace nethealth {
namespace {

/// nethealthMIB, below the enterprise number of RFC 5612.
const Oid nethealth_mib{1, 3, 6, 1, 4, 1, 32473, 1};

constexpr std::uint32_t message_branch = 1;
constexpr std::uint32_t incident_branch = 2;
constexpr std::int64_t true_value = 1;
constexpr std::int64_t false_value = 2;

/// nhMessageKind, and the last number of the notification.
std::uint32_t number_of(NotificationKind kind) {
  switch (kind) {
    case NotificationKind::page:
      return 1;
    case NotificationKind::escalation:
      return 2;
    case NotificationKind::reminder:
      return 3;
    case NotificationKind::report:
      return 4;
    case NotificationKind::request:
      return 5;
    case NotificationKind::revised:
      return 6;
    case NotificationKind::handover:
      return 7;
    case NotificationKind::recovery:
      return 8;
    case NotificationKind::closed:
      return 9;
    case NotificationKind::drill:
      return 10;
  }
  return 1;
}

std::int64_t number_of(IncidentState state) {
  switch (state) {
    case IncidentState::open:
      return 1;
    case IncidentState::restored:
      return 2;
    case IncidentState::closed:
      return 3;
    case IncidentState::merged:
      return 4;
  }
  return 0;
}

std::int64_t number_of(Category category) {
  switch (category) {
    case Category::hardware:
      return 1;
    case Category::software:
      return 2;
    case Category::network:
      return 3;
    case Category::undetermined:
      return 4;
    case Category::misconduct:
      return 5;
  }
  return 0;
}

/// One branch's objects, in the order of the MIB, as the instances .0 (RFC 2578, 7.10).
class Branch {
 public:
  Branch(std::vector<VarBind>& varbinds, std::uint32_t branch) : varbinds_(varbinds), branch_(branch) {}

  void add(std::string_view text) { put(SnmpValue::of(printable(text))); }
  void add(std::int64_t number) { put(SnmpValue::of(number)); }
  void add_unsigned(std::uint64_t number) { put(SnmpValue::of_unsigned(number)); }
  void add_truth(bool truth) { add(truth ? true_value : false_value); }
  void add_octets(std::string octets) { put(SnmpValue::of(std::move(octets))); }

 private:
  void put(SnmpValue value) {
    varbinds_.push_back({joined(nethealth_mib, {1, branch_, ++last_, 0}), std::move(value)});
  }

  std::vector<VarBind>& varbinds_;
  std::uint32_t branch_;
  std::uint32_t last_ = 0;
};

/// DateAndTime of RFC 2579: eleven octets, to the tenth of a second and with the offset from UTC.
std::string date_and_time(Time time, const Zone& zone) {
  const LocalTime local = zone.local(time);
  const std::chrono::hh_mm_ss clock(local.since_midnight);
  const std::chrono::hh_mm_ss offset(zone.offset(time));
  const int year = static_cast<int>(local.day.year());
  const auto octets = [](auto... parts) { return std::string{static_cast<char>(parts)...}; };
  return octets(year / 256, year % 256, static_cast<unsigned>(local.day.month()),
                static_cast<unsigned>(local.day.day()), clock.hours().count(), clock.minutes().count(),
                clock.seconds().count(), clock.subseconds().count() / 100, offset.is_negative() ? '-' : '+',
                offset.hours().count(), offset.minutes().count());
}

void add_message(const Letter& letter, DeliveryFlags flags, Language language,
                 std::vector<VarBind>& varbinds) {
  const Notification& told = letter.notification;
  const bool full = letter.detail == Detail::full;
  Branch message(varbinds, message_branch);
  message.add(told.id);
  message.add(static_cast<std::int64_t>(number_of(told.kind)));
  message.add(marked_subject(told.subject, flags.resend, flags.unjournaled, language));
  message.add_truth(flags.resend);
  message.add_truth(told.kind == NotificationKind::drill);
  message.add(word(told.role));
  message.add(full ? told.person : "");
  message.add(full ? told.address : "");
  message.add_unsigned(static_cast<std::uint64_t>(told.round));
}

void add_incident(const Letter& letter, const Zone& zone, std::vector<VarBind>& varbinds) {
  const bool known = letter.facts.has_value();
  const IncidentFacts facts = letter.facts.value_or(IncidentFacts{});
  const bool placed = known && letter.detail == Detail::full;
  const Location& location = facts.location;
  Branch incident(varbinds, incident_branch);
  incident.add_unsigned(known ? static_cast<std::uint64_t>(letter.incident) : 0);
  incident.add(known ? number_of(facts.state) : 0);
  incident.add(known ? (facts.procedure == ProcedureKind::failure ? std::int64_t{1} : 2) : 0);
  incident.add(known ? (facts.severity == Severity::stopped ? std::int64_t{1} : 2) : 0);
  incident.add(known ? number_of(facts.category) : 0);
  incident.add(known ? word(facts.cause) : "");
  incident.add(placed ? location.device : "");
  incident.add(placed ? location.peer : "");
  incident.add(placed ? (location.component.empty() ? location.port : location.component) : "");
  incident.add(placed ? location.room : "");
  incident.add_octets(date_and_time(facts.since, zone));
}

}  // namespace

SnmpNotice snmp_notice(const Letter& letter, DeliveryFlags flags, Milliseconds uptime, const Zone& zone,
                       Language language) {
  SnmpNotice notice;
  notice.trap = joined(nethealth_mib, {0, number_of(letter.notification.kind)});
  // TimeTicks begin anew after 497 days (RFC 2578, 7.1.8).
  notice.uptime_hundredths = static_cast<std::uint32_t>(uptime.count() / 10);
  add_message(letter, flags, language, notice.varbinds);
  add_incident(letter, zone, notice.varbinds);
  return notice;
}

}  // namespace nethealth
