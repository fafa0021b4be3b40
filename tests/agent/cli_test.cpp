// The command line: what is understood, and what the built program answers to the shell.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "agent/command_line.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;

namespace {

std::variant<CommandLine, Farewell> parse(std::vector<const char*> words, Language fallback = Language::en) {
  words.insert(words.begin(), "nethealth");
  return parse_command_line(static_cast<int>(words.size()), words.data(), fallback);
}

CommandLine understood(const std::vector<const char*>& words) {
  const auto read = parse(words);
  REQUIRE(std::holds_alternative<CommandLine>(read));
  return std::get<CommandLine>(read);
}

struct Shell {
  int exit_code = -1;
  std::string out;  ///< standard output
  std::string err;
};

/// Runs the built program; `words` are given to the shell as they are.
Shell run(const TemporaryFolder& folder, const std::string& words) {
  const std::string errors = folder.file("stderr");
  const std::string command = "LANG=C " NETHEALTH_PROGRAM " " + words + " 2>" + errors;
  Shell shell;
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) shell.out.append(buffer, got);
  const int status = pclose(pipe);
  shell.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::ifstream file(errors);
  shell.err.assign(std::istreambuf_iterator<char>(file), {});
  return shell;
}

}  // namespace

TEST_CASE("common options are understood before and after the verb") {
  for (const CommandLine& line : {understood({"--config", "a", "--json", "--lang", "ja", "--socket", "s",
                                              "incident", "close", "3", "--reason", "r", "--as", "sato"}),
                                  understood({"incident", "close", "3", "--reason", "r", "--as", "sato",
                                              "--config", "a", "--json", "--lang", "ja", "--socket", "s"})}) {
    CHECK(line.verb == Verb::incident_close);
    CHECK(line.config == "a");
    CHECK(line.socket == "s");
    CHECK(line.json);
    CHECK(line.language == Language::ja);
    CHECK(line.incident == 3);
    CHECK(line.reason == "r");
    CHECK(line.as == "sato");
  }
  CHECK(understood({"probe", "sw-1", "--neighbours"}).neighbours);
  CHECK_FALSE(understood({"probe", "sw-1"}).neighbours);
  CHECK_FALSE(understood({"status"}).language.has_value());
  CHECK(understood({"replay", "-"}).files == std::vector<std::string>{"-"});
}

TEST_CASE("wrong usage is exit code 2 with a hint in the reader's language") {
  const std::vector<std::vector<const char*>> wrong{{},
                                                    {"bogus"},
                                                    {"status", "bogus"},
                                                    {"probe"},
                                                    {"probe", "a", "b"},
                                                    {"incident"},
                                                    {"incident", "bogus"},
                                                    {"incident", "show"},
                                                    {"incident", "show", "0"},
                                                    {"incident", "show", "-1"},
                                                    {"incident", "show", "x"},
                                                    {"incident", "show", "99999999999999999999"},
                                                    {"incident", "close", "1"},
                                                    {"replay"},
                                                    {"status", "--lang", "fr"},
                                                    {"status", "--bogus"},
                                                    {"--config"}};
  for (const auto& words : wrong) {
    const auto read = parse(words);
    REQUIRE(std::holds_alternative<Farewell>(read));
    CHECK(std::get<Farewell>(read).exit_code == 2);
    CHECK(std::get<Farewell>(read).text.find("--help") != std::string::npos);
  }
  CHECK(std::get<Farewell>(parse({"bogus"}, Language::ja)).text.find("知らない引数") != std::string::npos);
  CHECK(std::get<Farewell>(parse({"bogus", "--lang", "ja"})).text.find("知らない引数") != std::string::npos);
}

TEST_CASE("help lists every verb that works and no other") {
  const auto read = parse({"--help"});
  const Farewell& help = std::get<Farewell>(read);
  CHECK(help.exit_code == 0);
  for (const char* verb : {"run", "check", "probe", "status", "incident", "procedure", "replay", "verify",
                           "why", "silence", "drill", "test-page", "why-not"})
    CHECK(help.text.find(std::string("\n  ") + verb + " ") != std::string::npos);
  CHECK(help.text.find("discover") == std::string::npos);
  CHECK(std::get<Farewell>(parse({"--version"})).text.starts_with("nethealth "));
}

TEST_CASE("a good configuration passes the check and a bad one is told line by line") {
  const TemporaryFolder folder;
  const std::string good = city::write(folder);
  Shell shell = run(folder, "check --config " + good);
  CHECK_MESSAGE(shell.exit_code == 0, shell.err);
  CHECK(shell.err.empty());
  CHECK_FALSE(shell.out.empty());
  std::ofstream(folder.file("bad.yaml")) << "site: {nam: x}\nbogus: 1\n";
  shell = run(folder, "check --lang en --config " + folder.file("bad.yaml"));
  CHECK(shell.exit_code == 1);
  CHECK(shell.out.empty());
  CHECK(shell.err.find("bad.yaml:1:8: ") != std::string::npos);
  CHECK(shell.err.find("bad.yaml:2:1: ") != std::string::npos);
  shell = run(folder, "check --json --config " + folder.file("bad.yaml"));
  CHECK(shell.exit_code == 1);
  CHECK(shell.out.starts_with("{\"ok\":false,\"problems\":[{\"file\":"));
  CHECK(run(folder, "run --config " + folder.file("bad.yaml")).exit_code == 1);
}

TEST_CASE("verbs that need the daemon say what to do when there is none") {
  const TemporaryFolder folder;
  for (const char* words :
       {"status", "incident list", "incident show 1", "incident why 1", "why 1", "why-not cs-1",
        "incident ack 1 --as sato", "incident close 1 --reason done --as sato"}) {
    const Shell shell = run(folder, std::string(words) + " --socket " + folder.file("none.sock"));
    CHECK(shell.exit_code == 3);
    CHECK(shell.out.empty());
    CHECK(shell.err.find("systemctl status nethealth") != std::string::npos);
  }
}

TEST_CASE("replay reads standard input and answers 1 for a bad line and 0 for good ones") {
  const TemporaryFolder folder;
  const std::string config = city::write(folder);
  std::ofstream(folder.file("in"))
      << R"({"time":"2026-11-24T09:00:00.000+09:00","device":"cs-1","probe":"icmp","sent":3,"received":3})"
      << "\n";
  Shell shell = run(folder, "replay - --config " + config + " < " + folder.file("in"));
  CHECK_MESSAGE(shell.exit_code == 0, shell.err);
  shell = run(folder, "replay /dev/null --config " + config);
  CHECK(shell.exit_code == 0);
  std::ofstream(folder.file("in")) << "bad\n";
  shell = run(folder, "replay " + folder.file("in") + " --config " + config);
  CHECK(shell.exit_code == 1);
  CHECK(shell.err.find(folder.file("in") + ":1: ") == 0);
  CHECK(run(folder, "replay " + folder.file("nothing") + " --config " + config).exit_code == 1);
}

TEST_CASE("a device without an address is unknown and one that is not configured is wrong usage") {
  const TemporaryFolder folder;
  const std::string config = city::write(folder);
  CHECK(run(folder, "probe hub-1 --config " + config).exit_code == 4);
  CHECK(run(folder, "probe nobody --config " + config).exit_code == 2);
}
