#include "agent/mail_answer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <ranges>
#include <set>

#include "probes/json_text.hpp"
#include "rules/incident.hpp"

namespace nethealth {
namespace {

constexpr std::string_view gap = "{token}";
constexpr std::size_t token_letters = 16;
constexpr std::size_t lines_that_count = 4;
constexpr std::size_t longest_answer_bytes = 300;
constexpr std::size_t words_looked_up = 32;  // of one mail

// Whatever says no is looked for first: 対応できません has a 対応 in it.
constexpr std::array<std::string_view, 17> no_words{
    "次へ",       "次の人",   "つぎへ",     "不可",     "無理",         "むり",
    "できません", "できない", "出来ません", "出来ない", "出られません", "行けません",
    "いけません", "対応不",   "パス",       "ほかの人", "他の人"};
constexpr std::array<std::string_view, 17> yes_words{
    "了解",     "りょうかい", "リョウカイ",   "承知",         "対応します",   "対応する",
    "対応しま", "引き受け",   "引受",         "受けます",     "確認しました", "向かいます",
    "行きます", "やります",   "わかりました", "分かりました", "はい"};
// Words of letters count whole.
constexpr std::array<std::string_view, 9> no_letters{"pass", "next",    "no",     "cannot", "can't",
                                                     "not",  "decline", "unable", "2"};
constexpr std::array<std::string_view, 10> yes_letters{"ack",  "ok",    "okay", "yes",          "roger",
                                                       "take", "taken", "mine", "acknowledged", "1"};

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '\'';
}

/// Full-width letters and digits narrow, all in lower case, without blanks at the ends.
std::string plain_line(std::string_view line) {
  std::string out;
  const std::string mended = mend_utf8(line);
  for (std::string_view rest = mended; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    char32_t code = character.code;
    if (code >= 0xFF01 && code <= 0xFF5E) code -= 0xFEE0;
    if (code == 0x3000 || code == 0xA0 || code == '\t') code = ' ';
    if (code == 0xFEFF || code == 0x200B || code == '\r') code = 0;
    if (code > 0 && code < 0x80)
      out += static_cast<char>(std::tolower(static_cast<int>(code)));
    else if (code >= 0x80)
      out += rest.substr(0, character.length);
    rest.remove_prefix(character.length);
  }
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> plain_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(plain_line(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_token_letter(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/// Runs that could be a token: sixteen letters, or four groups of four with dashes.
std::vector<std::string> candidates(std::string_view text) {
  std::vector<std::string> found;
  std::string run;
  const auto end_run = [&] {
    const auto dashes = static_cast<std::size_t>(std::ranges::count(run, '-'));
    if (run.size() - dashes == token_letters && (dashes == 0 || dashes == 3)) found.push_back(run);
    run.clear();
  };
  for (const char byte : text) {
    if (is_token_letter(byte) || (byte == '-' && !run.empty()))
      run += byte;
    else
      end_run();
    if (found.size() >= mail_limits::identifiers) return found;
  }
  end_run();
  return found;
}

/// The lines that every page carries for its answer; not in the text that the journal keeps.
bool names_a_token(const std::string& line) {
  return line.find(answer_path) != std::string::npos ||
         std::ranges::any_of(candidates(line),
                             [](const std::string& one) { return one.size() > token_letters; });
}

bool is_quoted(const std::string& line) {
  return line.starts_with('>') || line.starts_with('|') || line.starts_with("》");
}

/// From here on stands what others wrote.
bool begins_what_others_wrote(const std::vector<std::string>& lines, std::size_t at) {
  const std::string& line = lines[at];
  if (line == "--" || line.starts_with("-----") || line.starts_with("_____") || line.starts_with("====="))
    return true;
  for (const std::string_view start :
       {"from: ", "差出人:", "送信者:", "from:", "送信日時:", "日時:", "sent:"})
    if (line.starts_with(start)) return true;
  for (const std::string_view end : {"wrote:", "書きました:", "書きました。", "のメール:", "writes:"})
    if (line.ends_with(end)) return true;
  if (line.ends_with(">:") && line.find('@') != std::string::npos) return true;
  // "On Tue, 24 Nov 2026, somebody <a@b>" is folded by its sender.
  return line.starts_with("on ") && at + 1 < lines.size() && lines[at + 1].ends_with("wrote:");
}

bool is_signature(const std::string& line) {
  for (const std::string_view word : {"から送信", "sent from my", "get outlook for", "差出端末"})
    if (line.find(word) != std::string::npos) return true;
  return false;
}

/// What is left is what the sender wrote.
std::vector<std::string> own_lines(std::string_view text, std::string_view page) {
  const std::vector<std::string> all = plain_lines(text);
  const std::vector<std::string> known = plain_lines(page);
  const std::set<std::string> of_the_page(known.begin(), known.end());
  std::vector<std::string> own;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (begins_what_others_wrote(all, i)) break;
    const bool ours = of_the_page.contains(all[i]) || names_a_token(all[i]);
    if (all[i].empty() || ours || is_quoted(all[i]) || is_signature(all[i])) continue;
    own.push_back(all[i]);
  }
  return own;
}

bool has_word(const std::string& line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    const bool begins = at == 0 || !is_letter(line[at - 1]);
    const bool ends = at + word.size() >= line.size() || !is_letter(line[at + word.size()]);
    if (begins && ends) return true;
  }
  return false;
}

/// A digit is an answer only alone: elsewhere it is a number.
bool answers(const std::string& line, std::string_view word) {
  return word.size() == 1 ? line == word : has_word(line, word);
}

AnswerWord word_of(const std::string& line) {
  const auto inside = [&](std::string_view word) { return line.find(word) != std::string::npos; };
  const auto whole = [&](std::string_view word) { return answers(line, word); };
  if (std::ranges::any_of(no_words, inside) || std::ranges::any_of(no_letters, whole))
    return AnswerWord::pass;
  if (std::ranges::any_of(yes_words, inside) || std::ranges::any_of(yes_letters, whole))
    return AnswerWord::take;
  return AnswerWord::unclear;
}

/// Of the headers; a mail's own threads are named by our identifiers too, which hold no token.
std::vector<std::string> in_headers(const IncomingMail& mail) {
  std::vector<std::string> all;
  const auto add = [&](std::string_view text) {
    for (std::string& one : candidates(text)) all.push_back(std::move(one));
  };
  for (const std::string& recipient : mail.recipients) add(recipient);
  for (const std::string& reference : mail.references) add(reference);
  add(mail.subject);
  return all;
}

struct Found {
  std::vector<TokenAnswer> answers;
  bool old = false;  ///< a token of ours that can no longer be used
};

Found look_up(const std::vector<std::string>& words, const Picture& picture, const PageTokens& tokens,
              Time now) {
  Found found;
  for (const std::string& word : words | std::views::take(words_looked_up)) {
    const auto known = tokens.find(picture, word, now);
    if (!known) {
      found.old = found.old || tokens.find_message(picture, word, now);
      continue;
    }
    const bool again = std::ranges::any_of(found.answers, [&](const TokenAnswer& other) {
      return other.incident == known->incident && other.person == known->person;
    });
    if (!again) found.answers.push_back(*known);
  }
  return found;
}

/// What waits for an answer of somebody with this address.
std::vector<TokenAnswer> calls_of(const std::string& address, const Picture& picture, const Site& site,
                                  Time now) {
  std::vector<TokenAnswer> all;
  const auto is_theirs = [&](const Notification& told) {
    const auto index = site.person(told.person);
    return index && std::ranges::any_of(site.people[*index].channels, [&](const ContactChannel& way) {
             return site.channels[way.channel].type == Channel::Type::smtp &&
                    std::ranges::equal(way.address, address, {},
                                       [](unsigned char c) { return std::tolower(c); });
           });
  };
  const auto waits = [&](const NotificationPicture& told) {
    return !told.acknowledged && now - told.queued <= page_token_lasts && is_theirs(told.notification);
  };
  for (const IncidentPicture& incident : picture.incidents) {
    if (incident.state != IncidentState::open && incident.state != IncidentState::restored) continue;
    for (const NotificationPicture& told : incident.notifications)
      if (told.notification.answer_by && waits(told)) {
        all.push_back({incident.number, told.notification.person, told.notification.id});
        break;
      }
  }
  for (const Drill& drill : picture.drills)
    for (const NotificationPicture& call : drill.calls)
      if (waits(call) && drill.unanswered(call.notification.person) != nullptr)
        all.push_back({0, call.notification.person, call.notification.id});
  return all;
}

/// "#3" in a subject names an incident.
std::optional<int> number_in(const std::string& subject) {
  for (std::size_t at = subject.find('#'); at != std::string::npos; at = subject.find('#', at + 1)) {
    int number = 0;
    std::size_t i = at + 1;
    for (; i < subject.size() && subject[i] >= '0' && subject[i] <= '9' && number < 100'000'000; ++i)
      number = number * 10 + (subject[i] - '0');
    if (i > at + 1) return number;
  }
  return std::nullopt;
}

const NotificationPicture* message(const Picture& picture, const std::string& id) {
  for (const IncidentPicture& incident : picture.incidents)
    for (const NotificationPicture& told : incident.notifications)
      if (told.notification.id == id) return &told;
  for (const Drill& drill : picture.drills)
    for (const NotificationPicture& call : drill.calls)
      if (call.notification.id == id) return &call;
  return nullptr;
}

/// The mail was read before, and its answer is in the journal.
bool is_recorded(const Picture& picture, const TokenAnswer& answer, const IncomingMail& mail) {
  if (mail.message_id.empty()) return false;
  const std::string way = mail_way(mail);
  const auto incident = std::ranges::find(picture.incidents, answer.incident, &IncidentPicture::number);
  return incident != picture.incidents.end() &&
         std::ranges::any_of(incident->records,
                             [&](const StepRecord& record) { return record.what.text == way; });
}

MailMeaning nothing(std::string_view why) {
  MailMeaning meaning;
  meaning.why = why;
  return meaning;
}

MailMeaning returned(const IncomingMail& mail, const Picture& picture, const PageTokens& tokens, Time now) {
  if (mail.report && mail.report->action == DeliveryReport::Action::delayed) return nothing("delayed");
  if (mail.report && mail.report->action == DeliveryReport::Action::other) return nothing("automatic");
  std::vector<std::string> words;
  for (const std::vector<std::string>* from : {&mail.reported, &mail.references, &mail.recipients})
    for (const std::string& text : *from)
      for (std::string& word : candidates(text)) words.push_back(std::move(word));
  for (const std::string& word : words | std::views::take(words_looked_up)) {
    const auto found = tokens.find_message(picture, word, now);
    if (!found) continue;
    // A second report of the same, as some systems send.
    if (!found->told.failure.empty() && found->told.failing == Failing::refused) return nothing("repeated");
    MailMeaning meaning;
    meaning.kind = MailMeaning::Kind::undelivered;
    meaning.notification = found->told.notification.id;
    meaning.reason = "returned by mail: " + (mail.report ? mail.report->reason : mail.from);
    return meaning;
  }
  return nothing(mail.report ? "no_token" : "automatic");
}

}  // namespace

AnswerWord answer_word(std::string_view text, std::string_view page) {
  const std::vector<std::string> lines = own_lines(text, page);
  if (lines.empty()) return AnswerWord::empty;
  for (std::size_t i = 0; i < std::min(lines.size(), lines_that_count); ++i) {
    if (lines[i].size() > longest_answer_bytes) return AnswerWord::unclear;
    if (const AnswerWord word = word_of(lines[i]); word != AnswerWord::unclear) return word;
  }
  return AnswerWord::unclear;
}

std::string mail_way(const IncomingMail& mail) {
  return mail.message_id.empty() ? "by mail" : "by mail <" + mail.message_id + ">";
}

std::string reply_address(const ReplyMailbox& mailbox, std::string_view seal) {
  std::string address = mailbox.address;
  if (const std::size_t at = address.find(gap); at != std::string::npos)
    address.replace(at, gap.size(), seal);
  return address;
}

MailMeaning meaning_of(const IncomingMail& mail, const Picture& picture, const PageTokens& tokens,
                       const Site& site, const ReplyMailbox& mailbox, std::string_view own_address,
                       Time now) {
  const bool bounces = mail.report || (mail.automatic && !mail.reported.empty());
  if (bounces) return returned(mail, picture, tokens, now);
  if (mail.automatic) return nothing("automatic");
  const auto low = [](unsigned char letter) { return std::tolower(letter); };
  if (std::ranges::equal(mail.from, own_address, {}, low, low)) return nothing("own");
  Found found = look_up(in_headers(mail), picture, tokens, now);
  if (found.answers.empty() && !found.old) found = look_up(candidates(mail.text), picture, tokens, now);
  if (found.answers.empty() && found.old) return nothing("old_token");
  const bool by_token = !found.answers.empty();
  if (!by_token) {
    if (!mailbox.known_senders || mail.from.empty()) return nothing("no_token");
    found.answers = calls_of(mail.from, picture, site, now);
    if (found.answers.empty()) return nothing("no_token");
    if (mail.forged) return nothing("forged");
    if (const auto number = number_in(mail.subject); number && found.answers.size() > 1)
      std::erase_if(found.answers, [&](const TokenAnswer& answer) { return answer.incident != *number; });
    if (found.answers.size() != 1) return nothing("ambiguous");
  }
  std::erase_if(found.answers, [&](const TokenAnswer& answer) { return is_recorded(picture, answer, mail); });
  if (found.answers.empty()) return nothing("repeated");
  if (mail.garbled && mail.text.empty()) return nothing("garbled");
  const NotificationPicture* page = message(picture, found.answers.front().notification);
  const AnswerWord word = answer_word(mail.text, page ? page->notification.body : std::string());
  // An empty mail says yes only to the call that it names.
  if (word == AnswerWord::unclear || (word == AnswerWord::empty && !by_token))
    return nothing("not_understood");
  MailMeaning meaning;
  meaning.kind = word == AnswerWord::pass ? MailMeaning::Kind::pass : MailMeaning::Kind::take;
  meaning.answers = std::move(found.answers);
  return meaning;
}

}  // namespace nethealth
