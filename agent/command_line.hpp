#pragma once
// What the user typed, as a value. The only door to the command line library is command_line.cpp.

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/language.hpp"

namespace nethealth {

enum class Verb : std::uint8_t {
  run,
  check,
  probe,
  status,
  incident_list,
  incident_show,
  incident_why,
  why_not,
  incident_ack,
  incident_close,
  incident_open,
  incident_step,
  incident_note,
  incident_reclassify,
  incident_measure,
  incident_paper,
  incident_evidence,
  procedure_graph,
  procedure_form,
  password,
  replay,
  test,
  verify,
  incident_pass,
  silence_add,
  silence_list,
  silence_confirm,
  silence_end,
  drill,
  test_page
};

struct CommandLine {
  Verb verb = Verb::status;
  std::string config = "/etc/nethealth/nethealth.yaml";
  std::string socket = "/run/nethealth/nethealth.sock";
  bool json = false;
  std::optional<Language> language;  ///< only when --lang was given
  std::string device;                ///< probe and why-not
  bool neighbours = false;           ///< probe: who is connected where, in place of the look
  std::vector<std::string> files;  ///< test; replay, where "-" is standard input and a folder its recordings
  std::string against;             ///< replay: another configuration to compare with
  int incident = 0;                ///< incident show, ack, close; from 1
  std::string as;                  ///< of the acts: the person who acts, empty when not given
  std::string reason;              ///< of the acts
  /// What the verbs of the procedure, of answers and of silences take besides, by the option's or argument's
  /// name.
  std::map<std::string, std::vector<std::string>> values;
  int number = 0;       ///< silence confirm, end
  bool answer = false;  ///< drill: answer it
  bool last = false;    ///< drill: show the last one
};

/// Nothing is left to do: the text was asked for (help, version: exit 0) or says what was wrong (exit 2).
struct Farewell {
  int exit_code = 0;
  std::string text;
};

inline constexpr int exit_wrong_usage = 2;
inline constexpr int exit_no_daemon = 3;

/// `fallback_language` is that of help and complaints unless --lang chooses another.
std::variant<CommandLine, Farewell> parse_command_line(int argc, const char* const* argv,
                                                       Language fallback_language);

/// ja when LC_ALL, LC_MESSAGES or LANG (the first that is set) starts with "ja", else en.
Language environment_language();

}  // namespace nethealth
