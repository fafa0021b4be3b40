#pragma once
// The word in a page by which its reader can answer from outside, through whatever door carries it back: it
// stands for one message, so for one person, counts once, and for `page_token_lasts`.
//
// It is made from the message's id with a key of this installation (HMAC-SHA-256, 80 bits of it), so nothing
// has to be stored for it and a restart changes nothing.

#include <optional>
#include <string>
#include <string_view>

#include "agent/courier.hpp"
#include "config/site.hpp"
#include "rules/engine.hpp"
#include "rules/picture.hpp"

namespace nethealth {

inline constexpr Milliseconds page_token_lasts = std::chrono::hours(24);

/// Mail systems give a message up after some days.
inline constexpr Milliseconds message_known_for = std::chrono::hours(24 * 7);

/// Who answers what, by a token.
struct TokenAnswer {
  int incident = 0;  ///< 0: a drill
  std::string person;
  std::string notification = {};
};

/// A message that a token stands for, whatever it says and whether or not it can still be answered.
struct TokenMessage {
  int incident = 0;
  NotificationPicture told;
  bool passed_on = false;  ///< by its reader, since it was queued
};

/// What the person does with it; nobody passes a drill on. `way` says how the answer came.
[[nodiscard]] Act answer_act(const TokenAnswer& known, bool takes, const std::string& way);

class PageTokens {
 public:
  /// The key is kept in `path` (mode 0600), and made when there is none. If it can be neither read nor
  /// written it lives in memory, and tokens end with the process: `trouble` says so. ":memory:" is no file.
  explicit PageTokens(const std::string& path);

  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  /// "7K2M-9QXD-0RTV-5HNB": letters and digits that cannot be mistaken for each other.
  [[nodiscard]] std::string token(const std::string& notification) const;

  /// Empty when it stands for no page of an incident that is not over, was used (to take it or to pass it
  /// on), or is too old. Upper and lower case, dashes and spaces do not matter.
  [[nodiscard]] std::optional<TokenAnswer> find(const Picture& picture, std::string_view given,
                                                Time now) const;
  [[nodiscard]] std::optional<TokenMessage> find_message(const Picture& picture, std::string_view given,
                                                         Time now) const;

 private:
  [[nodiscard]] bool stands_for(std::string_view meant, const Notification& told) const;

  std::string key_;
  std::string trouble_;
};

/// Below the site's public address, followed by a token: the page with the two answers.
inline constexpr std::string_view answer_path = "/answer/";
/// Below the same, followed by a channel and a token: where a gateway reports (web_callback.hpp).
inline constexpr std::string_view callback_path = "/callback/";

/// The token as it stands in addresses and identifiers: lower case, without dashes.
std::string plain_token(std::string_view token);

/// The letter with the token, and the link to the page of answers where there is one, in its text, when it is
/// one that can be answered.
Letter with_token(Letter letter, const PageTokens& tokens, const Site& site);

}  // namespace nethealth
