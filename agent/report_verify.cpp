#include "agent/report_verify.hpp"

#include <boost/json.hpp>

namespace nethealth {

ControlReply verify_report(const JournalVerdict& verdict, Language language, bool as_json) {
  ControlReply reply;
  reply.exit_code = verdict.whole() ? 0 : 1;
  const std::string text = sentence(verdict, language);
  if (as_json) {
    boost::json::object object{
        {"whole", verdict.whole()}, {"records", verdict.records}, {"head", verdict.head}, {"text", text}};
    if (!verdict.whole()) object["broken_at"] = verdict.at;
    reply.out = boost::json::serialize(object) + "\n";
  }
  if (verdict.whole() && !as_json)
    reply.out = text + "\n" +
                Phrase{"最後の記録のハッシュ: ", "hash of the last record: "}.in(language).data() +
                verdict.head + "\n";
  if (!verdict.whole()) reply.err = "nethealth: " + text + "\n";
  return reply;
}

}  // namespace nethealth
