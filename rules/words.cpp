// The contract's words for every enumeration of this folder, in one place, both ways.

#include <array>
#include <utility>

#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

namespace {

template <class E, std::size_t N>
using Words = std::array<std::pair<E, std::string_view>, N>;

constexpr Words<ProcedureKind, 2> procedures{
    {{ProcedureKind::failure, "failure"}, {ProcedureKind::misconduct, "misconduct"}}};
constexpr Words<Severity, 2> severities{{{Severity::stopped, "stopped"}, {Severity::at_risk, "at_risk"}}};
constexpr Words<Category, 5> categories{{{Category::hardware, "hardware"},
                                         {Category::software, "software"},
                                         {Category::network, "network"},
                                         {Category::undetermined, "undetermined"},
                                         {Category::misconduct, "misconduct"}}};
constexpr Words<Cause, 20> cause_words{{{Cause::device_power, "device_power"},
                                        {Cause::device_hardware, "device_hardware"},
                                        {Cause::device_hang, "device_hang"},
                                        {Cause::service, "service"},
                                        {Cause::agent, "agent"},
                                        {Cause::link, "link"},
                                        {Cause::switch_, "switch"},
                                        {Cause::hub, "hub"},
                                        {Cause::router, "router"},
                                        {Cause::power_feed, "power_feed"},
                                        {Cause::environment, "environment"},
                                        {Cause::monitor_uplink, "monitor_uplink"},
                                        {Cause::configuration, "configuration"},
                                        {Cause::loop, "loop"},
                                        {Cause::unknown, "unknown"},
                                        {Cause::misuse, "misuse"},
                                        {Cause::unauthorised_access, "unauthorised_access"},
                                        {Cause::malware, "malware"},
                                        {Cause::unknown_device, "unknown_device"},
                                        {Cause::other, "other"}}};
constexpr Words<NotificationKind, 10> kinds{{{NotificationKind::page, "page"},
                                             {NotificationKind::escalation, "escalation"},
                                             {NotificationKind::reminder, "reminder"},
                                             {NotificationKind::report, "report"},
                                             {NotificationKind::request, "request"},
                                             {NotificationKind::revised, "revised"},
                                             {NotificationKind::handover, "handover"},
                                             {NotificationKind::recovery, "recovery"},
                                             {NotificationKind::closed, "closed"},
                                             {NotificationKind::drill, "drill"}}};
constexpr Words<Failing, 3> failings{
    {{Failing::refused, "refused"}, {Failing::retrying, "retrying"}, {Failing::unknown, "unknown"}}};
constexpr Words<DeviceHealth, 7> healths{{{DeviceHealth::healthy, "healthy"},
                                          {DeviceHealth::fault, "fault"},
                                          {DeviceHealth::affected, "affected"},
                                          {DeviceHealth::suspect, "suspect"},
                                          {DeviceHealth::unknown, "unknown"},
                                          {DeviceHealth::off_hours, "off_hours"},
                                          {DeviceHealth::maintenance, "maintenance"}}};
constexpr Words<IncidentState, 4> states{{{IncidentState::open, "open"},
                                          {IncidentState::restored, "restored"},
                                          {IncidentState::closed, "closed"},
                                          {IncidentState::merged, "merged"}}};

template <class E, std::size_t N>
std::string_view to_word(const Words<E, N>& words, E value) {
  for (const auto& [known, text] : words)
    if (known == value) return text;
  return "";
}

template <class E, std::size_t N>
std::optional<E> from_word(const Words<E, N>& words, std::string_view text) {
  for (const auto& [known, spelled] : words)
    if (spelled == text) return known;
  return std::nullopt;
}

struct TypeWord {
  std::string_view operator()(const IncidentOpened&) const { return "incident.opened"; }
  std::string_view operator()(const IncidentUpdated&) const { return "incident.updated"; }
  std::string_view operator()(const IncidentMerged&) const { return "incident.merged"; }
  std::string_view operator()(const IncidentRestored&) const { return "incident.restored"; }
  std::string_view operator()(const IncidentStep&) const { return "incident.step"; }
  std::string_view operator()(const IncidentClosed&) const { return "incident.closed"; }
  std::string_view operator()(const NotificationQueued&) const { return "notification.queued"; }
  std::string_view operator()(const NotificationOutcome& outcome) const {
    switch (outcome.delivery) {
      case Delivery::sent:
        return "notification.sent";
      case Delivery::failed:
        return "notification.failed";
      case Delivery::acknowledged:
        return "notification.acknowledged";
    }
    return "";
  }
  std::string_view operator()(const SyslogQueued&) const { return "syslog.queued"; }
  std::string_view operator()(const SyslogOutcome& outcome) const {
    return outcome.sent ? "syslog.sent" : "syslog.failed";
  }
  std::string_view operator()(const ProbeWanted&) const { return "probe.wanted"; }
  std::string_view operator()(const SignSeen&) const { return "sign.seen"; }
  std::string_view operator()(const SilenceAdded&) const { return "silence.added"; }
  std::string_view operator()(const SilenceConfirmed&) const { return "silence.confirmed"; }
  std::string_view operator()(const SilenceEnded&) const { return "silence.ended"; }
  std::string_view operator()(const EvidenceKept&) const { return "incident.evidence"; }
  std::string_view operator()(const AuditRecord&) const { return "audit"; }
};

}  // namespace

std::string_view type_word(const Event& event) {
  return std::visit(TypeWord{}, event.what);
}

std::string_view word(ProcedureKind value) {
  return to_word(procedures, value);
}
std::string_view word(Severity value) {
  return to_word(severities, value);
}
std::string_view word(Category value) {
  return to_word(categories, value);
}
std::string_view word(Cause value) {
  return to_word(cause_words, value);
}
std::string_view word(NotificationKind value) {
  return to_word(kinds, value);
}
std::string_view word(Failing value) {
  return to_word(failings, value);
}
std::string_view word(DeviceHealth value) {
  return to_word(healths, value);
}
std::string_view word(StepState value) {
  constexpr std::array<std::string_view, 4> steps{"not_needed", "later", "due", "done"};
  return steps[static_cast<std::size_t>(value)];
}

std::string_view word(IncidentState value) {
  return to_word(states, value);
}

std::optional<ProcedureKind> procedure_kind(std::string_view text) {
  return from_word(procedures, text);
}
std::optional<Severity> severity(std::string_view text) {
  return from_word(severities, text);
}
std::optional<Category> category(std::string_view text) {
  return from_word(categories, text);
}
std::optional<Cause> cause(std::string_view text) {
  return from_word(cause_words, text);
}
std::optional<NotificationKind> notification_kind(std::string_view text) {
  return from_word(kinds, text);
}
std::optional<Failing> failing(std::string_view text) {
  return from_word(failings, text);
}

}  // namespace nethealth
