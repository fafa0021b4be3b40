#include "agent/people_login.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "agent/digest.hpp"
#include "agent/password_hash.hpp"

namespace nethealth {
namespace {

constexpr std::size_t random_bytes = 32;
constexpr std::string_view digest_mark = "sha256:";

/// A guesser has a whole IPv6 network of addresses: its first four groups count.
std::string origin(const std::string& address) {
  if (address.find('.') != std::string::npos) return address;
  std::size_t at = 0;
  for (int groups = 0; groups < 4 && at != std::string::npos; ++groups) at = address.find(':', at + 1);
  return at == std::string::npos ? address : address.substr(0, at);
}

}  // namespace

PeopleLogin::PeopleLogin(boost::asio::io_context& io, LoginLimits limits) : io_(io), limits_(limits) {}

PeopleLogin::~PeopleLogin() {
  *alive_ = false;
  pool_.join();
}

void PeopleLogin::count(Counts& counts, const std::string& key, Time now) const {
  Failures& failures = counts[key];
  if (failures.count == 0 || now - failures.first > limits_.failures_within) failures = {0, now};
  ++failures.count;
  if (counts.size() <= limits_.addresses_remembered) return;
  counts.erase(std::ranges::min_element(counts, {}, [](const auto& entry) { return entry.second.first; }));
}

bool PeopleLogin::over(Counts& counts, const std::string& key, std::size_t most, Time now) const {
  const auto found = counts.find(key);
  if (found == counts.end()) return false;
  if (now - found->second.first > limits_.failures_within) {
    counts.erase(found);
    return false;
  }
  return found->second.count >= most;
}

void PeopleLogin::failed(const std::string& address, Time now) {
  count(by_address_, origin(address), now);
}

bool PeopleLogin::must_wait(const std::string& address, Time now) {
  return over(by_address_, origin(address), limits_.failures_of_one_address, now);
}

void PeopleLogin::by_password(const Site& site, const std::string& person, const std::string& password,
                              const std::string& address, Time now, Done done) {
  if (must_wait(address, now) || over(by_person_, person, limits_.failures_for_one_person, now))
    return done(std::nullopt, Refusal::too_many);
  if (waiting_ >= limits_.passwords_waiting) return done(std::nullopt, Refusal::busy);
  ++waiting_;
  const auto index = site.person(person);
  const std::string hash = index ? site.people[*index].password_hash.reveal() : std::string();
  boost::asio::post(pool_, [this, alive = alive_, person, password, address, now, hash,
                            done = std::move(done), guard = boost::asio::make_work_guard(io_)] {
    if (nobodys_hash_.empty()) nobodys_hash_ = password_hash(random_hex(random_bytes));
    const bool sound = !hash.empty() && password.size() <= longest_password_bytes;
    const bool fits = password_fits(sound ? hash : nobodys_hash_, password) && sound;
    boost::asio::post(io_, [this, alive, person, address, now, hash, fits, done] {
      if (!*alive) return;
      --waiting_;
      settled(person, fits, address, now, hash, done);
    });
  });
}

void PeopleLogin::settled(const std::string& person, bool fits, const std::string& address, Time now,
                          const std::string& hash, const Done& done) {
  if (fits) return done(open(person, hash, now), Refusal::wrong);
  failed(address, now);
  count(by_person_, person, now);
  done(std::nullopt, Refusal::wrong);
}

PeopleLogin::Opened PeopleLogin::open(const std::string& person, const std::string& hash, Time now) {
  std::erase_if(sessions_, [&](const auto& entry) {
    return now - entry.second.used > limits_.session_idle ||
           now - entry.second.opened > limits_.session_lasts;
  });
  if (sessions_.size() >= limits_.sessions)
    sessions_.erase(
        std::ranges::min_element(sessions_, {}, [](const auto& entry) { return entry.second.used; }));
  Opened opened{random_hex(random_bytes), {person, random_hex(random_bytes), hash, now, now}};
  sessions_[sha256_text(opened.cookie)] = opened.session;
  return opened;
}

std::optional<std::string> PeopleLogin::by_token(const Site& site, std::string_view token) const {
  std::optional<std::string> found;
  const std::string digest = sha256_text(token);
  for (const Person& person : site.people) {
    const std::string& known = person.token.reveal();
    if (known.empty()) continue;
    const bool is_digest = known.starts_with(digest_mark);
    const std::string wanted = is_digest ? known.substr(digest_mark.size()) : sha256_text(known);
    if (same_secret(wanted, digest)) found = person.name;
  }
  return found;
}

const WebSession* PeopleLogin::by_cookie(const Site& site, const std::string& cookie, Time now) {
  const auto found = sessions_.find(sha256_text(cookie));
  if (found == sessions_.end()) return nullptr;
  WebSession& session = found->second;
  const auto person = site.person(session.person);
  const bool valid = person && site.people[*person].password_hash.reveal() == session.password &&
                     now - session.used <= limits_.session_idle &&
                     now - session.opened <= limits_.session_lasts;
  if (!valid) {
    sessions_.erase(found);
    return nullptr;
  }
  session.used = now;
  return &session;
}

void PeopleLogin::end(const std::string& cookie) {
  sessions_.erase(sha256_text(cookie));
}

}  // namespace nethealth
