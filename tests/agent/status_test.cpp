// What `nethealth status` says of messages that did not arrive.

#include "agent/report_status.hpp"

#include <doctest/doctest.h>

#include "tests/agent/sample_events.hpp"

using namespace nethealth;

namespace {

NotificationPicture told(const std::string& id, const std::string& person, const std::string& channel,
                         const std::string& failure) {
  NotificationPicture picture;
  picture.notification = samples::notification(id);
  picture.notification.person = person;
  picture.notification.channel = channel;
  picture.queued = samples::moment();
  picture.failure = failure;
  picture.failing = Failing::unknown;
  if (failure.empty()) picture.sent = samples::moment();
  return picture;
}

std::string status_of(const std::vector<NotificationPicture>& notifications) {
  Picture picture;
  IncidentPicture& incident = picture.incidents.emplace_back();
  incident.number = 1;
  incident.state = IncidentState::open;
  incident.notifications = notifications;
  return status_report(picture, Site{}, samples::moment(), {Language::en, false}).out;
}

}  // namespace

TEST_CASE("status names each message that did not arrive and how that stands") {
  const std::string text = status_of({told("1-1", "sato", "mail", "timed out")});
  CHECK(text.find("not delivered: 1-1 sato (mail) unknown: timed out\n") != std::string::npos);
}

TEST_CASE("what reached its reader by another channel is not shown as lost") {
  const NotificationPicture lost = told("1-1", "sato", "mail", "timed out");
  CHECK(status_of({lost, told("1-2", "sato", "sms", "")}).find("not delivered") == std::string::npos);
  CHECK(status_of({lost, told("1-2", "suzuki", "sms", "")}).find("not delivered: 1-1") != std::string::npos);
  CHECK(status_of({lost, told("1-2", "sato", "sms", "refused")}).find("not delivered: 1-2") !=
        std::string::npos);
}
