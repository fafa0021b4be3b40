#pragma once
// The words that the configuration uses for fixed sets of values, each list in one place.

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "config/site.hpp"

namespace nethealth {

template <class T>
using WordList = std::span<const std::pair<std::string_view, T>>;

WordList<DeviceKind> device_kind_words();
WordList<RoleId> role_words();
WordList<Language> language_words();
WordList<SnmpVersion> snmp_version_words();
WordList<AuthProtocol> auth_protocol_words();
WordList<PrivacyProtocol> privacy_protocol_words();
WordList<Channel::Type> channel_type_words();
WordList<Detail> detail_words();
WordList<SyslogFraming> syslog_framing_words();

/// RFC 5424 6.2.1: the facility's word and its number.
WordList<int> syslog_facility_words();

/// Monday first, as std::chrono counts weekdays (Sunday 0).
WordList<unsigned> weekday_words();

/// Roles that may be left out.
bool is_optional_role(RoleId role);

/// Roles that are called one after the other until someone answers; each of their people needs a channel.
bool is_in_chain(RoleId role);

}  // namespace nethealth
