#include "agent/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "agent/comparison.hpp"
#include "agent/configuration.hpp"
#include "agent/contact_check.hpp"
#include "agent/control_client.hpp"
#include "agent/daemon.hpp"
#include "agent/digest.hpp"
#include "agent/drill_command.hpp"
#include "agent/evidence_export.hpp"
#include "agent/line_reader.hpp"
#include "agent/neighbour_report.hpp"
#include "agent/password_command.hpp"
#include "agent/probe_once.hpp"
#include "agent/procedure_form.hpp"
#include "agent/procedure_graph.hpp"
#include "agent/replay.hpp"
#include "agent/report_check.hpp"
#include "agent/report_probe.hpp"
#include "agent/report_verify.hpp"
#include "agent/scenario_test.hpp"
#include "agent/store.hpp"
#include "agent/system_clock.hpp"
#include "probes/observation_json.hpp"
#include "rules/engine.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds verify_patience{600'000};

LoadedConfiguration load(const CommandLine& line, Secrets secrets) {
  return load_configuration(line.config, line.language, environment_language(), secrets);
}

void print_problems(const LoadedConfiguration& loaded) {
  for (const Problem& problem : loaded.problems) std::cerr << problem.text() << "\n";
}

Language language_of(const CommandLine& line, const LoadedConfiguration& loaded) {
  return line.language.value_or(loaded.configuration->site.language);
}

int check(const CommandLine& line) {
  LoadedConfiguration loaded = load(line, Secrets::required);
  check_reach(loaded, read_system_clocks().wall);
  for (Problem& problem : LogMatcher::prove_shipped(loaded.language)) {
    loaded.problems.push_back(std::move(problem));
    loaded.configuration.reset();
  }
  return print(line.json ? check_json(loaded) : check_report(loaded));
}

int probe(const CommandLine& line) {
  const LoadedConfiguration loaded = load(line, Secrets::required);
  print_problems(loaded);
  if (!loaded.configuration) return 1;
  const Site& site = loaded.configuration->site;
  const Language language = language_of(line, loaded);
  const auto index = site.device(line.device);
  if (!index) {
    std::cerr << "nethealth: " << line.device
              << Phrase{": この名前の機器は設定にありません。\n",
                        ": the configuration has no device of this name.\n"}
                     .in(language);
    return exit_wrong_usage;
  }
  if (line.neighbours) {
    const NeighboursSeen seen = ask_for_neighbours(site, *index);
    return print(line.json ? neighbour_json(site, *index, seen, language)
                           : neighbour_report(site, *index, seen, language));
  }
  const ProbedOnce probed = probe_once(*loaded.configuration, *index);
  const Device& device = site.devices[*index];
  return print(line.json ? probe_json(device, probed.observations, probed.logs, language, site.zone)
                         : probe_report(device, probed.observations, probed.logs, language));
}

/// An engine that only listens to what was recorded.
Engine recorded_engine(const Configuration& configuration) {
  EngineOptions options;
  options.can_probe = false;
  options.procedures = &configuration.procedures;
  return Engine(configuration.site, configuration.matcher, options);
}

/// False when an input could not be read to its end, or lines were bad.
bool replay_all(const CommandLine& line, std::vector<Replayed> engines, Language language) {
  Replay replay(std::move(engines), language, std::cerr);
  bool opened = true;
  for (const std::string& argument : line.files) {
    for (const std::string& file : replayed_files(argument)) {
      Result<LineReader> reader = LineReader::open(file, observation_line_limit_bytes);
      if (!reader) std::cerr << "nethealth: " << reader.error().text() << "\n";
      opened = opened && reader;
      if (reader) replay.play(*reader, file);
    }
  }
  return opened && replay.count().bad == 0 && !replay.count().broken;
}

int compare(const CommandLine& line, const LoadedConfiguration& loaded) {
  CommandLine other_line = line;
  other_line.config = line.against;
  const LoadedConfiguration other = load(other_line, Secrets::optional);
  print_problems(other);
  if (!other.configuration) return 1;
  const Language language = language_of(line, loaded);
  const Site &site = loaded.configuration->site, &other_site = other.configuration->site;
  Engine engine = recorded_engine(*loaded.configuration),
         other_engine = recorded_engine(*other.configuration);
  const auto silent = [](const Event&) {};
  const bool whole = replay_all(line, {{site, engine, silent}, {other_site, other_engine, silent}}, language);
  const Picture picture = engine.picture(), other_picture = other_engine.picture();
  const Judged first{picture, site, line.config}, second{other_picture, other_site, line.against};
  const int code = print(line.json ? comparison_json(first, second, language)
                                   : comparison_report(first, second, {language, false}));
  return whole ? code : 1;
}

