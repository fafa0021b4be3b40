#include "probes/syslog_framing.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nethealth {
namespace {

constexpr std::size_t longest_count = 9;  ///< digits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view syslog_text(std::string_view message) {
  while (message.ends_with('\n') || message.ends_with('\r') || message.ends_with('\0'))
    message.remove_suffix(1);
  constexpr std::size_t longest_priority = 5;  // <191>
  if (message.starts_with('<')) {
    const std::size_t end = message.substr(0, longest_priority).find('>');
    const bool is_priority =
        end != std::string_view::npos && end > 1 &&
        std::all_of(message.begin() + 1, message.begin() + static_cast<std::ptrdiff_t>(end), is_digit);
    if (is_priority) message.remove_prefix(end + 1);
  }
  if (message.starts_with("\xEF\xBB\xBF")) message.remove_prefix(3);
  return message;
}

void SyslogSplitter::keep(std::string_view bytes) {
  const std::size_t room = most_syslog_message_bytes - kept_.size();
  kept_ += bytes.substr(0, room);
  left_out_ += bytes.size() - std::min(bytes.size(), room);
}

void SyslogSplitter::hand_over(const OnMessage& on_message) {
  if (!kept_.empty()) on_message(kept_, left_out_);
  kept_.clear();
  left_out_ = 0;
  state_ = State::begin;
}

bool SyslogSplitter::feed(std::string_view bytes, const OnMessage& on_message) {
  while (!bytes.empty()) {
    if (state_ == State::begin) {
      // Some senders end counted messages by a newline all the same.
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
      state_ = is_digit(bytes.front()) && bytes.front() != '0' ? State::count : State::line;
    }
    if (state_ == State::count) {
      const char c = bytes.front();
      bytes.remove_prefix(1);
      if (is_digit(c)) {
        kept_ += c;
        if (kept_.size() > longest_count) return false;
        continue;
      }
      if (c != ' ') return false;
      std::from_chars(kept_.data(), kept_.data() + kept_.size(), missing_);
      kept_.clear();
      state_ = State::counted;
    } else if (state_ == State::counted) {
      const std::size_t length = std::min(missing_, bytes.size());
      keep(bytes.substr(0, length));
      bytes.remove_prefix(length);
      missing_ -= length;
      if (missing_ == 0) hand_over(on_message);
    } else {
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      keep(bytes.substr(0, end));
      const bool ended = end < bytes.size();
      bytes.remove_prefix(end + (ended ? 1 : 0));
      if (ended) hand_over(on_message);
    }
  }
  return true;
}

void SyslogSplitter::finish(const OnMessage& on_message) {
  if (state_ == State::line || state_ == State::counted) hand_over(on_message);
}

}  // namespace nethealth
