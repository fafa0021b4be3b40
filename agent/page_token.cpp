#include "agent/page_token.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "agent/digest.hpp"
#include "agent/url_below.hpp"
#include "rules/incident.hpp"

namespace nethealth {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t token_characters = 16;
constexpr std::size_t group_characters = 4;
/// Crockford's: without I, L, O and U.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string read_key(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, 2 * key_bytes> text{};
  const auto size = ::read(file, text.data(), text.size());
  ::close(file);
  return size == static_cast<ssize_t>(text.size()) ? std::string(text.data(), text.size()) : std::string();
}

bool write_key(const std::string& path, const std::string& key) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written =
      ::write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file) == 0;
  return ::close(file) == 0 && written;
}

/// Five bits a character, of the first bytes.
std::string in_letters(const Digest& digest) {
  std::string text;
  unsigned bits = 0;
  unsigned held = 0;
  std::size_t next = 0;
  while (text.size() < token_characters) {
    if (held < 5) {
      bits = (bits << 8U) | digest.at(next++);
      held += 8;
    }
    held -= 5;
    text += alphabet[(bits >> held) & 31U];
  }
  return text;
}

bool can_be_answered(const NotificationPicture& told, Time now) {
  return !told.acknowledged && now - told.queued <= page_token_lasts;
}

/// It is a call, and its reader said "not me" after it was queued.
bool was_passed_on(const IncidentPicture& incident, const NotificationPicture& told) {
  return is_call(told.notification.kind) &&
         std::ranges::any_of(incident.records, [&](const StepRecord& record) {
           return record.what.decision == decisions::passed &&
                  record.what.person == told.notification.person && record.entered >= told.queued;
         });
}

/// As it was meant: upper case, without separators, and with the usual mistakes of reading mended.
std::string as_meant(std::string_view given) {
  std::string text;
  for (const char letter : given) {
    char upper = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    if (upper == 'O') upper = '0';
    if (upper == 'I' || upper == 'L') upper = '1';
    if (upper == '-' || upper == ' ') continue;
    text += upper;
    if (text.size() > token_characters) return {};
  }
  return text;
}

}  // namespace

PageTokens::PageTokens(const std::string& path) {
  const bool kept_in_memory = path.starts_with(":memory:");
  if (!kept_in_memory) key_ = read_key(path);
  if (!key_.empty()) return;
  key_ = random_hex(key_bytes);
  if (!kept_in_memory && !write_key(path, key_)) trouble_ = path + ": " + std::strerror(errno);
}

std::string PageTokens::token(const std::string& notification) const {
  const std::string letters = in_letters(hmac_sha256(key_, notification));
  std::string grouped;
  for (std::size_t i = 0; i < letters.size(); i += group_characters)
    grouped += (i > 0 ? "-" : "") + letters.substr(i, group_characters);
  return grouped;
}

bool PageTokens::stands_for(std::string_view meant, const Notification& told) const {
  return same_secret(in_letters(hmac_sha256(key_, told.id)), meant);
}

std::optional<TokenAnswer> PageTokens::find(const Picture& picture, std::string_view given, Time now) const {
  const std::string meant = as_meant(given);
  const auto is_meant = [&](const NotificationPicture& told) {
    return can_be_answered(told, now) && stands_for(meant, told.notification);
  };
  for (const IncidentPicture& incident : picture.incidents) {
    if (incident.state == IncidentState::closed || incident.state == IncidentState::merged) continue;
    for (const NotificationPicture& told : incident.notifications)
      if (told.notification.answer_by && is_meant(told) && !was_passed_on(incident, told))
        return TokenAnswer{incident.number, told.notification.person, told.notification.id};
  }
  for (const Drill& drill : picture.drills)
    for (const NotificationPicture& call : drill.calls)
      if (is_meant(call) && drill.unanswered(call.notification.person) != nullptr)
        return TokenAnswer{0, call.notification.person, call.notification.id};
  return std::nullopt;
}

std::optional<TokenMessage> PageTokens::find_message(const Picture& picture, std::string_view given,
                                                     Time now) const {
  const std::string meant = as_meant(given);
  const auto search = [&](const std::vector<NotificationPicture>& all) {
    return std::ranges::find_if(all, [&](const NotificationPicture& told) {
      return now - told.queued <= message_known_for && stands_for(meant, told.notification);
    });
  };
  for (const IncidentPicture& incident : picture.incidents)
    if (const auto told = search(incident.notifications); told != incident.notifications.end())
      return TokenMessage{incident.number, *told, was_passed_on(incident, *told)};
  for (const Drill& drill : picture.drills)
    if (const auto call = search(drill.calls); call != drill.calls.end()) return TokenMessage{0, *call};
  return std::nullopt;
}

std::string plain_token(std::string_view token) {
  std::string plain;
  for (const char letter : token)
    if (letter != '-')
      plain += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  return plain;
}

Act answer_act(const TokenAnswer& known, bool takes, const std::string& way) {
  if (known.incident == 0) return AnswerDrill{known.person, way};
  if (takes) return Acknowledge{known.incident, known.person, {}, way, known.notification};
  return Pass{known.incident, known.person, way};
}

Letter with_token(Letter letter, const PageTokens& tokens, const Site& site) {
  Notification& page = letter.notification;
  letter.seal = plain_token(tokens.token(page.id));
  letter.callback_url = public_url(site, std::string(callback_path) + page.channel + "/" + letter.seal);
  if (!page.answer_by) return letter;
  letter.token = tokens.token(page.id);
  std::string line(Phrase{"返答の合言葉（一度だけ、24時間有効）: ", "Answer token (once, for 24 hours): "}.in(
      site.language));
  line += letter.token + "\n";
  letter.answer_url = public_url(site, std::string(answer_path) + letter.token);
  if (!letter.answer_url.empty())
    line += std::string(Phrase{"返答: ", "Answer: "}.in(site.language)) + letter.answer_url + "\n";
  const auto end = page.body.rfind("\n-- \n");
  page.body.insert(end == std::string::npos ? page.body.size() : end + 1, line);
  return letter;
}

}  // namespace nethealth
