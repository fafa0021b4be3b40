#include "agent/courier_webhook.hpp"

#include <array>
#include <utility>

#include "agent/mail_message.hpp"
#include "probes/json_text.hpp"

namespace nethealth {
namespace {

using Kind = DeliveryResult::Kind;

enum class Form : std::uint8_t { json, form, plain };

Form form_of(std::string_view content_type) {
  if (content_type.find("json") != std::string_view::npos) return Form::json;
  if (content_type.find("x-www-form-urlencoded") != std::string_view::npos) return Form::form;
  return Form::plain;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    if (plain) {
      out += byte;
    } else {
      const auto value = static_cast<std::uint8_t>(byte);
      out += '%';
      out += digits[value >> 4U];
      out += digits[value & 15U];
    }
  }
  return out;
}

std::string filled_in(std::string_view text, Form form) {
  switch (form) {
    case Form::json: {
      std::string out;
      append_json_characters(out, text);
      return out;
    }
    case Form::form:
      return percent_encoded(mend_utf8(text));
    case Form::plain:
      return mend_utf8(text);
  }
  return {};
}

/// A header's value: nothing that could end it.
std::string header_value(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte >= ' ' && byte < '\x7F') out += byte;
  }
  return out;
}

DeliveryResult judge_http(const CurlReply& reply) {
  if (reply.outcome != Outcome::ok) {
    return {reply.answer_unknown ? Kind::unknown : Kind::failed_temporarily, reply.reason};
  }
  const std::string reason = "HTTP " + std::to_string(reply.code);
  if (reply.code >= 200 && reply.code < 300) return {Kind::accepted, {}};
  const bool later = reply.code == 408 || reply.code == 425 || reply.code == 429;
  if (later) return {Kind::failed_temporarily, reason};
  // A gateway's own time limit says nothing of what the server behind it did.
  if (reply.code == 502 || reply.code == 504) return {Kind::unknown, reason};
  if (reply.code >= 500) return {Kind::failed_temporarily, reason};
  return {Kind::refused, reason};
}

}  // namespace

std::string webhook_body(const Channel& channel, const Letter& letter, DeliveryFlags flags,
                         Language language) {
  const Notification& notification = letter.notification;
  const Form form = form_of(channel.content_type);
  const std::string subject = marked_subject(notification.subject, flags.resend, flags.unjournaled, language);
  const std::string round = std::to_string(notification.round + 1);
  const std::array<std::pair<std::string_view, std::string_view>, 9> words{
      {{"{address}", notification.address},
       {"{subject}", subject},
       {"{text}", notification.body},
       {"{id}", notification.id},
       {"{token}", letter.token},
       {"{kind}", word(notification.kind)},
       {"{round}", round},
       {"{answer_url}", letter.answer_url},
       {"{callback_url}", letter.callback_url}}};
  std::string out;
  std::string_view rest = channel.body;
  while (!rest.empty()) {
    std::size_t taken = 0;
    for (const auto& [gap, value] : words) {
      if (!rest.starts_with(gap)) continue;
      out += filled_in(value, form);
      taken = gap.size();
    }
    if (taken == 0) {
      out += rest.front();
      taken = 1;
    }
    rest.remove_prefix(taken);
  }
  return out;
}

WebhookCourier::WebhookCourier(CurlWorker& worker, const Channel& channel, Language language)
    : worker_(worker), channel_(channel), language_(language) {}

void WebhookCourier::deliver(const Letter& letter, DeliveryFlags flags, Done done) {
  CurlHttp request;
  request.method = "POST";
  request.url = channel_.url;
  request.headers = {"Content-Type: " + header_value(channel_.content_type),
                     "Idempotency-Key: " + header_value(letter.notification.id)};
  if (!channel_.token.empty())
    request.headers.push_back("Authorization: Bearer " + header_value(channel_.token.reveal()));
  request.body = webhook_body(channel_, letter, flags, language_);
  CurlJob job;
  job.what = std::move(request);
  job.timeout = courier_attempt_limit;
  worker_.perform(std::move(job),
                  [done = std::move(done), alive = std::weak_ptr<int>(alive_)](const CurlReply& reply) {
                    if (!alive.expired()) done(judge_http(reply));
                  });
}

}  // namespace nethealth
