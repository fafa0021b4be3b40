#include "agent/message_digest.hpp"

#include <algorithm>

#include "rules/incident.hpp"

namespace nethealth {

Letter digest_of(const std::vector<Letter>& letters, Language language) {
  const auto urgent = std::find_if(letters.begin(), letters.end(),
                                   [](const Letter& letter) { return is_call(letter.notification.kind); });
  Letter digest = urgent == letters.end() ? letters.front() : *urgent;
  if (letters.size() == 1) return digest;
  Notification& whole = digest.notification;
  const std::string count = std::to_string(letters.size());
  whole.subject = language == Language::ja ? "【まとめ " + count + "件】" + whole.subject
                                           : "[" + count + " messages] " + whole.subject;
  whole.body = std::string(Phrase{"短い間に連絡が重なったため、まとめて送る。\n",
                                  "Many messages came at once; here they are together.\n"}
                               .in(language));
  for (const Letter& letter : letters) whole.body += "- " + letter.notification.subject + "\n";
  for (const Letter& letter : letters) {
    const Notification& one = letter.notification;
    if (whole.body.size() + one.subject.size() + one.body.size() > digest_limit_bytes) continue;
    whole.body += "\n== " + one.subject + "\n" + one.body;
  }
  return digest;
}

}  // namespace nethealth
