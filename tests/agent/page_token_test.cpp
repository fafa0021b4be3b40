#include "agent/page_token.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "agent/url_below.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;

namespace {

Picture picture_of(const std::string& id, const std::string& person) {
  Picture picture;
  IncidentPicture& incident = picture.incidents.emplace_back();
  incident.number = 4;
  Notification page = samples::notification(id);
  page.person = person;
  incident.notifications.push_back({page, samples::moment(), {}, {}, "", ""});
  return picture;
}

}  // namespace

TEST_CASE("a token answers one page as its reader and the key outlives the process") {
  const TemporaryFolder folder;
  const std::string token = PageTokens(folder.file("key")).token("4-1");
  const PageTokens tokens(folder.file("key"));
  CHECK(tokens.token("4-1") == token);
  CHECK(token.size() == 19);
  struct stat status {};
  REQUIRE(::stat(folder.file("key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  const auto found = tokens.find(picture_of("4-1", "sato"), token, samples::moment());
  REQUIRE(found.has_value());
  CHECK(found->incident == 4);
  CHECK(found->person == "sato");
  std::string typed = token;
  std::transform(typed.begin(), typed.end(), typed.begin(), [](unsigned char c) { return std::tolower(c); });
  std::erase(typed, '-');
  CHECK(tokens.find(picture_of("4-1", "sato"), typed, samples::moment()).has_value());
}

TEST_CASE("a token is of no use once used or too old or when the incident is over") {
  const TemporaryFolder folder;
  const PageTokens tokens(folder.file("key"));
  const std::string token = tokens.token("4-1");
  const Time now = samples::moment();
  Picture picture = picture_of("4-1", "sato");
  CHECK_FALSE(tokens.find(picture, token, now + page_token_lasts + Milliseconds(1)).has_value());
  CHECK_FALSE(tokens.find(picture_of("4-2", "sato"), token, now).has_value());
  CHECK_FALSE(tokens.find(picture, "", now).has_value());
  CHECK_FALSE(tokens.find(picture, std::string(1'000'000, 'A'), now).has_value());
  picture.incidents[0].notifications[0].acknowledged = now;
  CHECK_FALSE(tokens.find(picture, token, now).has_value());
  picture = picture_of("4-1", "sato");
  picture.incidents[0].state = IncidentState::closed;
  CHECK_FALSE(tokens.find(picture, token, now).has_value());
}

TEST_CASE("a token of a summons answers the summons and takes nothing over") {
  const TemporaryFolder folder;
  const PageTokens tokens(folder.file("key"));
  Picture picture = picture_of("4-2", "ito");
  picture.incidents[0].notifications[0].notification.kind = NotificationKind::request;
  const auto found = tokens.find(picture, tokens.token("4-2"), samples::moment());
  REQUIRE(found.has_value());
  const Act act = answer_act(*found, true, "by link");
  const auto* acknowledge = std::get_if<Acknowledge>(&act);
  REQUIRE(acknowledge != nullptr);
  CHECK(acknowledge->notification == "4-2");
  picture.incidents[0].notifications[0].notification.answer_by.reset();
  CHECK_FALSE(tokens.find(picture, tokens.token("4-2"), samples::moment()).has_value());
}

TEST_CASE("a token with which a page was passed on is used up and a later page has its own") {
  const TemporaryFolder folder;
  const PageTokens tokens(folder.file("key"));
  const Time now = samples::moment(10'000);
  Picture picture = picture_of("4-1", "sato");
  CHECK_FALSE(tokens.find_message(picture, tokens.token("4-1"), now)->passed_on);
  StepRecord passed;
  passed.what.person = "sato";
  passed.what.decision = "passed";
  passed.entered = samples::moment(5'000);
  picture.incidents[0].records = {passed};
  CHECK_FALSE(tokens.find(picture, tokens.token("4-1"), now).has_value());
  CHECK(tokens.find_message(picture, tokens.token("4-1"), now)->passed_on);
  NotificationPicture again = picture.incidents[0].notifications[0];
  again.notification.id = "4-2";
  again.queued = samples::moment(6'000);
  picture.incidents[0].notifications.push_back(again);
  CHECK(tokens.find(picture, tokens.token("4-2"), now).has_value());
  picture.incidents[0].records[0].what.person = "kato";
  CHECK(tokens.find(picture, tokens.token("4-1"), now).has_value());
}

TEST_CASE("tokens of many pages differ and another installation makes others") {
  const TemporaryFolder folder;
  const PageTokens here(folder.file("key"));
  const PageTokens there(folder.file("other"));
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    seen.insert(here.token("1-" + std::to_string(i)));
    seen.insert(there.token("1-" + std::to_string(i)));
  }
  CHECK(seen.size() == 2'000);
}

TEST_CASE("what is below an address needs no slash at its end and is nowhere without an address") {
  CHECK(url_below("https://city.example", "/answer/X") == "https://city.example/answer/X");
  CHECK(url_below("https://city.example//", "/answer/X") == "https://city.example/answer/X");
  CHECK(url_below("", "/answer/X").empty());
  CHECK(url_below("/", "/answer/X").empty());
  CHECK(public_url(Site{}, "/answer/X").empty());
}

TEST_CASE("only a message that waits for an answer carries a token before its signature") {
  const TemporaryFolder folder;
  const PageTokens tokens(folder.file("key"));
  Letter letter{samples::notification("4-1"), 4, samples::moment()};
  letter.notification.body = "text\n\n-- \ncity\n";
  Site site;
  site.language = Language::en;
  const Letter page = with_token(letter, tokens, site);
  CHECK(page.notification.body ==
        "text\n\nAnswer token (once, for 24 hours): " + page.token + "\n-- \ncity\n");
  site.http = HttpServer{"127.0.0.1", 8443, "", "", "https://nethealth.city.example/"};
  CHECK(with_token(letter, tokens, site).notification.body ==
        "text\n\nAnswer token (once, for 24 hours): " + page.token +
            "\nAnswer: https://nethealth.city.example/answer/" + page.token + "\n-- \ncity\n");
  letter.notification.kind = NotificationKind::request;  // a summons
  CHECK(with_token(letter, tokens, site).token == page.token);
  letter.notification.kind = NotificationKind::recovery;
  letter.notification.answer_by.reset();
  CHECK(with_token(letter, tokens, site).notification.body == letter.notification.body);
  CHECK(with_token(letter, tokens, site).token.empty());
}
