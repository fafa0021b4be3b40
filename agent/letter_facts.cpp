#include "agent/letter_facts.hpp"

#include <algorithm>

namespace nethealth {
namespace {

const Channel* channel_of(const Notification& notification, const Site& site) {
  const auto found = std::ranges::find(site.channels, notification.channel, &Channel::name);
  return found == site.channels.end() ? nullptr : &*found;
}

/// Of the way that the message takes. Where the person has no such way any more, nothing is given away.
Detail detail_of(const Notification& notification, const Site& site) {
  const auto person = site.person(notification.person);
  if (!person) return Detail::minimal;
  for (const ContactChannel& way : site.people[*person].channels)
    if (site.channels[way.channel].name == notification.channel && way.address == notification.address)
      return way.detail;
  return Detail::minimal;
}

}  // namespace

bool wants_facts(const Notification& notification, const Site& site) {
  const Channel* channel = channel_of(notification, site);
  return channel != nullptr && channel->type == Channel::Type::snmp_trap;
}

Letter with_facts(Letter letter, const Picture& picture, const Site& site) {
  letter.detail = detail_of(letter.notification, site);
  const auto found = std::ranges::find(picture.incidents, letter.incident, &IncidentPicture::number);
  if (found == picture.incidents.end()) return letter;
  const IncidentOpened& now = found->now;
  letter.facts =
      IncidentFacts{found->state,        now.procedure,          now.severity, now.diagnosis.category,
                    now.diagnosis.cause, now.diagnosis.location, found->opened};
  return letter;
}

}  // namespace nethealth
