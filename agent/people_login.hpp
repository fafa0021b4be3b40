#pragma once
// Who somebody is over HTTP: a token with each request, or a password once and a session after it. Guessing
// is slow and gets slower; passwords are checked one at a time in a thread of their own. Sessions live in
// memory.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/site.hpp"
#include "config/time.hpp"

namespace nethealth {

struct LoginLimits {
  std::size_t failures_of_one_address = 10;  ///< in `failures_within`; then it must wait
  std::size_t failures_for_one_person =
      50;  ///< from everywhere: guessing is cut, a page is still answerable by token
  Milliseconds failures_within = std::chrono::minutes(15);
  std::size_t addresses_remembered = 10'000;
  std::size_t passwords_waiting = 8;
  std::size_t sessions = 1'000;
  Milliseconds session_idle = std::chrono::hours(2);
  Milliseconds session_lasts = std::chrono::hours(12);
};

struct WebSession {
  std::string person;
  std::string csrf;      ///< a request of this session that changes something must carry it
  std::string password;  ///< the hash it was opened with; a changed one ends it
  Time opened;
  Time used;
};

class PeopleLogin {
 public:
  explicit PeopleLogin(boost::asio::io_context& io, LoginLimits limits = {});
  /// Waits for the password that is being checked; no callback comes after it.
  ~PeopleLogin();
  PeopleLogin(const PeopleLogin&) = delete;
  PeopleLogin& operator=(const PeopleLogin&) = delete;

  enum class Refusal : std::uint8_t { wrong, too_many, busy };
  struct Opened {
    std::string cookie;
    WebSession session;
  };
  using Done = std::function<void(std::optional<Opened>, Refusal)>;
  /// `done` comes on the io_context, or at once when it is not even looked at.
  void by_password(const Site& site, const std::string& person, const std::string& password,
                   const std::string& address, Time now, Done done);
  /// The person whose token it is.
  [[nodiscard]] std::optional<std::string> by_token(const Site& site, std::string_view token) const;
  /// The session behind a cookie, used now.
  [[nodiscard]] const WebSession* by_cookie(const Site& site, const std::string& cookie, Time now);
  void end(const std::string& cookie);

  /// Somebody showed what is no token. Each address is let try so often only.
  void failed(const std::string& address, Time now);
  [[nodiscard]] bool must_wait(const std::string& address, Time now);

  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }

 private:
  struct Failures {
    std::size_t count = 0;
    Time first;
  };
  using Counts = std::map<std::string, Failures>;
  void count(Counts& counts, const std::string& key, Time now) const;
  [[nodiscard]] bool over(Counts& counts, const std::string& key, std::size_t most, Time now) const;
  void settled(const std::string& person, bool fits, const std::string& address, Time now,
               const std::string& hash, const Done& done);
  Opened open(const std::string& person, const std::string& hash, Time now);

  boost::asio::io_context& io_;
  LoginLimits limits_;
  Counts by_address_, by_person_;
  std::map<std::string, WebSession> sessions_;  ///< by the SHA-256 of the cookie
  std::size_t waiting_ = 0;
  std::string nobodys_hash_;  ///< checked for people who are none, so that both take the same time
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  boost::asio::thread_pool pool_{1};
};

}  // namespace nethealth
