#include "probes/curl_job.hpp"

#include <algorithm>

namespace nethealth {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_address(std::string_view text) {
  return !text.empty() && !has_control(text) && text.find_first_of("<> ") == std::string_view::npos;
}

std::string fault(const CurlHttp& http) {
  if (!http.url.starts_with("http://") && !http.url.starts_with("https://"))
    return "the URL is not http:// or https://";
  if (has_control(http.url) || has_control(http.method) || http.method.empty()) {
    return "the URL or the method has a control character";
  }
  if (std::any_of(http.headers.begin(), http.headers.end(), has_control))
    return "a header has a control character";
  if (http.body.size() > max_request_bytes)
    return "the body is longer than " + std::to_string(max_request_bytes) + " bytes";
  return {};
}

std::string fault(const CurlMail& mail) {
  if (!mail.server.starts_with("smtp://") && !mail.server.starts_with("smtps://")) {
    return "the mail server is not smtp:// or smtps://";
  }
  if (has_control(mail.server)) return "the mail server has a control character";
  if (!is_address(mail.from)) return "the sender is not a mail address";
  if (mail.to.empty() || !std::all_of(mail.to.begin(), mail.to.end(), is_address)) {
    return "a recipient is not a mail address";
  }
  if (mail.message.size() > max_request_bytes)
    return "the message is longer than " + std::to_string(max_request_bytes) + " bytes";
  return {};
}

std::string fault(const CurlMailbox& mailbox) {
  const auto scheme = {"imaps://", "imap://", "pop3s://", "pop3://"};
  if (std::none_of(scheme.begin(), scheme.end(), [&](const char* s) { return mailbox.url.starts_with(s); }))
    return "the mailbox is not imap://, imaps://, pop3:// or pop3s://";
  if (has_control(mailbox.url) || has_control(mailbox.command))
    return "the mailbox's address or the command has a control character";
  return {};
}

}  // namespace

std::string fault_of(const CurlJob& job) {
  return std::visit([](const auto& what) { return fault(what); }, job.what);
}

std::string with_crlf(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n') {
      result += "\r\n";
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      result += text[i];
    }
  }
  if (!result.ends_with("\r\n")) result += "\r\n";
  return result;
}

std::string printable_line(std::string_view text) {
  std::string result;
  for (const char letter : text.substr(0, max_said_bytes)) {
    result += letter >= 0x20 && letter < 0x7f ? letter : ' ';
  }
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

}  // namespace nethealth
