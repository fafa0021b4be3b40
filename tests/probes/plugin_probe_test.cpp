#include "probes/plugin_probe.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "run_until.hpp"

using namespace nethealth;

namespace {

/// A shell script as a plugin, in a folder that goes away.
class Script {
 public:
  explicit Script(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "plugin-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    std::ofstream(folder_ / "check") << "#!/bin/sh\n" << text;
    REQUIRE(chmod((folder_ / "check").c_str(), 0755) == 0);
  }
  ~Script() { std::filesystem::remove_all(folder_); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  [[nodiscard]] std::string path() const { return (folder_ / "check").string(); }
  [[nodiscard]] std::string beside(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

PluginSeen run(std::vector<std::string> command, Milliseconds timeout = Milliseconds(20'000)) {
  boost::asio::io_context io{1};
  std::optional<PluginSeen> seen;
  plugin_look(io, {std::move(command), "disk", timeout}, [&](PluginSeen what) { seen = std::move(what); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  io.run_for(std::chrono::seconds(5));  // until nothing is under way any more
  return *seen;
}

}  // namespace

TEST_CASE("a plugin's exit code is the verdict") {
  const PluginSeen ok = run({Script("echo 'DISK OK - 50% free'; exit 0\n").path()});
  CHECK(ok.seen.status == Outcome::ok);
  CHECK_FALSE(ok.warning);
  CHECK(ok.seen.probe == "plugin");
  CHECK(ok.seen.service == "disk");
  CHECK(ok.seen.text == "DISK OK - 50% free");
  const PluginSeen warning = run({Script("echo low; exit 1\n").path()});
  CHECK(warning.seen.status == Outcome::ok);
  CHECK(warning.warning);
  CHECK(run({Script("echo full; exit 2\n").path()}).seen.status == Outcome::error);
  CHECK(run({Script("exit 3\n").path()}).seen.status == Outcome::blind);
  CHECK(run({Script("kill -9 $$\n").path()}).seen.status == Outcome::blind);
}

TEST_CASE("a plugin gets its arguments as they are and no shell sees them") {
  const Script script("printf '%s|' \"$#\" \"$1\" \"$2\" | tr '|' '/'\n");
  CHECK(run({script.path(), "a b; touch x", "$HOME"}).seen.text == "2/a b; touch x/$HOME/");
}

TEST_CASE("a plugin that cannot be run says nothing of the device") {
  const PluginSeen seen = run({"/nonexistent/check_x"});
  CHECK(seen.seen.status == Outcome::blind);
  CHECK(seen.seen.text.find("cannot be run") != std::string::npos);
  CHECK(run({}).seen.status == Outcome::blind);
}

TEST_CASE("a plugin that is too slow is killed with its children") {
  const Script script("sleep 600 & echo $! > \"$1\"; wait\n");
  const std::string children = script.beside("child");
  const PluginSeen seen = run({script.path(), children}, Milliseconds(500));
  CHECK(seen.seen.status == Outcome::timeout);
  pid_t child = 0;
  std::ifstream(children) >> child;
  if (child == 0) return;  // killed before it had one
  boost::asio::io_context io{1};
  CHECK(run_until(io, [&] { return kill(child, 0) != 0 && errno == ESRCH; }));
}

TEST_CASE("a plugin that writes without end does not fill our memory") {
  const PluginSeen seen = run({Script("echo 'x | load=1'; yes more | head -c 5000000; exit 0\n").path()});
  CHECK(seen.seen.status == Outcome::ok);
  CHECK(seen.seen.performance.size() == 1);
}

TEST_CASE("a plugin's figures stand behind the bar of any line") {
  const PluginOutput output = plugin_output(
      "LOAD OK - load average: 0.5|load1=0.500;5.000;6.000;0; 'my disk'=12%;80;90\nmore text\nand | "
      "time=0.01s\nlast=3B\n");
  CHECK(output.text == "LOAD OK - load average: 0.5");
  CHECK(output.figures == std::map<std::string, std::string>{
                              {"last", "3B"}, {"load1", "0.500"}, {"my disk", "12%"}, {"time", "0.01s"}});
  CHECK(plugin_output("").text.empty());
  CHECK(plugin_output("x | = ;;; 'open =1").figures.empty());
  CHECK(plugin_output("a\x1b[31m\xff").text == "a\\x1B[31m\\xFF");
}