int replay_files(const CommandLine& line) {
  std::ios::sync_with_stdio(false);
  const LoadedConfiguration loaded = load(line, Secrets::optional);
  print_problems(loaded);
  if (!loaded.configuration) return 1;
  if (!line.against.empty()) return compare(line, loaded);
  const Site& site = loaded.configuration->site;
  const Language language = language_of(line, loaded);
  Engine engine = recorded_engine(*loaded.configuration);
  const bool whole = replay_all(line, {{site, engine, print_events(site, language, std::cout)}}, language);
  std::cout << std::flush;
  return whole && std::cout ? 0 : 1;
}

ControlRequest request_of(const CommandLine& line) {
  ControlRequest request;
  switch (line.verb) {
    case Verb::incident_list:
      request.verb = ControlVerb::incident_list;
      break;
    case Verb::incident_show:
      request.verb = ControlVerb::incident_show;
      break;
    case Verb::incident_why:
      request.verb = ControlVerb::incident_why;
      break;
    case Verb::why_not:
      request.verb = ControlVerb::why_not;
      break;
    case Verb::incident_ack:
      request.verb = ControlVerb::incident_ack;
      break;
    case Verb::incident_close:
      request.verb = ControlVerb::incident_close;
      break;
    case Verb::verify:
      request.verb = ControlVerb::verify;
      break;
    case Verb::incident_open:
      request.verb = ControlVerb::incident_open;
      break;
    case Verb::incident_step:
      request.verb = ControlVerb::incident_step;
      break;
    case Verb::incident_note:
      request.verb = ControlVerb::incident_note;
      break;
    case Verb::incident_reclassify:
      request.verb = ControlVerb::incident_reclassify;
      break;
    case Verb::incident_measure:
      request.verb = ControlVerb::incident_measure;
      break;
    case Verb::incident_paper:
      request.verb = ControlVerb::incident_paper;
      break;
    case Verb::incident_evidence:
      request.verb = ControlVerb::incident_evidence;
      break;
    case Verb::procedure_graph:
      request.verb = ControlVerb::procedure_graph;
      break;
    case Verb::incident_pass:
      request.verb = ControlVerb::incident_pass;
      break;
    case Verb::silence_add:
      request.verb = ControlVerb::silence_add;
      break;
    case Verb::silence_list:
      request.verb = ControlVerb::silence_list;
      break;
    case Verb::silence_confirm:
      request.verb = ControlVerb::silence_confirm;
      break;
    case Verb::silence_end:
      request.verb = ControlVerb::silence_end;
      break;
    default:
      request.verb = ControlVerb::status;
      break;
  }
  request.language = line.language;
  request.json = line.json;
  request.colour = !line.json && isatty(STDOUT_FILENO) == 1;
  request.incident = line.incident;
  request.device = line.device;
  request.as = line.as;
  request.reason = line.reason;
  request.number = line.number;
  request.values = line.values;
  std::erase_if(request.values, [](const auto& entry) { return entry.second.empty(); });
  return request;
}

/// The name and the content of each attached file; false when one cannot be read.
bool load_attachments(ControlRequest& request, Language language) {
  const auto files = request.values.find("attach");
  if (files == request.values.end()) return true;
  std::size_t bytes = 0;
  for (std::string& file : files->second) {
    std::ifstream in(file, std::ios::binary);
    std::string content(attachment_limit_bytes + 1 - bytes, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(in.gcount()));
    bytes += content.size();
    const bool too_long = bytes > attachment_limit_bytes;
    if (too_long || in.bad() || !in.eof()) {
      std::cerr << "nethealth: " << file
                << (too_long ? Phrase{": 添付ファイルは合わせて 8 MiB までです。\n",
                                      ": attached files may have 8 MiB together.\n"}
                             : Phrase{": 読めません。\n", ": it cannot be read.\n"})
                       .in(language);
      return false;
    }
    std::string name = std::filesystem::path(file).filename().string();
    std::ranges::replace(name, '\n', '_');
    file = name + "\n" + base64(content);
  }
  return true;
}

int ask(const CommandLine& line) {
  ControlRequest request = request_of(line);
  if (!load_attachments(request, line.language.value_or(environment_language()))) return 1;
  const auto reply = ask_daemon(line.socket, request, answer_patience);
  if (reply) return print(*reply);
  std::cerr << no_answer_text(line.socket, reply.error(), line.language.value_or(environment_language()));
  return exit_no_daemon;
}

/// The daemon hands the originals out; they are written here, with the rights of who asked.
int export_evidence(const CommandLine& line) {
  const Language language = line.language.value_or(environment_language());
  const auto reply = ask_daemon(line.socket, request_of(line), answer_patience);
  if (!reply) {
    std::cerr << no_answer_text(line.socket, reply.error(), language);
    return exit_no_daemon;
  }
  if (reply->exit_code != 0) return print(*reply);
  const std::string& folder = line.values.at("to").front();
  const Result<EvidenceParcel> parcel = parcel_from_json(reply->out);
  const Result<void> written =
      parcel ? write_parcel(*parcel, folder) : Result<void>(tl::unexpected(parcel.error()));
  if (!written) {
    std::cerr << "nethealth: " << written.error().text() << "\n";
    return 1;
  }
  if (line.json)
    std::cout << boost::json::serialize(boost::json::object{{"ok", true},
                                                            {"incident", line.incident},
                                                            {"folder", folder},
                                                            {"lines", parcel->lines},
                                                            {"sha256", parcel->digest}})
              << "\n";
  else
    std::cout << folder << ": " << parcel->files.size()
              << Phrase{" ファイル、ログの行 ", " files, log lines: "}.in(language) << parcel->lines
              << Phrase{"。照合: sha256sum -c SHA256SUMS\n", "; to check: sha256sum -c SHA256SUMS\n"}.in(
                     language);
  return print({});
}

