// What decides whose turn it is, who is away, and the limits that hold for every message.

#include <algorithm>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_turn{3'600'000};
constexpr Milliseconds longest_turn{86'400'000LL * 366};
constexpr Milliseconds shortest_expiry{60'000};
constexpr Milliseconds longest_expiry{86'400'000};
constexpr Milliseconds longest_trying{86'400'000LL * 60};
constexpr Milliseconds shortest_drill_gap{86'400'000};
constexpr Milliseconds shortest_beat{1'000};
constexpr int most_messages_at_once = 1'000;

void load_per_person(Loading& load, const Node& node) {
  Reader& read = load.read;
  Paging& paging = load.site.paging;
  if (!read.map(node, "per_person", keys::per_person)) return;
  if (const Node* messages = read.require(node, "messages"))
    set(paging.most_messages, read.integer(*messages, "messages", 1, most_messages_at_once));
  if (const Node* within = read.require(node, "within"))
    set(paging.most_within, read.duration(*within, "within", Milliseconds{1'000}, longest_expiry));
}

void load_drills(Loading& load, const Node& node) {
  Reader& read = load.read;
  if (!read.map(node, "drills", keys::drills)) return;
  DrillPlan plan;
  const auto from = load_moment(load, node, "from");
  const Node* every = read.require(node, "every");
  const auto gap =
      every == nullptr ? std::nullopt : read.duration(*every, "every", shortest_drill_gap, longest_turn);
  if (const Node* calendar = node.find("calendar"))
    plan.calendar = load.calendars.find(read, *calendar, "calendar");
  if (!from || !gap) return;
  plan.from = *from;
  plan.every = *gap;
  load.site.paging.drills = plan;
}

void load_heartbeat(Loading& load, const Node& node) {
  Reader& read = load.read;
  if (!read.map(node, "heartbeat", keys::heartbeat)) return;
  Heartbeat heartbeat;
  if (const Node* url = read.require(node, "url")) {
    const auto text = read.text(*url, "url");
    const auto parts = text ? split_url(*text) : std::nullopt;
    if (text && (!parts || (parts->scheme != "https" && parts->scheme != "http"))) {
      read.unexpected(*url, "url",
                      {"http:// か https:// で始まる URL を書いてください",
                       "a URL that starts with http:// or https://"});
    }
    set(heartbeat.url, text);
  }
  if (const Node* interval = node.find("interval"))
    set(heartbeat.interval, read.duration(*interval, "interval", shortest_beat, longest_expiry));
  load.site.heartbeat = std::move(heartbeat);
}

}  // namespace

void load_rota(Loading& load, const Node& node, Role& role) {
  Reader& read = load.read;
  if (!read.map(node, "rota", keys::rota)) return;
  Rota rota;
  const auto from = load_moment(load, node, "from");
  set(rota.from, from);
  const Node* every = read.require(node, "every");
  const auto turn =
      every == nullptr ? std::nullopt : read.duration(*every, "every", shortest_turn, longest_turn);
  set(rota.every, turn);
  if (const Node* people = read.require(node, "people")) {
    for (const Node* item : read.one_or_more(*people, "people")) {
      const auto found = load.people.find(read, *item, "people");
      if (!found) continue;
      rota.people.push_back(static_cast<PersonIndex>(*found));
      if (!load.site.people[*found].channels.empty()) continue;
      read.report(
          *item,
          {"people: {0} には通知の経路がありません。people の channels に少なくとも一つ書いてください",
           "people: found {0} without channels, expected at least one because a rota is paged"},
          {quote(item->value, read.language())});
    }
  }
  if (from && turn && !rota.people.empty()) role.rota = std::move(rota);
}

void load_absences(Loading& load, const Node& list, Person& person) {
  Reader& read = load.read;
  for (const Node* item : read.list(list, "absences")) {
    if (!read.map(*item, "absences", keys::absence)) continue;
    Absence absence;
    const auto from = load_moment(load, *item, "from");
    const auto until = load_moment(load, *item, "until");
    if (from && until && *from >= *until) {
      read.unexpected(*item->find("until"), "until",
                      {"from より後の時刻を書いてください", "a time after from"});
    }
    set(absence.from, from);
    set(absence.until, until);
    if (const Node* reason = item->find("reason")) set(absence.reason, read.text(*reason, "reason"));
    person.absences.push_back(std::move(absence));
  }
}

void load_paging(Loading& load) {
  Reader& read = load.read;
  Paging& paging = load.site.paging;
  if (const Node* heartbeat = load.root.find("heartbeat")) load_heartbeat(load, *heartbeat);
  const Node* node = load.root.find("paging");
  if (node == nullptr || !read.map(*node, "paging", keys::paging)) return;
  if (const Node* expires = node->find("answer_expires"))
    set(paging.answer_expires, read.duration(*expires, "answer_expires", shortest_expiry, longest_expiry));
  if (const Node* per_person = node->find("per_person")) load_per_person(load, *per_person);
  if (const Node* quiet = node->find("quiet_outside"))
    paging.quiet_hours = load.calendars.find(read, *quiet, "quiet_outside");
  if (const Node* people = node->find("silence_people"))
    set(paging.silence_people, read.integer(*people, "silence_people", 1, 2));
  if (const Node* drills = node->find("drills")) load_drills(load, *drills);
  if (const Node* give_up = node->find("give_up"))
    set(paging.give_up, read.duration(*give_up, "give_up", Milliseconds{60'000}, longest_trying));
}

}  // namespace nethealth
