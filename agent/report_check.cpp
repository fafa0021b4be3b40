#include "agent/report_check.hpp"

#include <boost/json.hpp>

namespace nethealth {
namespace {

std::string summary(const LoadedConfiguration& loaded) {
  const Site& site = loaded.configuration->site;
  const std::string devices = std::to_string(site.devices.size());
  const std::string cables = std::to_string(site.cables.size());
  const std::string people = std::to_string(site.people.size());
  const std::string files = std::to_string(loaded.files.size());
  if (loaded.language == Language::ja)
    return site.name + ": 設定は正しいです (機器" + devices + "、配線" + cables + "、連絡先" + people +
           "人、ファイル" + files + ")\n";
  return site.name + ": the configuration is good (" + devices + " devices, " + cables + " cables, " +
         people + " people, " + files + " files)\n";
}

}  // namespace

ControlReply check_report(const LoadedConfiguration& loaded) {
  ControlReply reply;
  reply.exit_code = loaded.configuration ? 0 : 1;
  for (const Problem& problem : loaded.problems) reply.err += problem.text() + "\n";
  if (loaded.configuration) reply.out = summary(loaded);
  return reply;
}

ControlReply check_json(const LoadedConfiguration& loaded) {
  boost::json::array problems;
  for (const Problem& problem : loaded.problems)
    problems.push_back(boost::json::object{{"file", problem.file},
                                           {"line", problem.line},
                                           {"column", problem.column},
                                           {"message", problem.message},
                                           {"severity", problem.warning ? "warning" : "error"}});
  const bool good = loaded.configuration != nullptr;
  const boost::json::object result{{"ok", good}, {"problems", std::move(problems)}};
  return {good ? 0 : 1, boost::json::serialize(result) + "\n", ""};
}

}  // namespace nethealth
