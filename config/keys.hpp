#pragma once
// Every key that the configuration knows, in one place: the loader refuses all others, and a test holds the
// list and schema/nethealth.schema.json together.

#include <string_view>
#include <vector>

namespace nethealth {

/// The keys of one kind of map. `name` is its definition in the schema; the root's is "top".
struct KeySet {
  std::string_view name;
  std::vector<std::string_view> keys;
};

namespace keys {

inline const KeySet top{"top", {"site",      "include",     "store",      "http",    "polling",
                                "calendars", "credentials", "rooms",      "devices", "maintenance",
                                "roles",     "people",      "channels",   "syslog",  "sensor_packs",
                                "traps",     "recorder",    "procedures", "tasks",   "emergency_measures",
                                "paging",    "heartbeat"}};
inline const KeySet site{"site", {"name", "language", "timezone"}};
inline const KeySet http_server{"http_server", {"listen", "certificate", "key_file", "public_url"}};
inline const KeySet polling{"polling", {"icmp", "snmp", "tcp", "http"}};
inline const KeySet icmp_polling{"icmp_polling", {"interval", "timeout", "packets"}};
inline const KeySet snmp_polling{"snmp_polling", {"interval", "timeout", "retries"}};
inline const KeySet tcp_polling{"tcp_polling", {"interval", "timeout"}};
inline const KeySet http_polling{"http_polling", {"interval", "timeout"}};
inline const KeySet calendar{"calendar", {"name", "hours", "holidays"}};
inline const KeySet credential_community{"credential_community", {"name", "version", "community_file"}};
inline const KeySet credential_user{"credential_user", {"name", "version", "user", "auth", "privacy"}};
inline const KeySet auth{"auth", {"protocol", "passphrase_file"}};
inline const KeySet privacy{"privacy", {"protocol", "passphrase_file"}};
inline const KeySet room{"room", {"name", "label"}};
inline const KeySet device{"device",
                           {"name", "kind", "label", "address", "management", "room", "power", "contractor",
                            "connected_to", "snmp", "services", "logs", "calendar", "polling", "page"}};
inline const KeySet cable{"cable", {"to", "port"}};
inline const KeySet management{"management", {"address", "snmp"}};
inline const KeySet tcp_service{"tcp_service", {"name", "tcp", "depends_on"}};
inline const KeySet http_service{"http_service", {"name", "http", "expect", "body", "depends_on"}};
inline const KeySet dns_service{"dns_service", {"name", "dns", "depends_on"}};
inline const KeySet dns_question{"dns_question", {"name", "expect", "port"}};
inline const KeySet ntp_service{"ntp_service", {"name", "ntp", "depends_on"}};
inline const KeySet ntp_limits{"ntp_limits", {"offset", "port"}};
inline const KeySet smtp_service{"smtp_service", {"name", "smtp", "depends_on"}};
inline const KeySet plugin_service{"plugin_service", {"name", "plugin", "depends_on"}};
inline const KeySet log{"log", {"path", "encoding", "rules", "expect_within", "clock_within", "join"}};
inline const KeySet log_join{"log_join", {"starts", "continues"}};
inline const KeySet syslog_log{
    "syslog_log",
    {"syslog", "encoding", "rules", "expect_within", "clock_within", "certificate", "key_file", "clients"}};
inline const KeySet syslog_clients{"syslog_clients", {"certificate_authority", "required"}};
inline const KeySet journal_log{"journal_log",
                                {"journal", "units", "rules", "expect_within", "clock_within"}};
inline const KeySet maintenance{"maintenance", {"device", "room", "all", "from", "until", "reason"}};
inline const KeySet role{"role", {"role", "title", "people", "rota"}};
inline const KeySet rota{"rota", {"from", "every", "people"}};
inline const KeySet absence{"absence", {"from", "until", "reason"}};
inline const KeySet person{"person",
                           {"name", "label", "login", "telephone", "password_file", "token_file", "channels",
                            "absences", "calendar"}};
inline const KeySet mail_contact{"mail_contact", {"mail", "via", "answer_within", "calendar", "detail"}};
inline const KeySet sms_contact{"sms_contact", {"sms", "via", "answer_within", "calendar", "detail"}};
inline const KeySet webhook_contact{"webhook_contact",
                                    {"webhook", "via", "answer_within", "calendar", "detail"}};
inline const KeySet command_contact{"command_contact",
                                    {"command", "via", "answer_within", "calendar", "detail"}};
inline const KeySet snmp_trap_contact{"snmp_trap_contact",
                                      {"snmp_trap", "via", "answer_within", "calendar", "detail"}};
inline const KeySet smtp_channel{"smtp_channel",
                                 {"name", "type", "server", "from", "encryption", "user", "password_file",
                                  "charset", "detail", "through", "replies"}};
inline const KeySet replies{"replies",
                            {"server", "address", "user", "password_file", "folder", "certificate_authority",
                             "interval", "known_senders"}};
inline const KeySet webhook_channel{
    "webhook_channel",
    {"name", "type", "url", "body", "content_type", "token_file", "detail", "through", "callback"}};
inline const KeySet callback{"callback",
                             {"secret_file", "token", "status", "accepted", "failed", "key", "take", "pass"}};
inline const KeySet command_channel{"command_channel", {"name", "type", "command", "detail"}};
inline const KeySet patlite_channel{"patlite_channel", {"name", "type", "url", "on"}};
inline const KeySet snmp_trap_channel{
    "snmp_trap_channel", {"name", "type", "server", "snmp", "inform", "engine_id", "detail", "through"}};
inline const KeySet alertmanager_channel{"alertmanager_channel",
                                         {"name", "type", "url", "on", "interval", "token_file", "detail"}};
inline const KeySet traps{"traps", {"listen"}};
inline const KeySet recorder{"recorder", {"folder", "keep", "limit_mb"}};
inline const KeySet sensor_packs{"sensor_packs", {"files", "without"}};
inline const KeySet syslog{"syslog",
                           {"target", "format", "facility", "events", "framing", "bom",
                            "certificate_authority", "certificate", "key_file"}};
inline const KeySet paging{
    "paging", {"answer_expires", "per_person", "quiet_outside", "silence_people", "give_up", "drills"}};
inline const KeySet drills{"drills", {"from", "every", "calendar"}};
inline const KeySet per_person{"per_person", {"messages", "within"}};
inline const KeySet heartbeat{"heartbeat", {"url", "interval"}};

inline const KeySet procedures{"procedures", {"files", "calendar"}};
inline const KeySet task{"task", {"task", "needs", "instead"}};
inline const KeySet emergency_measure{"emergency_measure", {"events", "measures"}};

}  // namespace keys

/// All of them, for the test against the schema.
inline std::vector<const KeySet*> all_key_sets() {
  return {&keys::top,
          &keys::site,
          &keys::http_server,
          &keys::polling,
          &keys::icmp_polling,
          &keys::snmp_polling,
          &keys::tcp_polling,
          &keys::http_polling,
          &keys::calendar,
          &keys::credential_community,
          &keys::credential_user,
          &keys::auth,
          &keys::privacy,
          &keys::room,
          &keys::device,
          &keys::cable,
          &keys::management,
          &keys::tcp_service,
          &keys::http_service,
          &keys::dns_service,
          &keys::dns_question,
          &keys::ntp_service,
          &keys::ntp_limits,
          &keys::smtp_service,
          &keys::plugin_service,
          &keys::log,
          &keys::log_join,
          &keys::syslog_log,
          &keys::syslog_clients,
          &keys::journal_log,
          &keys::maintenance,
          &keys::role,
          &keys::person,
          &keys::mail_contact,
          &keys::sms_contact,
          &keys::webhook_contact,
          &keys::smtp_channel,
          &keys::replies,
          &keys::webhook_channel,
          &keys::callback,
          &keys::patlite_channel,
          &keys::syslog,
          &keys::sensor_packs,
          &keys::traps,
          &keys::recorder,
          &keys::procedures,
          &keys::task,
          &keys::emergency_measure,
          &keys::rota,
          &keys::absence,
          &keys::command_contact,
          &keys::command_channel,
          &keys::snmp_trap_contact,
          &keys::snmp_trap_channel,
          &keys::alertmanager_channel,
          &keys::paging,
          &keys::drills,
          &keys::per_person,
          &keys::heartbeat};
}

}  // namespace nethealth