/// A daemon that runs holds the file; without one it is opened here, read only.
int verify(const CommandLine& line) {
  if (const auto reply = ask_daemon(line.socket, request_of(line), verify_patience)) return print(*reply);
  const LoadedConfiguration loaded = load(line, Secrets::optional);
  print_problems(loaded);
  if (!loaded.configuration) return 1;
  const Language language = language_of(line, loaded);
  const Result<JournalVerdict> verdict = verify_journal(loaded.configuration->site.store_path, language);
  if (verdict) return print(verify_report(*verdict, language, line.json));
  std::cerr << "nethealth: " << verdict.error().text() << "\n";
  return 1;
}

/// The flow chart of a procedure needs no daemon; without a configuration the shipped one is drawn.
int graph(const CommandLine& line) {
  const std::string& which = line.values.at("which").front();
  const auto kind = procedure_kind(which);
  if (!kind) {
    CommandLine of_incident = line;
    const auto read = std::from_chars(which.data(), which.data() + which.size(), of_incident.incident);
    if (read.ec == std::errc{} && read.ptr == which.data() + which.size() && of_incident.incident > 0)
      return ask(of_incident);
    std::cerr << "nethealth: " << which
              << Phrase{": failure、misconduct、事案の番号のどれかを書いてください。\n",
                        ": expected failure, misconduct or the number of an incident.\n"}
                     .in(line.language.value_or(environment_language()));
    return exit_wrong_usage;
  }
  if (!std::filesystem::exists(line.config))
    return print({0,
                  procedure_svg(shipped_procedures().of(*kind), nullptr, nullptr,
                                line.language.value_or(environment_language())),
                  ""});
  const LoadedConfiguration loaded = load(line, Secrets::optional);
  print_problems(loaded);
  if (!loaded.configuration) return 1;
  return print({0,
                procedure_svg(loaded.configuration->procedures.of(*kind), nullptr,
                              &loaded.configuration->site, language_of(line, loaded)),
                ""});
}

/// Needs no daemon: it is for the day when there is none.
int form(const CommandLine& line) {
  const Language asked = line.language.value_or(environment_language());
  const std::string& which = line.values.at("which").front();
  const auto kind = procedure_kind(which);
  if (!kind) {
    std::cerr << "nethealth: " << which
              << Phrase{": failure か misconduct を書いてください。\n", ": expected failure or misconduct.\n"}
                     .in(asked);
    return exit_wrong_usage;
  }
  if (!std::filesystem::exists(line.config))
    return print({0, procedure_form(shipped_procedures().of(*kind), nullptr, asked), ""});
  const LoadedConfiguration loaded = load(line, Secrets::optional);
  print_problems(loaded);
  if (!loaded.configuration) return 1;
  const Configuration& in_force = *loaded.configuration;
  return print(
      {0, procedure_form(in_force.procedures.of(*kind), &in_force.site, language_of(line, loaded)), ""});
}

}  // namespace

int execute(const CommandLine& line) {
  switch (line.verb) {
    case Verb::run:
      return run_daemon(line);
    case Verb::check:
      return check(line);
    case Verb::probe:
      return probe(line);
    case Verb::password:
      return make_password(line);
    case Verb::replay:
      return replay_files(line);
    case Verb::test:
      return test_scenarios(line);
    case Verb::verify:
      return verify(line);
    case Verb::status:
    case Verb::incident_list:
    case Verb::incident_show:
    case Verb::incident_why:
    case Verb::why_not:
    case Verb::incident_ack:
    case Verb::incident_close:
    case Verb::incident_open:
    case Verb::incident_step:
    case Verb::incident_note:
    case Verb::incident_reclassify:
    case Verb::incident_measure:
    case Verb::incident_paper:
    case Verb::incident_pass:
    case Verb::silence_add:
    case Verb::silence_list:
    case Verb::silence_confirm:
    case Verb::silence_end:
      return ask(line);
    case Verb::incident_evidence:
      return export_evidence(line);
    case Verb::procedure_graph:
      return graph(line);
    case Verb::drill:
    case Verb::test_page:
      return run_drill(line, request_of(line));
    case Verb::procedure_form:
      return form(line);
  }
  return exit_wrong_usage;
}

}  // namespace nethealth
